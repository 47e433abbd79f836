"""Pixel data passes a header redaction: native samples without their tail, compressed frames without room for text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.hidden_bits import PixelBits, feed_run_length, looked_through, refuse_declared_overlays
from dicom_deid.part10 import encapsulation, syntaxes
from dicom_deid.part10.codestreams import RLE, is_scrubbable, most_scrubbed, scrubbed
from dicom_deid.part10.elements import DataSet, Header, PixelElement
from dicom_deid.part10.writer import encode, head

BLOCK: Final = 1024 * 1024
"""Bytes that are read at once: they stay in the processor's cache until they are written."""
_ITEM: Final = b"\xfe\xff\x00\xe0"
_END: Final = b"\xfe\xff\xdd\xe0" + bytes(4)
_SAMPLES: Final = 0x7FE00010
_COLOURS: Final = 3
"""Samples per pixel of an image whose colours may be shared by two pixels or four (PS3.3 C.7.6.3.1.2)."""


def native(body: BinaryIO, header: Header, pixel: PixelElement, declared: int) -> Iterator[bytes]:
    """The pixel data element block by block, as long as the image pixel module says.

    Raises
    ------
    BadInputError
        ``embedded-overlay`` where a bit outside Bits Stored is used, ``parse-error`` where the stream ends before its
        length or the transfer syntax asks for fragments (PS3.5 A.4), ``frame-count-mismatch`` where it is shorter than
        its description, or nothing describes it.
    """
    if not syntaxes.is_native(header.transfer_syntax):
        raise BadInputError(Reason.PARSE_ERROR, "the pixel data is in no fragments, as (0002,0010) says it is")
    length = min(declared, _described_length(header, declared))
    yield head(pixel.tag, pixel.vr, length + length % 2, header.encoding)
    blocks = _blocks(body, pixel.offset, length)
    bits = PixelBits.of(header) if pixel.tag == _SAMPLES else None
    yield from blocks if bits is None else looked_through(blocks, bits, length)
    if length % 2:
        yield b"\0"


def _blocks(body: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    body.seek(start)
    left = length
    while left:
        block = body.read(min(BLOCK, left))
        if not block:
            raise BadInputError(Reason.PARSE_ERROR, "the stream ends inside the pixel data")
        left -= len(block)
        yield block


def _described_length(header: Header, declared: int) -> int:
    """How many bytes the image pixel module describes: what nobody describes may be anything."""
    rows, columns, bits = (_number(header, tag) for tag in (0x00280010, 0x00280011, 0x00280100))
    if not rows or not columns or not bits:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "nothing says how much pixel data there is")
    pixels = rows * columns * encapsulation.frame_count(header.dataset)
    samples = _number(header, 0x00280002) or 1
    if samples == _COLOURS:
        photometric = header.find(0x00280004)
        shared = photometric.value.strip(b"\0 ")[-4:] if photometric is not None else b""
        if shared == b"_422":
            return pixels * 2 * bits // 8
        if shared == b"_420":
            return pixels * 3 * bits // 16
    total = (pixels * samples * bits + 7) // 8
    if total > declared + declared % 2:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "the pixel data is shorter than its description")
    return total


def _number(header: Header, tag: int) -> int | None:
    element = header.find(tag)
    if element is None or len(element.value) < 2:
        return None
    return int.from_bytes(element.value[:2], "big" if header.encoding.big_endian else "little")


def write_encapsulated(target: BinaryIO, body: BinaryIO, header: Header, pixel: PixelElement, dataset: DataSet) -> None:
    """Write the data set and the frames, each as one fragment, as they are read; then their offsets before them.

    Raises
    ------
    BadInputError
        ``unsupported-transfer-syntax`` where the codestreams are not known, ``frame-count-mismatch``, ``codec-error``,
        ``parse-error``, ``embedded-overlay``.
    """
    syntax = header.transfer_syntax
    if not is_scrubbable(syntax):
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "frames of this transfer syntax cannot be cleaned")
    refuse_declared_overlays(header)
    body, pixel = _at_once(body, pixel)
    index = encapsulation.index_fragments(body, pixel)
    frames = encapsulation.group_frames(index, encapsulation.frame_count(header.dataset), header.dataset)
    extended = _needs_extended_offsets(header, frames)
    target.write(encode(dataset, header.encoding))
    place = target.tell()
    target.write(encapsulation.before_frames([0] * len(frames), extended=extended))
    lengths = _write_frames(target, body, header, frames)
    target.write(_END)
    end = target.tell()
    target.seek(place)
    target.write(encapsulation.before_frames(lengths, extended=extended))
    target.seek(end)


def _needs_extended_offsets(header: Header, frames: Sequence[Sequence[encapsulation.Fragment]]) -> bool:
    """Whether the source has an extended offset table, or the frames may outgrow a basic one."""
    if encapsulation.has_extended_offset_table(header.dataset):
        return True
    lengths = (sum(fragment.length for fragment in fragments) for fragments in frames)
    total = sum(8 + most_scrubbed(length, header.transfer_syntax) for length in lengths)
    return total > encapsulation.LARGEST_BASIC_OFFSET


def _write_frames(
    target: BinaryIO, body: BinaryIO, header: Header, frames: Sequence[Sequence[encapsulation.Fragment]]
) -> list[int]:
    """Write each frame as an item; the length of each, padding included."""
    syntax = header.transfer_syntax
    bits = PixelBits.of(header) if syntax == RLE else None
    rows, columns = _number(header, 0x00280010), _number(header, 0x00280011)
    pixels = rows * columns if rows and columns else None
    if syntax == RLE and pixels is None:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "nothing says where a run-length segment ends")
    lengths: list[int] = []
    for fragments in frames:
        frame = encapsulation.read_frame(body, fragments)
        if bits is not None:
            feed_run_length(bits, frame)
        pieces = scrubbed(frame, syntax, pixels)
        length = sum(map(len, pieces))
        lengths.append(length + length % 2)
        target.write(_ITEM + lengths[-1].to_bytes(4, "little"))
        for piece in pieces:
            target.write(piece)
        if length % 2:
            target.write(b"\0")
    return lengths


def _at_once(body: BinaryIO, pixel: PixelElement) -> tuple[BinaryIO, PixelElement]:
    """Encapsulated pixel data in memory, where little follows: its fragments are looked at one by one."""
    body.seek(pixel.offset)
    rest = body.read(BLOCK)
    if len(rest) == BLOCK:
        return body, pixel
    return BytesIO(rest), PixelElement(pixel.tag, pixel.vr, 0, None)
