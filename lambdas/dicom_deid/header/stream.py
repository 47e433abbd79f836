"""Redact a DICOM stream: the header is rewritten, the pixel data passes, whatever follows it is dropped.

Memory does not depend on the size of the pixel data (DESIGN 7).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.engine import RedactedHeader, redact_header
from dicom_deid.header.hidden_bits import HiddenBitsCheck, refuse_declared_overlays
from dicom_deid.header.profiles import Profile
from dicom_deid.header.report import Claims, HeaderReport
from dicom_deid.header.sop_classes import refusal
from dicom_deid.part10 import encapsulation, syntaxes
from dicom_deid.part10.codestreams import RLE, is_scrubbable, scrub_frame
from dicom_deid.part10.elements import DataSet, Encoding, Header, PixelElement
from dicom_deid.part10.limits import DEFAULT_LIMITS, Limits
from dicom_deid.part10.reader import body_of, read_header
from dicom_deid.part10.writer import encode, file_meta, head
from dicom_deid.pseudonyms import Pseudonymiser

_BLOCK: Final = 1024 * 1024
_UNDEFINED: Final = 0xFFFFFFFF
_OFFSET_TABLES: Final = frozenset({0x7FE00001, 0x7FE00002})


def _follows_pixels(tag: int) -> bool:
    """Whether an attribute describes the pixels and so comes from the object whose pixels are served (DESIGN 10)."""
    return (
        0x00280002 <= tag <= 0x00280011
        or 0x00280100 <= tag <= 0x00280121
        or 0x00281101 <= tag <= 0x00281223
        or 0x00282110 <= tag <= 0x00282114
        or tag in (0x00282000, 0x00282002, 0x00280301, 0x00280302, 0x00082111)
        or tag >> 16 == 0x7FE0
    )


def redact(
    source: BinaryIO,
    target: BinaryIO,
    profile: Profile,
    pseudonymiser: Pseudonymiser,
    *,
    claims: Claims | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> HeaderReport:
    """Write the redacted object to `target`; the source is only read.

    Encapsulated frames lose their text-bearing segments, native pixel data its tail. Elements after the pixel data are
    dropped.

    Parameters
    ----------
    source, target
        Seekable; `target` is written from its current position on.
    claims
        What the caller has verified of the pixels; nothing where it is None.

    Raises
    ------
    BadInputError
        With the reason; `target` then holds an unfinished object that must be discarded.
    """
    header = read_header(source, limits)
    redacted = _redact(header, profile, pseudonymiser, claims or Claims())
    body = body_of(source, header, limits)
    syntax = header.transfer_syntax
    start = target.tell()
    target.write(file_meta(redacted.sop_class_uid, redacted.media_storage_uid, syntax))
    if header.encoding.deflated:
        _write_deflated(target, _object(body, header, redacted))
    else:
        for block in _object(body, header, redacted):
            target.write(block)
    return _report(redacted, syntax, profile, target.tell() - start)


def _object(body: BinaryIO, header: Header, redacted: RedactedHeader) -> Iterator[bytes]:
    pixel = header.pixel
    if pixel is None:
        yield encode(redacted.dataset, header.encoding)
    elif pixel.length is None:
        yield from _encapsulated(body, header, pixel, redacted.dataset)
    else:
        yield encode(redacted.dataset, header.encoding)
        yield from _native(body, header, pixel)


def _native(body: BinaryIO, header: Header, pixel: PixelElement) -> Iterator[bytes]:
    declared = pixel.length or 0
    length = min(declared, _expected_length(header, declared))
    yield head(pixel.tag, pixel.vr, length + length % 2, header.encoding)
    check = HiddenBitsCheck.of(header) if pixel.tag == 0x7FE00010 else None
    body.seek(pixel.offset)
    left = length
    while left:
        block = body.read(min(_BLOCK, left))
        if not block:
            raise BadInputError(Reason.PARSE_ERROR, "the stream ends inside the pixel data")
        left -= len(block)
        if check is not None:
            check.feed(block)
        yield block
    if length % 2:
        yield b"\0"


def _expected_length(header: Header, declared: int) -> int:
    """How many bytes the image pixel module describes; the declared length where it does not say."""
    values = [_number(header, tag) for tag in (0x00280010, 0x00280011, 0x00280100)]
    samples = _number(header, 0x00280002) or 1
    if None in values:
        return declared
    rows, columns, bits = (value or 0 for value in values)
    pixels = rows * columns * encapsulation.frame_count(header.dataset)
    photometric = header.find(0x00280004)
    if photometric is not None and photometric.value.strip(b"\0 ").endswith(b"_422"):
        return pixels * 2 * bits // 8
    total = (pixels * samples * bits + 7) // 8
    if total > declared + declared % 2:
        raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "the pixel data is shorter than its description")
    return total


def _number(header: Header, tag: int) -> int | None:
    element = header.find(tag)
    if element is None or len(element.value) < 2:
        return None
    return int.from_bytes(element.value[:2], "big" if header.encoding.big_endian else "little")


def _encapsulated(body: BinaryIO, header: Header, pixel: PixelElement, dataset: DataSet) -> Iterator[bytes]:
    syntax = header.transfer_syntax
    if not is_scrubbable(syntax):
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "frames of this transfer syntax cannot be cleaned")
    refuse_declared_overlays(header)
    body, pixel = _at_once(body, pixel)
    index = encapsulation.index_fragments(body, pixel)
    frames = encapsulation.group_frames(index, encapsulation.frame_count(header.dataset), header.dataset)
    check = HiddenBitsCheck.of(header) if syntax == RLE else None
    if check is not None:
        for frame in frames:
            check.feed_run_length(encapsulation.read_frame(body, frame))
    scrubbed: Iterable[bytes] = (scrub_frame(encapsulation.read_frame(body, frame), syntax) for frame in frames)
    if index.end - pixel.offset <= _BLOCK:
        scrubbed = list(scrubbed)
        lengths = list(map(len, scrubbed))
    else:
        # Offsets precede the frames, so the first pass measures what the second one writes.
        lengths = [len(scrub_frame(encapsulation.read_frame(body, frame), syntax)) for frame in frames]
    yield encode([element for element in dataset if element.tag not in _OFFSET_TABLES], header.encoding)
    yield head(pixel.tag, "OB", _UNDEFINED, Encoding())
    yield encapsulation.offset_table(lengths)
    yield from encapsulation.fragment_items(scrubbed)


def _at_once(body: BinaryIO, pixel: PixelElement) -> tuple[BinaryIO, PixelElement]:
    """Encapsulated pixel data in memory, where little follows: its fragments are looked at one by one, and twice."""
    body.seek(pixel.offset)
    rest = body.read(_BLOCK)
    if len(rest) == _BLOCK:
        return body, pixel
    return io.BytesIO(rest), PixelElement(pixel.tag, pixel.vr, 0, None)


def _write_deflated(target: BinaryIO, blocks: Iterator[bytes]) -> None:
    """PS3.5 A.5, with zlib's default level: the same input gives the same bytes under one zlib version."""
    import zlib

    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    total = 0
    for block in blocks:
        total += target.write(deflater.compress(block))
    total += target.write(deflater.flush())
    if total % 2:
        target.write(b"\0")


