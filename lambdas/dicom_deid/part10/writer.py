"""Encode data elements (PS3.5 section 7) and the File Meta Information (PS3.10 section 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from dicom_deid import __version__
from dicom_deid.part10.dictionary import KNOWN_VRS, LONG_VRS
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.parser import ITEM

IMPLEMENTATION_CLASS_UID: Final = "2.25.231884862374919843764522811853407226893"
"""Names this implementation in File Meta Information; a constant of the project."""
IMPLEMENTATION_VERSION: Final = f"DICOM-DEID {__version__}"[:16]
_SHORT_VRS: Final = {vr: vr.encode() for vr in KNOWN_VRS - LONG_VRS}
_PADDING: Final = {"UI": b"\0", "OB": b"\0", "UN": b"\0"}
_HEADS: Final = tuple(
    (struct.Struct(f"{order}HHL").pack, struct.Struct(f"{order}HH2sH").pack, struct.Struct(f"{order}HH2sHL").pack)
    for order in "<>"
)
"""For each byte order: heads of implicit elements and items, of short VRs, and of long ones."""
_PREAMBLE: Final = bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00"
"""Up to the value of File Meta Information Group Length (0002,0000)."""


def encode(dataset: Iterable[Element], encoding: Encoding) -> bytes:
    """The elements as a data set; what was not changed keeps its bytes, sequences get defined lengths."""
    pieces: list[bytes] = []
    for element in dataset:
        encoded = element.encoded
        if encoded is not None:
            pieces.append(encoded)
            continue
        value = element.value if element.items is None else _items(element.items, encoding)
        if len(value) % 2:
            value += _PADDING.get(element.vr, b" ")
        pieces += (head(element.tag, element.vr, len(value), encoding), value)
    return b"".join(pieces)


def head(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Tag, VR and length of one element.

    A value too long for a 16-bit length is written as UN, as PS3.5 6.2.2 allows.
    """
    implicit, short, long = _HEADS[encoding.big_endian]
    if encoding.implicit:
        return implicit(tag >> 16, tag & 0xFFFF, length)
    code = _SHORT_VRS.get(vr)
    if code is None or length > 0xFFFF:
        return long(tag >> 16, tag & 0xFFFF, vr.encode() if code is None else b"UN", 0, length)
    return short(tag >> 16, tag & 0xFFFF, code, length)


def _items(items: Iterable[DataSet], encoding: Encoding) -> bytes:
    head_of_item, _, _ = _HEADS[encoding.big_endian]
    pieces: list[bytes] = []
    for item in items:
        content = encode(item, encoding)
        pieces += (head_of_item(ITEM >> 16, ITEM & 0xFFFF, len(content)), content)
    return b"".join(pieces)


def file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """A new preamble and File Meta Information: nothing of the source's is carried over."""
    before, after = _around_the_instance(sop_class_uid, transfer_syntax)
    instance = encode([Element(0x00020003, "UI", sop_instance_uid.encode("ascii", "replace"))], Encoding())
    length = len(before) + len(instance) + len(after)
    return b"".join((_PREAMBLE, length.to_bytes(4, "little"), before, instance, after))


@lru_cache(maxsize=256)
def _around_the_instance(sop_class_uid: str, transfer_syntax: str) -> tuple[bytes, bytes]:
    """What stands before and after the Media Storage SOP Instance UID: the same in all objects of a kind."""
    before = [
        Element(0x00020001, "OB", b"\x00\x01"),
        Element(0x00020002, "UI", sop_class_uid.encode("ascii", "replace")),
    ]
    after = [
        Element(0x00020010, "UI", transfer_syntax.encode("ascii", "replace")),
        Element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
        Element(0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
    ]
    return encode(before, Encoding()), encode(after, Encoding())
