"""Check (3): outside the boxes every pixel is what it was, inside each box all are one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_deid.geometry import Box
from dicom_deid.verification.beside import ends_with_its_image, is_longer_than_frames
from dicom_deid.verification.objects import ParsedObject

_LOSSY_MARGIN = {"1.2.840.10008.1.2.4.81": 2, "1.2.840.10008.1.2.4.91": 8, "1.2.840.10008.1.2.4.203": 8}
"""Boxes on lossy wavelet or near-lossless sources are grown by this many pixels, and so are what may differ."""


@dataclass(frozen=True, slots=True)
class FrameComparison:
    """A frame whose bytes differ: whether its pixels are right, and its bytes before and after."""

    frame: int
    good: bool
    before: bytes
    after: bytes


def compare(source: ParsedObject, output: ParsedObject, boxes: Mapping[int, Sequence[Box]]) -> list[FrameComparison]:
    """Every frame of which a byte differs; a missing or additional frame is a bad one, and one with more behind it."""
    found: list[FrameComparison] = []
    if is_longer_than_frames(output):
        found.append(FrameComparison(output.frames, False, b"", b""))
    missing = object()
    pairs = zip_longest(source.encoded_frames(), output.encoded_frames(), fillvalue=missing)
    for number, (before, after) in enumerate(pairs):
        if not isinstance(before, bytes) or not isinstance(after, bytes):
            found.append(FrameComparison(number, False, b"", b""))
            continue
        ends = not output.transfer_syntax.is_encapsulated or ends_with_its_image(after, output)
        if ends and before == after and not boxes.get(number):
            continue
        good = ends and _is_right(source, output, before, after, boxes.get(number, ()))
        if before != after or not good:
            found.append(FrameComparison(number, good, before, after))
    return found


def _is_right(source: ParsedObject, output: ParsedObject, before: bytes, after: bytes, boxes: Sequence[Box]) -> bool:
    old, new = _decode(source, before), _decode(output, after)
    if old.shape != new.shape:
        return False
    rows, columns = old.shape[:2]
    may_differ = np.zeros((rows, columns), bool)
    jpeg = str(source.transfer_syntax)[-3:] in (".50", ".51")
    mcu = _mcu(before) if jpeg else (1, 1)
    grow = _LOSSY_MARGIN.get(str(source.transfer_syntax), 0)
    for box in boxes:
        area = _allowed(box, mcu, grow, pairs=source.dataset.PhotometricInterpretation.endswith("_422"))
        may_differ[max(area.y0, 0) : area.y1, max(area.x0, 0) : area.x1] = True
        inner = _inner(box, jpeg=jpeg)
        inside = new[max(inner.y0, 0) : inner.y1, max(inner.x0, 0) : inner.x1].reshape(-1, _samples(new))
        if inside.size and np.any(inside != inside[0]):
            return False
    differs = old != new
    if differs.ndim == 3:
        differs = differs.any(axis=2)
    return not bool(np.any(differs & ~may_differ))


def _allowed(box: Box, mcu: tuple[int, int], grow: int, *, pairs: bool) -> Box:
    """The box on the grid its syntax edits by, with the ring that chroma upsampling may change."""
    width, height = mcu
    ring = 0 if width == 1 else 2
    grid = 2 if pairs and width == 1 else width
    return Box(
        (box.x0 - grow) // grid * grid - ring,
        (box.y0 - grow) // height * height - ring,
        -(-(box.x1 + grow) // grid) * grid + ring,
        -(-(box.y1 + grow) // height) * height + ring,
    )


def _inner(box: Box, *, jpeg: bool) -> Box:
    """What must be of one value: with JPEG, chroma of neighbours may reach two pixels inside."""
    if jpeg and box.width > 4 and box.height > 4:
        return Box(box.x0 + 2, box.y0 + 2, box.x1 - 2, box.y1 - 2)
    return box


def _samples(pixels: NDArray[Any]) -> int:
    return pixels.shape[2] if pixels.ndim == 3 else 1


def _mcu(frame: bytes) -> tuple[int, int]:
    """Width and height of an MCU, from the frame header (T.81 B.2.2)."""
    position = 2
    while position + 4 <= len(frame):
        code, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if code in (0xC0, 0xC1):
            factors = [frame[position + 11 + 3 * n] for n in range(frame[position + 9])]
            return 8 * max(factor >> 4 for factor in factors), 8 * max(factor & 15 for factor in factors)
        position += 2 + length
    return 16, 16


def _decode(parsed: ParsedObject, frame: bytes) -> NDArray[Any]:
    """(rows, columns[, samples]) of stored values, by the codestream's own signature."""
    dataset = parsed.dataset
    if frame[:2] == b"\xff\xd8" and parsed.transfer_syntax.is_encapsulated:
        if str(parsed.transfer_syntax)[-3:] in (".80", ".81"):
            return np.asarray(imagecodecs.jpegls_decode(frame))
        as_coded = "rgb" if int(dataset.SamplesPerPixel) == 3 else None
        return np.asarray(imagecodecs.jpeg8_decode(frame, colorspace=as_coded, outcolorspace=as_coded))
    if frame[:4] == b"\xff\x4f\xff\x51" and parsed.transfer_syntax.is_encapsulated:
        return np.asarray(imagecodecs.jpeg2k_decode(frame))
    if str(parsed.transfer_syntax) == "1.2.840.10008.1.2.5":
        return _decode_rle(frame, dataset)
    return _decode_native(frame, parsed)


