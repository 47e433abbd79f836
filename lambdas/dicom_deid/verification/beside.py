"""Where an original could lie beside the cleaned pixels: in the header, behind the last frame, behind a codestream."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import imagecodecs
from pydicom.dataset import Dataset

from dicom_deid.verification.objects import ParsedObject, walk

_BULK: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_ICONS: Final = 0x00880200
_RETIRED: Final = (0x5000, 0x6000)
"""Curves and overlays, whose groups repeat up to xxFF (PS3.5 7.6)."""
_MARKER: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""Neither stuffed nor a restart, in the scans of T.81 and of T.87 alike."""
_SCAN: Final = 0xDA
_END: Final = b"\xff\xd9"
_RLE: Final = "1.2.840.10008.1.2.5"
_RLE_HEADER: Final = 64


def images_in_header(original: ParsedObject, output: ParsedObject) -> bool:
    """Whether the output's header holds pixels, an icon, an overlay or a curve, or more bytes than the source's.

    De-identification never adds a value of bytes, and never makes one longer.
    """
    before, after = _bulk(original.dataset), _bulk(output.dataset)
    if any(size > before[tag] for tag, size in after.items()):
        return True
    return any(_shows_an_image(int(element.tag)) for element in walk(output.dataset))


def _bulk(dataset: Dataset) -> Counter[int]:
    """Bytes by tag, at any depth."""
    sizes: Counter[int] = Counter()
    for element in walk(dataset):
        if element.VR in _BULK and element.value:
            sizes[int(element.tag)] += len(element.value)
    return sizes


def _shows_an_image(tag: int) -> bool:
    group = tag >> 16
    return tag in _PIXELS or tag == _ICONS or any(first <= group <= first + 0xFF for first in _RETIRED)


def is_longer_than_frames(output: ParsedObject) -> bool:
    """Whether native pixel data holds more than its frames and a byte of padding."""
    if output.pixel_length is None:
        return False
    frames = (output.frame_bits * output.frames + 7) // 8
    return output.pixel_length > frames + frames % 2


def ends_with_its_image(frame: bytes, output: ParsedObject) -> bool:
    """Whether nothing but a byte of padding follows the image of an encoded frame."""
    if str(output.transfer_syntax) == _RLE:
        return _ends_with_its_runs(frame, int(output.dataset.Rows) * int(output.dataset.Columns))
    end = _end_of_jpeg_2000(frame) if frame[:2] == b"\xff\x4f" else _end_of_jpeg(frame)
    return end is not None and not frame[end:].strip(b"\0") and len(frame) - end <= 1


def _end_of_jpeg(frame: bytes) -> int | None:
    """Behind the first EOI (T.81 B.1.1.2, T.87 C.1.1); None where there is none."""
    position = 2
    while frame[position : position + 1] == b"\xff" and frame[:2] == b"\xff\xd8":
        while frame[position + 1 : position + 2] == b"\xff":
            position += 1
        if frame[position : position + 2] == _END:
            return position + 2
        code, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        position += 2 + length
        if code == _SCAN:
            found = _MARKER.search(frame, position)
            if found is None:
                return None
            position = found.start()
    return None


def _end_of_jpeg_2000(frame: bytes) -> int | None:
    """Behind EOC, by the lengths of the tile-parts (T.800 A.4.2); None where they do not lead there."""
    position = 2
    while position + 12 <= len(frame) and frame[position : position + 2] != b"\xff\x90":
        position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    while frame[position : position + 2] == b"\xff\x90":
        length = int.from_bytes(frame[position + 6 : position + 10], "big")
        if length < 14:
            # The last tile-part may leave its length out; another image must not begin in it.
            last = frame.rfind(_END)
            return None if last < 0 or b"\xff\x4f\xff\x51" in frame[position:last] else last + 2
        position += length
    return position + 2 if frame[position : position + 2] == _END else None


def _ends_with_its_runs(frame: bytes, pixels: int) -> bool:
    """Whether each segment of run length encoding holds the pixels and no more than one behind them (PS3.5 G.3)."""
    count = int.from_bytes(frame[:4], "little")
    starts = [int.from_bytes(frame[4 * n : 4 * n + 4], "little") for n in range(1, count + 1)]
    if not starts or starts[0] != _RLE_HEADER or frame[4 * count + 4 : _RLE_HEADER].strip(b"\0"):
        return False
    segments = [frame[begin:end] for begin, end in zip(starts, [*starts[1:], len(frame)], strict=True)]
    return all(len(imagecodecs.packbits_decode(segment)) <= pixels + 1 for segment in segments)
