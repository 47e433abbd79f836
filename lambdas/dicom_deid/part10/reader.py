"""Read the header of a DICOM stream: File Meta Information and every element before the pixel data (PS3.10, PS3.5).

Only a growing prefix is read, never the pixels. Elements stay encoded; sequences are parsed at any depth, also where
they are disguised as UN.
"""

from __future__ import annotations

from typing import BinaryIO, Final, Literal

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10 import syntaxes
from dicom_deid.part10.dictionary import KNOWN_VRS
from dicom_deid.part10.elements import DataSet, Element, Encoding, Header, PixelElement
from dicom_deid.part10.inflate import inflated
from dicom_deid.part10.limits import DEFAULT_LIMITS, Limits
from dicom_deid.part10.parser import IncompleteError, Parser

PIXEL_TAGS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_PREFIX: Final = 64 * 1024
_MAGIC: Final = b"DICM"
_TRANSFER_SYNTAX: Final = 0x00020010
_MEDIA_STORAGE_CLASS: Final = 0x00020002
_DIRECTORY: Final = "1.2.840.10008.1.3.10"


def read_header(source: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Header:
    """Parse everything before the pixel data, with or without preamble and File Meta Information.

    Parameters
    ----------
    source
        Seekable; read from its beginning.

    Raises
    ------
    BadInputError
        ``not-dicom``, ``parse-error``, ``too-large``, ``dicomdir-not-supported``.
    """
    source.seek(0)
    prefix = source.read(_PREFIX)
    has_preamble = prefix[128:132] == _MAGIC
    start = 132 if has_preamble else 0
    meta, start = _read_meta(prefix, start, limits)
    transfer_syntax = _text(meta, _TRANSFER_SYNTAX)
    if _text(meta, _MEDIA_STORAGE_CLASS) == _DIRECTORY:
        raise BadInputError(Reason.DICOMDIR_NOT_SUPPORTED, "a media directory refers to files by name")
    if not transfer_syntax:
        transfer_syntax = _guess(prefix, start, certain=has_preamble)
    elif transfer_syntax == syntaxes.IMPLICIT_LITTLE and prefix[start + 4 : start + 6].decode("latin-1") in KNOWN_VRS:
        # Some writers say implicit and write explicit: as a length, two letters are more than a first element has.
        transfer_syntax = syntaxes.EXPLICIT_LITTLE
    encoding = syntaxes.encoding_of(transfer_syntax)
    if not has_preamble and not meta:
        _require_dicom(prefix, encoding)
    body = inflated(source, start, limits.inflated_bytes) if encoding.deflated else source
    buffer, position = (body.read(_PREFIX), 0) if encoding.deflated else (prefix, start)
    dataset, pixel, end = _read_dataset(body, buffer, position, Parser(encoding, limits), limits)
    return Header(transfer_syntax, encoding, has_preamble, meta, dataset, pixel, end)


def body_of(source: BinaryIO, header: Header, limits: Limits = DEFAULT_LIMITS) -> BinaryIO:
    """The stream that the header's offsets count in: the source itself, or its inflated data set."""
    if not header.encoding.deflated:
        return source
    source.seek(0)
    prefix = source.read(_PREFIX)
    _, start = _read_meta(prefix, 132 if header.has_preamble else 0, limits)
    return inflated(source, start, limits.inflated_bytes)


def _read_meta(prefix: bytes, start: int, limits: Limits) -> tuple[DataSet, int]:
    """Group 0002, always explicit little endian (PS3.10 7.1), as far as it is there."""
    meta: DataSet = []
    parser = Parser(Encoding(), limits)
    position = start
    while True:
        position = parser.plain(prefix, position, len(prefix), meta, (2, 2))
        if prefix[position : position + 2] != b"\x02\x00":
            return meta, position
        try:
            element, position = parser.element(prefix, position, len(prefix), 0)
        except IncompleteError:
            raise BadInputError(Reason.PARSE_ERROR, "the File Meta Information has no end") from None
        meta.append(element)


def _guess(prefix: bytes, start: int, *, certain: bool) -> str:
    """The transfer syntax of a data set without File Meta, by the look of its first element."""
    first = prefix[start : start + 8]
    if len(first) < 8:
        raise BadInputError(Reason.PARSE_ERROR if certain else Reason.NOT_DICOM, "no data set")
    if first[4:6].decode("latin-1") in KNOWN_VRS:
        big = first[0] == 0 and first[1] != 0
        return syntaxes.EXPLICIT_BIG if big else syntaxes.EXPLICIT_LITTLE
    return syntaxes.IMPLICIT_LITTLE


def _require_dicom(prefix: bytes, encoding: Encoding) -> None:
    """Without preamble and File Meta, the first element must be one that a data set can begin with.

    Raises
    ------
    BadInputError
        ``not-dicom`` otherwise.
    """
    order: Literal["big", "little"] = "big" if encoding.big_endian else "little"
    group = int.from_bytes(prefix[0:2], order)
    length_at = 4 if encoding.implicit else 6
    length = int.from_bytes(prefix[length_at : length_at + (4 if encoding.implicit else 2)], order)
    if group not in (0x0004, 0x0008) or (encoding.implicit and length > 1024):
        raise BadInputError(Reason.NOT_DICOM, "neither a preamble nor a data element at the beginning")


def _read_dataset(
    body: BinaryIO, buffer: bytes, position: int, parser: Parser, limits: Limits
) -> tuple[DataSet, PixelElement | None, int]:
    """Elements up to the pixel data. `buffer` is the beginning of the body, as far as it was read."""
    base, ended = 0, len(buffer) < _PREFIX
    dataset: DataSet = []
    while True:
        position = parser.plain(buffer, position, len(buffer), dataset)
        count = parser.count
        last = dataset[-1].tag if dataset else -1
        try:
            if position == len(buffer) and ended:
                return dataset, None, base + position
            found = parser.pixel_element(buffer, position, PIXEL_TAGS)
            if found is not None:
                tag, vr, value_at, length = found
                return dataset, PixelElement(tag, vr, base + value_at, length), base + position
            element, after = parser.element(buffer, position, len(buffer), 0)
        except IncompleteError as incomplete:
            if ended:
                if _is_garbage(buffer, position, last):
                    return dataset, None, base + position
                raise BadInputError(Reason.PARSE_ERROR, "the file ends inside a data element") from None
            parser.count = count
            # Read as much again as there is, so that a sequence parsed anew costs its length a few times at most; and
            # no more than the limit, whatever length an element declares.
            wanted = max(_PREFIX, len(buffer) - position, incomplete.missing)
            more = body.read(min(wanted, limits.header_bytes + 1))
            ended = not more
            buffer = buffer[position:] + more
            base, position = base + position, 0
            if len(buffer) > limits.header_bytes:
                raise BadInputError(Reason.TOO_LARGE, "the header exceeds the limit") from None
            continue
        if element.tag <= 0x0000FFFF and last > 0x0000FFFF:
            # Group 0000 after higher groups: bytes after the end of the data set, not an element of it.
            return dataset, None, base + position
        dataset.append(element)
        position = after


def _is_garbage(buffer: bytes, position: int, last: int) -> bool:
    """Whether what is left after the last element is no element: padding, or fewer bytes than a header."""
    rest = buffer[position:]
    return last > 0 and (len(rest) < 8 or not rest.strip(b"\0 ") or rest[:2] == b"\0\0")


def _text(dataset: DataSet, tag: int) -> str:
    for element in dataset:
        if element.tag == tag:
            return element.value.rstrip(b"\0 ").decode("ascii", "replace")
    return ""


def find(dataset: DataSet, tag: int) -> Element | None:
    """The first element of that tag, or None."""
    for element in dataset:
        if element.tag == tag:
            return element
    return None
