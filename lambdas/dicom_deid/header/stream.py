"""Redact a DICOM stream: the header is rewritten, the pixel data passes, whatever follows it is dropped.

Memory does not depend on the size of the pixel data (DESIGN 7).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.engine import RedactedHeader, redact_header
from dicom_deid.header.pixel_data import BLOCK, native, write_encapsulated
from dicom_deid.header.profiles import Profile
from dicom_deid.header.report import Claims, HeaderReport
from dicom_deid.header.sop_classes import refusal_of
from dicom_deid.part10 import syntaxes
from dicom_deid.part10.elements import Header
from dicom_deid.part10.limits import DEFAULT_LIMITS, Limits
from dicom_deid.part10.reader import body_of, read_header
from dicom_deid.part10.writer import encode, file_meta
from dicom_deid.pseudonyms import Pseudonymiser


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
    if not syntaxes.is_registered(header.transfer_syntax):
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "(0002,0010) is none of the standard's")
    redacted = _redact(header, profile, pseudonymiser, claims or Claims())
    body = body_of(source, header, limits)
    syntax = header.transfer_syntax
    start = target.tell()
    target.write(file_meta(redacted.sop_class_uid, redacted.media_storage_uid, syntax))
    pixel = header.pixel
    if pixel is not None and pixel.length is None:
        write_encapsulated(target, body, header, pixel, redacted.dataset)
    elif header.encoding.deflated:
        _write_deflated(target, _native_object(body, header, redacted))
    else:
        for block in _native_object(body, header, redacted):
            target.write(block)
    return _report(redacted, syntax, profile, target.tell() - start)


def _native_object(body: BinaryIO, header: Header, redacted: RedactedHeader) -> Iterator[bytes]:
    yield encode(redacted.dataset, header.encoding)
    if header.pixel is not None and header.pixel.length is not None:
        yield from native(body, header, header.pixel, header.pixel.length)


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
        block = body.read(min(BLOCK, left))
        if not block:
            raise BadInputError(Reason.PARSE_ERROR, "the sanitized object ended before its length")
        left -= len(block)
        yield block


def _redact(header: Header, profile: Profile, pseudonymiser: Pseudonymiser, claims: Claims) -> RedactedHeader:
    refused = refusal_of(header, profile)
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