def _decode_rle(frame: bytes, dataset: Dataset) -> NDArray[Any]:
    planes = np.frombuffer(imagecodecs.dicomrle_decode(frame, dtype="|u1"), np.uint8)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    size = rows * columns
    per_pixel = int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated) // 8
    return np.moveaxis(planes[: size * per_pixel].reshape(per_pixel, rows, columns), 0, -1)


def _decode_native(frame: bytes, parsed: ParsedObject) -> NDArray[Any]:
    dataset = parsed.dataset
    rows, columns, samples = int(dataset.Rows), int(dataset.Columns), int(dataset.SamplesPerPixel)
    bits = int(dataset.BitsAllocated)
    if dataset.PhotometricInterpretation.endswith("_422"):
        groups = np.frombuffer(_in_order(frame, parsed, bits), np.uint8)[: rows * columns * 2].reshape(-1, 4)
        luma, chroma = groups[:, :2].reshape(-1, 1), np.repeat(groups[:, 2:], 2, axis=0)
        return np.concatenate([luma, chroma], axis=1).reshape(rows, columns, 3)
    if bits == 1:
        return np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[: rows * columns].reshape(rows, columns)
    order = "<" if parsed.transfer_syntax.is_little_endian else ">"
    values = np.frombuffer(_in_order(frame, parsed, bits), f"{order}u{bits // 8}")[: rows * columns * samples]
    if samples == 1:
        return _shown(values.reshape(rows, columns), dataset, bits)
    if int(dataset.get("PlanarConfiguration") or 0) == 1:
        return np.moveaxis(values.reshape(samples, rows, columns), 0, -1)
    return values.reshape(rows, columns, samples)


def _in_order(frame: bytes, parsed: ParsedObject, bits: int) -> bytes:
    """Bytes of 8-bit pixels; big endian words swap them (PS3.5 8.1.2)."""
    if bits != 8 or parsed.transfer_syntax.is_little_endian or not parsed.words:
        return frame
    even = frame if len(frame) % 2 == 0 else frame + b"\0"
    return np.frombuffer(even, np.uint16).byteswap().tobytes()


def _shown(values: NDArray[Any], dataset: Dataset, bits: int) -> NDArray[Any]:
    """The stored bits alone: what stood outside them was never part of the image."""
    stored, high = int(dataset.get("BitsStored") or bits), dataset.get("HighBit")
    low = (stored - 1 if high is None else int(high)) - stored + 1
    return (values >> max(low, 0)) & ((1 << stored) - 1)
