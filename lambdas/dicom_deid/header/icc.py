"""ICC profiles (PS3.3 C.11.15, ISO 15076-1): the colour transformation stays, everything that somebody wrote goes.

A profile says who made it, when, with which device, in tags of text and of private types. What transforms colours are
numbers of a few types, whose lengths are known: only those are copied, into a profile that is assembled anew.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final

PROFILE: Final = 0x00282000
_HEADER: Final = 128
_ENTRY: Final = struct.Struct(">4sLL")
_SIGNATURE: Final = b"acsp"
_MOST_TAGS: Final = 64
_DATE: Final = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
_CLASSES: Final = frozenset({b"scnr", b"mntr", b"prtr", b"spac"})
_SPACES: Final = frozenset({b"RGB ", b"GRAY", b"XYZ ", b"Lab ", b"YCbr"})
_COLOUR_TAGS: Final = frozenset(
    {b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"bkpt", b"chad", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"lumi"}
    | {b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"gamt"}
)
_PARAMETERS: Final = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""Parametric curves: function type -> number of parameters (ISO 15076-1 10.18)."""


def clean_profile(profile: bytes) -> bytes | None:
    """The profile with its colour tags alone, a fixed description and no origin; None where it is no such profile."""
    header = _clean_header(profile)
    if header is None:
        return None
    tags = [(b"desc", _description()), (b"cprt", b"text\0\0\0\0none\0")]
    for signature, data in dict(_tags(profile)).items():
        if signature in _COLOUR_TAGS and (length := _length(data)) is not None and length <= len(data):
            tags.append((signature, data[:4] + bytes(4) + data[8:length]))
    return _assemble(header, tags)


def _clean_header(profile: bytes) -> bytes | None:
    kind, space, connection = profile[12:16], profile[16:20], profile[20:24]
    if len(profile) < _HEADER + 4 or profile[36:40] != _SIGNATURE:
        return None
    if kind not in _CLASSES or space not in _SPACES or connection not in _SPACES:
        return None
    version = bytes([min(profile[8], 4), profile[9] & 0xF0, 0, 0])
    intent = bytes([0, 0, 0, profile[67] & 3])
    illuminant = struct.pack(">3l", 0xF6D6, 0x10000, 0xD32D)
    return b"".join(
        (bytes(8), version, kind, space, connection, _DATE, _SIGNATURE, bytes(24), intent, illuminant, bytes(48))
    )


def _tags(profile: bytes) -> list[tuple[bytes, bytes]]:
    (count,) = struct.unpack_from(">L", profile, _HEADER)
    found = []
    for index in range(min(count, _MOST_TAGS)):
        place = _HEADER + 4 + index * _ENTRY.size
        if place + _ENTRY.size > len(profile):
            break
        signature, offset, size = _ENTRY.unpack_from(profile, place)
        found.append((signature, profile[offset : offset + size]))
    return found


def _assemble(header: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    entries, body = [], b""
    start = _HEADER + 4 + len(tags) * _ENTRY.size
    for signature, data in tags:
        entries.append(_ENTRY.pack(signature, start + len(body), len(data)))
        body += data + bytes(-len(data) % 4)
    table = struct.pack(">L", len(tags)) + b"".join(entries)
    return struct.pack(">L", start + len(body)) + header[4:] + table + body


def _length(data: bytes) -> int | None:
    """How long the data of a tag of numbers is by its own counts; None for a type that is not of numbers."""
    kind = _LENGTHS.get(data[:4])
    try:
        return kind(data) if kind is not None else None
    except (struct.error, IndexError, KeyError):
        return None


def _curve(data: bytes) -> int:
    return 12 + 2 * int(struct.unpack_from(">L", data, 8)[0])


def _parametric(data: bytes) -> int:
    return 12 + 4 * _PARAMETERS[int(struct.unpack_from(">H", data, 8)[0])]


def _table_8(data: bytes) -> int:
    inputs, outputs, points = data[8], data[9], data[10]
    length: int = 48 + 256 * inputs + points**inputs * outputs + 256 * outputs
    return length


def _table_16(data: bytes) -> int:
    inputs, outputs, points = data[8], data[9], data[10]
    entries_in, entries_out = struct.unpack_from(">HH", data, 48)
    length: int = 52 + 2 * (int(entries_in) * inputs + points**inputs * outputs + int(entries_out) * outputs)
    return length


_LENGTHS: Final[Mapping[bytes, Callable[[bytes], int]]] = {
    b"XYZ ": lambda data: 20,
    b"sf32": lambda data: 44,
    b"curv": _curve,
    b"para": _parametric,
    b"mft1": _table_8,
    b"mft2": _table_16,
}


def _description() -> bytes:
    """A textDescriptionType that says ``none`` (ISO 15076-1 version 2; readers of version 4 accept it)."""
    return b"desc\0\0\0\0" + struct.pack(">L", 5) + b"none\0" + bytes(78)
