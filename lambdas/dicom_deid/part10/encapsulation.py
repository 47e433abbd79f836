"""Encapsulated pixel data (PS3.5 A.4): fragments, the frames they make, and offset tables that tell the truth."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO, Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.elements import DataSet, Element, Encoding, PixelElement
from dicom_deid.part10.parser import UNDEFINED
from dicom_deid.part10.reader import find
from dicom_deid.part10.writer import encode, head

_ITEM: Final = b"\xfe\xff\x00\xe0"
_END: Final = b"\xfe\xff\xdd\xe0"
_EXTENDED_OFFSETS: Final = 0x7FE00001
_EXTENDED_LENGTHS: Final = 0x7FE00002
_PIXEL_DATA: Final = 0x7FE00010
LARGEST_BASIC_OFFSET: Final = 0xFFFFFFFF
"""Beyond it only the extended offset table can say where a frame begins."""
_NUMBER_OF_FRAMES: Final = 0x00280008
MAX_FRAGMENTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """One item of the pixel data: where its value begins in the stream, and its length in bytes."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class FragmentIndex:
    """The fragments in order, the basic offset table (empty where there is none), and where the sequence ends."""

    offsets: tuple[int, ...]
    fragments: tuple[Fragment, ...]
    end: int


def index_fragments(body: BinaryIO, pixel: PixelElement) -> FragmentIndex:
    """Walk the item headers; no pixel byte is read.

    Raises
    ------
    BadInputError
        ``parse-error`` when the sequence is broken or has no end, ``too-large`` beyond the count limit.
    """
    position = pixel.offset
    fragments: list[Fragment] = []
    table: tuple[int, ...] | None = None
    while True:
        body.seek(position)
        header = body.read(8)
        if len(header) < 8:
            raise BadInputError(Reason.PARSE_ERROR, "the pixel data has no end")
        length = int.from_bytes(header[4:], "little")
        if header[:4] == _END:
            return FragmentIndex(table or (), tuple(fragments), position + 8)
        if header[:4] != _ITEM or length == 0xFFFFFFFF:
            raise BadInputError(Reason.PARSE_ERROR, "the pixel data holds something else than fragments")
        if table is None:
            content = body.read(length)
            if len(content) != length or length % 4:
                raise BadInputError(Reason.PARSE_ERROR, "the basic offset table is broken")
            table = struct.unpack(f"<{length // 4}L", content)
        else:
            fragments.append(Fragment(position + 8, length))
            if len(fragments) > MAX_FRAGMENTS:
                raise BadInputError(Reason.TOO_LARGE, "more fragments than the limit")
        position += 8 + length


def frame_count(dataset: DataSet) -> int:
    """Number of Frames (0028,0008); 1 where it is absent or empty.

    Raises
    ------
    BadInputError
        ``frame-count-mismatch`` when it is no positive number.
    """
    element = find(dataset, _NUMBER_OF_FRAMES)
    text = element.value.strip(b"\0 ") if element is not None else b""
    if not text:
        return 1
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "(0028,0008) is not a positive number")
    return count


def group_frames(index: FragmentIndex, frames: int, dataset: DataSet) -> tuple[tuple[Fragment, ...], ...]:
    """The fragments of each frame.

    One fragment a frame needs no table. Otherwise the extended, then the basic offset table says where frames begin,
    and only where each entry is the beginning of a fragment.

    Raises
    ------
    BadInputError
        ``frame-count-mismatch`` when the fragments cannot be told apart into that many frames.
    """
    fragments = index.fragments
    if len(fragments) == frames:
        return tuple((fragment,) for fragment in fragments)
    if frames == 1 and fragments:
        return (fragments,)
    if len(fragments) > frames:
        starts = {fragment.offset - 8 - (fragments[0].offset - 8): n for n, fragment in enumerate(fragments)}
        for table in (_extended(dataset), index.offsets):
            firsts = [starts.get(offset, -1) for offset in table]
            if len(firsts) == frames and firsts[0] == 0 and -1 not in firsts and sorted(set(firsts)) == firsts:
                return tuple(fragments[a:b] for a, b in zip(firsts, [*firsts[1:], len(fragments)], strict=True))
    raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "fragments do not add up to (0028,0008)")


def _extended(dataset: DataSet) -> tuple[int, ...]:
    element = find(dataset, _EXTENDED_OFFSETS)
    if element is None or len(element.value) % 8:
        return ()
    return struct.unpack(f"<{len(element.value) // 8}Q", element.value)


def read_frame(body: BinaryIO, fragments: Sequence[Fragment]) -> bytes:
    """The bytes of one frame.

    Raises
    ------
    BadInputError
        ``parse-error`` when the stream ends inside it.
    """
    pieces: list[bytes] = []
    for fragment in fragments:
        body.seek(fragment.offset)
        piece = body.read(fragment.length)
        if len(piece) != fragment.length:
            raise BadInputError(Reason.PARSE_ERROR, "the stream ends inside a frame")
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def before_frames(lengths: Sequence[int], *, extended: bool) -> bytes:
    """What stands between the data set and the first frame: the head of the pixel data, and one table or the other.

    Its length depends on the number of frames alone: it can be written before their lengths are known, and again after.

    Parameters
    ----------
    lengths
        Of frames of one fragment each, padding included.
    extended
        An extended offset table instead of a basic one.
    """
    start = head(_PIXEL_DATA, "OB", UNDEFINED, Encoding())
    if extended:
        return encode(extended_offset_table(lengths), Encoding()) + start + offset_table(())
    return start + offset_table(lengths)


def offset_table(lengths: Sequence[int]) -> bytes:
    """The basic offset table item for frames of one fragment each; empty where an offset exceeds 32 bits (A.4)."""
    offsets = _offsets(lengths)
    if offsets and offsets[-1] > LARGEST_BASIC_OFFSET:
        return _ITEM + bytes(4)
    content = struct.pack(f"<{len(offsets)}L", *offsets)
    return _ITEM + struct.pack("<L", len(content)) + content


def extended_offset_table(lengths: Sequence[int]) -> DataSet:
    """(7FE0,0001) and (7FE0,0002) for frames of one fragment each; the basic table is then empty (C.7.6.3.1.8)."""
    values = ((_EXTENDED_OFFSETS, _offsets(lengths)), (_EXTENDED_LENGTHS, list(lengths)))
    return [Element(tag, "OV", struct.pack(f"<{len(numbers)}Q", *numbers)) for tag, numbers in values]


def has_extended_offset_table(dataset: DataSet) -> bool:
    """Whether the object tells its frames by an extended offset table."""
    return find(dataset, _EXTENDED_OFFSETS) is not None


def _offsets(lengths: Sequence[int]) -> list[int]:
    """Where each item begins, counted from the first one's tag."""
    return list(accumulate((8 + length for length in lengths[:-1]), initial=0)) if lengths else []


def fragment_items(frames: Iterator[bytes]) -> Iterator[bytes]:
    """Each frame as one item of even length, then the sequence delimiter."""
    for frame in frames:
        padded = frame + b"\0" if len(frame) % 2 else frame
        yield _ITEM + struct.pack("<L", len(padded))
        yield padded
    yield _END + bytes(4)
