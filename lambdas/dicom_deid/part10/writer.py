"""Encode data elements (PS3.5 section 7) and the File Meta Information (PS3.10 section 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from dicom_deid import __version__
from dicom_deid.part10.dictionary import LONG_VRS
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.parser import ITEM

IMPLEMENTATION_CLASS_UID: Final = "2.25.231884862374919843764522811853407226893"
"""Names this implementation in File Meta Information; a constant of the project."""
IMPLEMENTATION_VERSION: Final = f"DICOM-DEID {__version__}"[:16]


def encode(dataset: Iterable[Element], encoding: Encoding) -> bytes:
    """The elements as a data set; what was not changed keeps its bytes, sequences get defined lengths."""
    pieces: list[bytes] = []
    for element in dataset:
        if element.encoded is not None:
            pieces.append(element.encoded)
        else:
            pieces += _element(element, encoding)
    return b"".join(pieces)


def _element(element: Element, encoding: Encoding) -> list[bytes]:
    if element.items is not None:
        value = _items(element.items, encoding)
    else:
        value = element.value
        if len(value) % 2:
            value += b"\0" if element.vr in {"UI", "OB", "UN"} else b" "
    return [head(element.tag, element.vr, len(value), encoding), value]


def head(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Tag, VR and length of one element.

    A value too long for a 16-bit length is written as UN, as PS3.5 6.2.2 allows.
    """
    order = ">" if encoding.big_endian else "<"
    group, number = tag >> 16, tag & 0xFFFF
    if encoding.implicit:
        return struct.pack(order + "HHL", group, number, length)
    if vr in LONG_VRS or length > 0xFFFF:
        kind = vr if vr in LONG_VRS else "UN"
        return struct.pack(order + "HH2sHL", group, number, kind.encode(), 0, length)
    return struct.pack(order + "HH2sH", group, number, vr.encode(), length)


def _items(items: Iterable[DataSet], encoding: Encoding) -> bytes:
    order = ">" if encoding.big_endian else "<"
    pieces: list[bytes] = []
    for item in items:
        content = encode(item, encoding)
        pieces += [struct.pack(order + "HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)), content]
    return b"".join(pieces)


def file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """A new preamble and File Meta Information: nothing of the source's is carried over."""
    explicit = Encoding()
    elements = [
        Element(0x00020001, "OB", b"\x00\x01"),
        Element(0x00020002, "UI", sop_class_uid.encode("ascii", "replace")),
        Element(0x00020003, "UI", sop_instance_uid.encode("ascii", "replace")),
        Element(0x00020010, "UI", transfer_syntax.encode("ascii", "replace")),
        Element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
        Element(0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
    ]
    content = encode(elements, explicit)
    length = encode([Element(0x00020000, "UL", struct.pack("<L", len(content)))], explicit)
    return bytes(128) + b"DICM" + length + content