@dataclass(frozen=True)
class RedactedObject:
    """An object as one view shows it, made only when it is read.

    `length` is its size in bytes, known before the first byte.
    """

    length: int
    report: HeaderReport
    _prefix: bytes
    _read_body: Callable[[int, int], Iterator[bytes]]
    _inflates: bool = False

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes [start, stop) of the object, block by block; only the source bytes it needs are read."""
        end = self.length if stop is None else min(stop, self.length)
        split = len(self._prefix)
        if start < min(end, split):
            yield self._prefix[start : min(end, split)]
        if end > split and start < end:
            yield from self._read_body(max(start, split) - split, end - split)

    def work(self, start: int, stop: int) -> int:
        """How many bytes must be made to give [start, stop): a deflated source is inflated from its beginning on."""
        return stop if self._inflates else stop - start


Copy = Callable[[int, int], Iterator[bytes]]
"""The bytes [start, stop) of a stream, block by block."""


def open_redacted(
    source: BinaryIO,
    profile: Profile,
    pseudonymiser: Pseudonymiser,
    *,
    claims: Claims,
    pixels: BinaryIO,
    copy: Copy | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> RedactedObject:
    """The header of `source` by a profile, joined with the pixels of its sanitized object.

    A deflated object is served inflated.

    Parameters
    ----------
    pixels
        What `redact` wrote: nothing follows its pixel data.
    copy
        A quicker way to bytes of `pixels` than to seek and read; what is deflated is read all the same.

    Raises
    ------
    BadInputError
        When either cannot be read, or the two are not of one encoding.
    """
    header, clean = read_header(source, limits), read_header(pixels, limits)
    redacted = _redact(header, profile, pseudonymiser, claims)
    if (header.encoding.implicit, header.encoding.big_endian) != (clean.encoding.implicit, clean.encoding.big_endian):
        raise BadInputError(Reason.VERIFY_VIEW, "source and sanitized object differ in their encoding")
    dataset = [e for e in redacted.dataset if not _follows_pixels(e.tag)]
    dataset += [e for e in clean.dataset if _follows_pixels(e.tag)]
    dataset.sort(key=lambda element: element.tag)
    syntax = syntaxes.EXPLICIT_LITTLE if clean.encoding.deflated else clean.transfer_syntax
    meta = file_meta(redacted.sop_class_uid, redacted.media_storage_uid, syntax)
    prefix = meta + encode(dataset, clean.encoding)
    body = body_of(pixels, clean, limits)
    length = len(prefix) + _pixel_bytes(body, clean)
    chosen = copy if copy is not None and not clean.encoding.deflated else partial(_copy, body)

    def read_body(start: int, stop: int) -> Iterator[bytes]:
        return chosen(clean.end + start, clean.end + stop)

    report = _report(redacted, syntax, profile, length)
    return RedactedObject(length, report, prefix, read_body, clean.encoding.deflated)


def _pixel_bytes(body: BinaryIO, clean: Header) -> int:
    """How long the pixel data element is, its header included: by its length, so that nothing is inflated to count."""
    if clean.pixel is None:
        return 0
    if clean.pixel.length is None:
        return body.seek(0, io.SEEK_END) - clean.end
    stop = clean.pixel.offset + clean.pixel.length
    if not clean.encoding.deflated and body.seek(0, io.SEEK_END) < stop:
        raise BadInputError(Reason.PARSE_ERROR, "the sanitized object ends inside its pixel data")
    return stop - clean.end


def _copy(body: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    body.seek(start)
    left = stop - start
    while left > 0:
        block = body.read(min(_BLOCK, left))
        if not block:
            raise BadInputError(Reason.PARSE_ERROR, "the sanitized object ended before its length")
        left -= len(block)
        yield block


def _redact(header: Header, profile: Profile, pseudonymiser: Pseudonymiser, claims: Claims) -> RedactedHeader:
    sop_class = header.find(0x00080016)
    refused = refusal(sop_class.value.rstrip(b"\0 ").decode("ascii", "replace") if sop_class else "", profile)
    if refused is not None:
        raise BadInputError(refused, "objects of this SOP class are not handled under this profile")
    return redact_header(header, profile, pseudonymiser, claims)


def _report(redacted: RedactedHeader, syntax: str, profile: Profile, size: int) -> HeaderReport:
    return HeaderReport(
        study_instance_uid=redacted.study_instance_uid,
        series_instance_uid=redacted.series_instance_uid,
        sop_instance_uid=redacted.sop_instance_uid,
        transfer_syntax=syntax,
        profile_digest=profile.digest,
        bytes_written=size,
        actions=redacted.actions,
        warnings=redacted.warnings,
    )
