"""Black out boxes in a DICOM object and change nothing else (DESIGN 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.geometry import Box
from dicom_deid.part10 import encapsulation, syntaxes
from dicom_deid.part10.elements import DataSet, Element, Encoding, Header
from dicom_deid.part10.reader import read_header
from dicom_deid.part10.writer import encode, head
from dicom_deid.pixels.codecs.native import frame_bits
from dicom_deid.pixels.codecs.protocol import Encoded, FrameCodec
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import DEFAULT_PIXEL_LIMITS, PixelLimits, describe
from dicom_deid.pixels.fills import fill_of
from dicom_deid.pixels.frames import FrameReader, in_words, packed
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.unused_bits import UnusedBits

_OFFSET_TABLES: Final = frozenset({0x7FE00001, 0x7FE00002})
_PIXEL_EXTREMES: Final = frozenset(range(0x00280106, 0x00280112))
"""Smallest and largest pixel values: they may be those of pixels that are black now."""
_TRANSFER_SYNTAX: Final = 0x00020010
_PHOTOMETRIC: Final = 0x00280004
_FRAME_OVERHEAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PixelReport:
    """What changed: 0-based frames, and the transfer syntax of the written object."""

    changed_frames: tuple[int, ...]
    transfer_syntax: str
    frames: int


def redact(
    source: BinaryIO,
    target: BinaryIO,
    boxes: Mapping[int, Sequence[Box]],
    *,
    limits: PixelLimits = DEFAULT_PIXEL_LIMITS,
) -> PixelReport:
    """Copy the object to `target` with the boxes filled black, frame by frame.

    Frames without boxes keep their encoded bytes, unless the whole object must change its transfer syntax. Bits outside
    Bits Stored are cleared: an overlay hidden there is burned-in text that no box covers. Elements after the pixel data
    are dropped; the header's identity is the header's matter.

    Parameters
    ----------
    boxes
        By 0-based frame, in frame pixels; they are clipped to the frame.

    Raises
    ------
    BadInputError
        With the reason; `target` then holds an unfinished object that must be discarded.
    """
    header = read_header(source)
    description = describe(header, limits)
    if description is None:
        raise BadInputError(Reason.PARSE_ERROR, "no pixel data to redact")
    if boxes and max(boxes) >= description.frames:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "a box lies on a frame that does not exist")
    clipped = {frame: _clipped(found, description) for frame, found in boxes.items() if found}
    codec = codec_of(description.transfer_syntax)
    reader = FrameReader.open(source, header, description, limits)
    job = _Job(header, description, codec, reader, clipped, fill_of(header, description))
    syntax = codec.output_syntax(description.transfer_syntax) if clipped else description.transfer_syntax
    if syntaxes.is_native(description.transfer_syntax):
        changed = job.write_native(target)
    else:
        changed = job.write_encapsulated(target, syntax)
    return PixelReport(changed, syntax, description.frames)


def _clipped(boxes: Sequence[Box], description: PixelDescription) -> tuple[Box, ...]:
    inside = (box.clipped(description.columns, description.rows) for box in boxes)
    return tuple(box for box in inside if box is not None)


@dataclass(frozen=True, slots=True)
class _Job:
    header: Header
    description: PixelDescription
    codec: FrameCodec
    reader: FrameReader
    boxes: Mapping[int, tuple[Box, ...]]
    fill: tuple[int, ...]

    def write_native(self, target: BinaryIO) -> tuple[int, ...]:
        encoding = self.header.encoding
        bits = frame_bits(self.description)
        total = (bits * self.description.frames + 7) // 8
        pixel = self.header.pixel
        assert pixel is not None
        prefix = encode(self._dataset(), encoding) + head(pixel.tag, pixel.vr, total + total % 2, encoding)
        frames = map(self._frame, range(self.description.frames))
        blocks: Iterable[Encoded] = packed(frames, bits) if bits % 8 else frames
        padding = bytes(total % 2)
        if self.reader.swapped:
            blocks, padding = in_words(blocks), b""
        target.write(self._meta(self.description.transfer_syntax))
        if encoding.deflated:
            _deflate(target, prefix, blocks, padding)
        else:
            target.write(prefix)
            for block in blocks:
                target.write(block)
            target.write(padding)
        return tuple(sorted(self.boxes))

    def write_encapsulated(self, target: BinaryIO, syntax: str) -> tuple[int, ...]:
        """Frames go out as they are made; the offset table before them is filled in at the end."""
        recode = syntax != self.description.transfer_syntax
        extended = self._needs_extended_offsets(recode=recode)
        count = self.description.frames
        target.write(self._meta(syntax))
        target.write(encode(self._dataset(recode=recode), self.header.encoding))
        place = target.tell()
        target.write(encapsulation.before_frames([0] * count, extended=extended))
        lengths: list[int] = []

        def frames() -> Iterator[bytes]:
            for number in range(count):
                frame = bytes(self._frame(number, recode=recode))
                lengths.append(len(frame) + len(frame) % 2)
                yield frame

        for block in encapsulation.fragment_items(frames()):
            target.write(block)
        end = target.tell()
        target.seek(place)
        target.write(encapsulation.before_frames(lengths, extended=extended))
        target.seek(end)
        return tuple(range(count)) if recode else tuple(sorted(self.boxes))

    def _needs_extended_offsets(self, *, recode: bool) -> bool:
        """Whether the source has an extended offset table, or the frames may outgrow a basic one."""
        if encapsulation.has_extended_offset_table(self.header.dataset):
            return True
        # No codec here makes of a frame more than its pixels twice over.
        most = frame_bits(self.description) // 4 + _FRAME_OVERHEAD
        total = sum(
            8 + self.reader.encoded_length(number) + (most if recode or number in self.boxes else 1)
            for number in range(self.description.frames)
        )
        return total > encapsulation.LARGEST_BASIC_OFFSET

    def _frame(self, number: int, *, recode: bool = False) -> Encoded:
        frame: Encoded = self.reader.read(number)
        boxes = self.boxes.get(number, ())
        if boxes or recode:
            frame = self.codec.black_out(bytes(frame), boxes, self.fill, self.description)
        unused = UnusedBits.of(self.header, self.description)
        return unused.cleared(frame) if unused is not None else frame

    def _dataset(self, *, recode: bool = False) -> DataSet:
        dropped = _OFFSET_TABLES | (_PIXEL_EXTREMES if self.boxes else frozenset())
        kept = [element for element in self.header.dataset if element.tag not in dropped]
        if recode and self.description.photometric == "YBR_ICT":
            # Without loss the components are transformed by the reversible transform alone (PS3.5 8.2.4).
            kept = replaced(kept, Element(_PHOTOMETRIC, "CS", b"YBR_RCT "))
        return kept

    def _meta(self, syntax: str) -> bytes:
        """The source's own File Meta with the syntax that is written; the header redaction makes a new one."""
        explicit = Encoding()
        kept = [e for e in self.header.meta if e.tag not in (0x00020000, _TRANSFER_SYNTAX)]
        kept.append(Element(_TRANSFER_SYNTAX, "UI", syntax.encode("ascii")))
        content = encode(sorted(kept, key=lambda element: element.tag), explicit)
        length = encode([Element(0x00020000, "UL", len(content).to_bytes(4, "little"))], explicit)
        return bytes(128) + b"DICM" + length + content


def replaced(dataset: DataSet, element: Element) -> DataSet:
    """The data set with the element in its place, instead of one of the same tag."""
    return sorted([*(e for e in dataset if e.tag != element.tag), element], key=lambda e: e.tag)


def _deflate(target: BinaryIO, prefix: bytes, blocks: Iterable[Encoded], padding: bytes) -> None:
    import zlib

    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    written = target.write(deflater.compress(prefix))
    for block in blocks:
        written += target.write(deflater.compress(block))
    written += target.write(deflater.compress(padding) + deflater.flush())
    target.write(bytes(written % 2))
