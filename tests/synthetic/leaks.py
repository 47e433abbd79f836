"""Objects with a unique marker in every place that may hold a text, and the search for what came through.

The encoder is the generator's own: it writes what no library would, and shares nothing with the code under test.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pydicom._dicom_dict import DicomDictionary

from dicom_deid.header.tables import attribute_rules, extra_vr

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT, DEFLATED, BIG = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)
ROWS = COLUMNS = 16
NESTING = (0x52009229, 0x00209116, 0x00189006)
"""Sequences that table E.1-1 does not list, one in the other."""
_NOT_PLANTED = frozenset({0x00080005, 0x00080016, 0x00280004, 0x00280008})
"""What the object needs to be read at all."""
_CLASSES = frozenset({0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x00081150, 0x0008115A, 0x00083002, 0x04000010})
"""Places of SOP classes and transfer syntaxes: what stands there names a kind of thing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One data element to be encoded: `value` is bytes in little endian, or items."""

    tag: int
    vr: str
    value: bytes | list[list[Item]] = b""
    disguise: bool = False
    """Whether a sequence is written as UN, its items in implicit little endian (PS3.5 6.2.2)."""


@dataclass
class Planter:
    """Hands out markers and remembers where each was planted."""

    planted: dict[bytes, str] = field(default_factory=dict)
    _count: int = 0
    _dates: int = 0

    def text(self, where: str) -> bytes:
        """A word that no vocabulary knows, of at most 16 capitals and digits: a valid CS and AE."""
        return self._remember(f"QXJ{self._next():06d}ZW".encode(), where)

    def value(self, tag: int, vr: str, depth: int = 0) -> bytes | list[list[Item]]:
        """A valid value of the VR that nobody else has; empty for VRs too narrow to be searched for."""
        where, number = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {vr} at depth {depth}", self._count + 1
        if vr == "SQ":
            return [
                [
                    Item(0x00081030, "LO", self.text(where + " > LO")),
                    Item(0x00100010, "PN", self.text(where + " > PN")),
                    Item(0x00181160, "SH", self.text(where + " > SH")),
                    Item(0x0020000D, "UI", self._remember(f"1.2.826.0.1.7.{self._next() + 10**6}".encode(), where)),
                ]
            ]
        if vr in {"DA", "DT"}:
            # Farther apart than any shift: a shifted date is never another one's marker.
            self._dates += 1
            day = date(1700, 1, 1) + timedelta(days=4001 * self._dates)
            return self._remember(f"{day:%Y%m%d}".encode() + (b"101112.5" if vr == "DT" else b""), where)
        if vr == "TM":
            return self._remember(f"2358{number % 60:02d}.{self._next():06d}".encode(), where)
        if vr == "UI":
            return self._remember(f"1.2.826.0.1.9.{self._next() + 10**6}".encode(), where)
        if vr in {"DS", "IS"}:
            return self._remember((b"8.731" if vr == "DS" else b"8731") + f"{self._next():06d}".encode(), where)
        if vr == "AS":
            return b"077Y"
        if vr == "UR":
            return b"https://" + self.text(where) + b".example/"
        return self.text(where) if vr not in {"US", "SS", "UL", "SL", "FL", "FD", "AT", "UV", "SV"} else b""

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _remember(self, marker: bytes, where: str) -> bytes:
        self.planted[marker] = where
        return marker


def encode(items: Iterable[Item], *, implicit: bool = False, big: bool = False) -> bytes:
    """The elements as a data set (PS3.5 section 7); numbers in values are turned for big endian."""
    return b"".join(_encode(item, implicit, big) for item in items)


def _encode(item: Item, implicit: bool, big: bool) -> bytes:
    order = ">" if big else "<"
    if isinstance(item.value, list):
        implicit_inside = implicit or item.disguise
        inner = [encode(elements, implicit=implicit_inside, big=big and not item.disguise) for elements in item.value]
        inside = "<" if item.disguise else order
        value = b"".join(struct.pack(inside + "HHL", 0xFFFE, 0xE000, len(content)) + content for content in inner)
    else:
        value = item.value
        if big and item.vr in {"US", "SS", "OW"}:
            value = b"".join(value[i : i + 2][::-1] for i in range(0, len(value), 2))
        if len(value) % 2:
            value += b"\0" if item.vr in {"UI", "OB", "UN"} else b" "
    group, number, vr = item.tag >> 16, item.tag & 0xFFFF, "UN" if item.disguise else item.vr
    if implicit:
        return struct.pack(order + "HHL", group, number, len(value)) + value
    if vr in LONG:
        return struct.pack(order + "HH2sHL", group, number, vr.encode(), 0, len(value)) + value
    return struct.pack(order + "HH2sH", group, number, vr.encode(), len(value)) + value


def pixel_module(bits_stored: int = 16) -> list[Item]:
    """A tiny monochrome image's description."""
    numbers = {
        0x00280002: 1,
        0x00280010: ROWS,
        0x00280011: COLUMNS,
        0x00280100: 16,
        0x00280101: bits_stored,
        0x00280102: bits_stored - 1,
        0x00280103: 0,
    }
    return [
        Item(0x00080005, "CS", b"ISO_IR 100"),
        Item(0x00080016, "UI", CT.encode()),
        Item(0x00280004, "CS", b"MONOCHROME2"),
        *(Item(tag, "US", struct.pack("<H", value)) for tag, value in numbers.items()),
    ]


def identity(planter: Planter) -> list[Item]:
    """The UIDs and identifiers every object has."""
    return [
        Item(tag, vr, planter.value(tag, vr))
        for tag, vr in (
            (0x00080018, "UI"),
            (0x00100010, "PN"),
            (0x00100020, "LO"),
            (0x0020000D, "UI"),
            (0x0020000E, "UI"),
        )
    ]


def table_attributes(planter: Planter, depth: int = 0) -> list[Item]:
    """Every attribute of table E.1-1 that a data set can hold, repeating groups at both of their ends."""
    found = []
    for text in attribute_rules():
        if text == "private":
            continue
        for tag in {int(text.replace("x", low), 16) for low in ("0", "1")} if "x" not in text else _repeated(text):
            vr = (DicomDictionary.get(tag) or (None,))[0] or extra_vr(tag) or _repeating_vr(tag)
            vr = "OW" if " or " in vr else vr
            found.append(Item(tag, vr, planter.value(tag, vr, depth)))
    return found


def other_attributes(planter: Planter) -> list[Item]:
    """Every text, byte string and sequence of PS3.6 that the table does not list."""
    listed = {int(tag, 16) for tag in attribute_rules() if tag != "private" and "x" not in tag}
    return [
        Item(tag, entry[0], planter.value(tag, entry[0]))
        for tag, entry in DicomDictionary.items()
        if tag not in listed | _NOT_PLANTED | _CLASSES
        and tag >> 16 not in (0x0000, 0x0002, 0x7FE0, 0xFFFE, 0x0028)
        and entry[0]
        in {"AE", "CS", "DA", "DT", "LO", "LT", "OB", "PN", "SH", "SQ", "ST", "TM", "UC", "UI", "UN", "UR", "UT"}
    ]


def nested(items: list[Item]) -> Item:
    """The items three sequences deep."""
    outer = Item(NESTING[-1], "SQ", [in_order(items)])
    for tag in reversed(NESTING[:-1]):
        outer = Item(tag, "SQ", [[outer]])
    return outer


def private_blocks(planter: Planter) -> list[Item]:
    """Private elements of every kind: known, unknown, orphaned, colliding, nested, and creators that hold a text."""
    known = b"SIEMENS MED DISPLAY"
    inner = [Item(0x00110010, "LO", known), Item(0x00111012, "LO", planter.text("private, nested"))]
    return [
        Item(0x00090010, "LO", planter.text("private creator")),
        Item(0x00091001, "LO", planter.text("private, unknown creator")),
        Item(0x00091002, "UN", planter.text("private, UN")),
        Item(0x00110010, "LO", b"Philips Imaging DD 001"),
        Item(0x00111010, "SQ", [inner]),
        Item(0x00190010, "LO", b"GEMS_ACQU_01"),
        Item(0x0019109E, "LO", planter.text("private, listed as safe LO")),
        Item(0x001910FF, "LT", planter.text("private, known creator")),
        Item(0x20010010, "LO", b"Philips Imaging DD 001"),
        Item(0x20010010, "LO", planter.text("private creator, colliding")),
        Item(0x20011025, "SH", planter.text("private, colliding")),
        Item(0x20051001, "LO", planter.text("private, orphaned")),
        Item(0x20050009, "LO", planter.text("private, below the blocks")),
        Item(0x7FD10010, "LO", b"SIEMENS Ultrasound SC2000"),
        Item(0x7FD11001, "OB", planter.text("private, listed as safe OB")),
    ]


def odd_corners(planter: Planter) -> list[Item]:
    """What other rules forget: unknown elements, wrong VRs, text after NULL, disguised sequences, icons, codes."""
    hidden = planter.text("after a NULL")
    code = [
        Item(0x00080100, "SH", planter.text("local code value")),
        Item(0x00080102, "SH", b"99LOCAL"),
        Item(0x00080104, "LO", planter.text("local code meaning")),
    ]
    known = [
        Item(0x00080100, "SH", b"T-D3000"),
        Item(0x00080102, "SH", b"SRT"),
        Item(0x00080104, "LO", planter.text("meaning of a known code")),
    ]
    disguised = [Item(0x00100010, "PN", planter.text("in a sequence as UN"))]
    equipment = [Item(0x00080070, "LO", planter.text("contributing equipment"))]
    icon = [*pixel_module()[2:], Item(0x7FE00010, "OW", planter.text("icon pixels") * 32)]
    return [
        Item(0x00020016, "AE", planter.text("File Meta inside the data set")),
        Item(0x00041130, "CS", planter.text("directory record")),
        Item(0x00081049, "SQ", [[Item(0x00400031, "UT", planter.text("in an unlisted place"))]]),
        Item(0x00082218, "SQ", [known]),
        Item(0x00082228, "SQ", [code]),
        Item(0x00089215, "SQ", [disguised], disguise=True),
        Item(0x00107777, "LO", planter.text("unknown element of a known group")),
        Item(0x00180015, "LO", planter.text("another text VR")),
        Item(0x00180050, "LO", planter.text("a text for a number")),
        Item(0x0018A001, "SQ", [equipment]),
        Item(0x00181310, "US", planter.text("a text as US, beyond its multiplicity")),
        Item(0x00189999, "UN", planter.text("unknown element, UN")),
        Item(0x00200052, "LO", planter.text("a text for a UID")),
        Item(0x00200060, "CS", b"L\0" + hidden),
        Item(0x00280008, "IS", b"1"),
        Item(0x00282000, "OB", b"\0" * 128 + planter.text("ICC profile")),
        Item(0x00283003, "LO", planter.text("LUT explanation")),
        Item(0x00286100, "SQ", [[Item(0x00286190, "ST", planter.text("mask pixel shift text"))]]),
        Item(0x00420011, "OB", planter.text("encapsulated document")),
        Item(0x00880200, "SQ", [icon]),
        Item(0x00409096, "SQ", [[Item(0x7FE00010, "OW", planter.text("pixels in a sequence") * 8)]]),
        Item(0x04000500, "SQ", [[Item(0x04000520, "OB", planter.text("encrypted content"))]]),
        Item(0x04000561, "SQ", [[Item(0x04000564, "LO", planter.text("source of previous values"))]]),
        Item(0x50000022, "LO", planter.text("curve description")),
        Item(0x501E3000, "OB", planter.text("curve data")),
        Item(0x60000022, "LO", planter.text("overlay description")),
        Item(0x601E1500, "LO", planter.text("overlay label")),
        Item(0x601E3000, "OB", planter.text("overlay data")),
        Item(0x60203000, "OB", planter.text("overlay group beyond the standard's")),
    ]


def in_order(items: Iterable[Item]) -> list[Item]:
    """Ascending by tag; of equal tags the first, except private creators, which may collide."""
    chosen: dict[tuple[int, int], Item] = {}
    for number, item in enumerate(items):
        chosen.setdefault((item.tag, number if item.tag >> 16 & 1 and 0x10 <= item.tag & 0xFFFF <= 0xFF else 0), item)
    return [chosen[key] for key in sorted(chosen)]


def file_meta(planter: Planter, syntax: str) -> bytes:
    """A File Meta Information with a marker in each of its texts, after a preamble with one."""
    elements = [
        Item(0x00020001, "OB", b"\0\1"),
        Item(0x00020002, "UI", CT.encode()),
        Item(0x00020003, "UI", planter.value(0x00020003, "UI")),
        Item(0x00020010, "UI", syntax.encode()),
        Item(0x00020012, "UI", planter.value(0x00020012, "UI")),
        *(
            Item(tag, "SH" if tag == 0x00020013 else "AE", planter.text(f"File Meta {tag:08X}"))
            for tag in (0x00020013, 0x00020016, 0x00020017, 0x00020018)
        ),
        *(Item(tag, "UR", planter.value(tag, "UR")) for tag in (0x00020026, 0x00020027, 0x00020028)),
        Item(0x00020100, "UI", planter.value(0x00020100, "UI")),
        Item(0x00020102, "OB", planter.text("File Meta 00020102")),
    ]
    content = encode(elements)
    length = encode([Item(0x00020000, "UL", struct.pack("<L", len(content)))])
    return planter.text("preamble").ljust(128, b"\0") + b"DICM" + length + content


def trailer(planter: Planter) -> list[Item]:
    """Elements after the pixel data."""
    return [
        Item(0x7FE10010, "LO", planter.text("private creator after the pixels")),
        Item(0x7FE11010, "OB", planter.text("private after the pixels")),
        Item(0xFFFAFFFA, "SQ", [[Item(0x04000115, "OB", planter.text("certificate"))]]),
        Item(0xFFFCFFFC, "OB", planter.text("trailing padding")),
    ]


def native(planter: Planter, items: Iterable[Item], syntax: str = EXPLICIT, *, pixels: bytes | None = None) -> bytes:
    """A Part 10 object in an uncompressed syntax: markers around, in the tail of and after the pixel data."""
    samples = bytes(range(256)) * 2 if pixels is None else pixels
    tail = planter.text("tail of the pixel data")
    body = [*in_order(items), Item(0x7FE00010, "OW", samples + tail + b" " * (len(tail) % 2)), *trailer(planter)]
    content = encode(body, implicit=syntax == IMPLICIT, big=syntax == BIG)
    garbage = b"\0\0\0\0" + planter.text("bytes after the last element")
    if syntax == DEFLATED:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return file_meta(planter, syntax) + deflater.compress(content) + deflater.flush()
    return file_meta(planter, syntax) + content + garbage


def encapsulated(planter: Planter, items: Iterable[Item], syntax: str, frame: bytes) -> bytes:
    """A Part 10 object of one encapsulated frame, with a trailer."""
    frame += b"\0" * (len(frame) % 2)
    pixels = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    pixels += struct.pack("<HHL", 0xFFFE, 0xE000, len(frame)) + frame + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    return file_meta(planter, syntax) + encode(in_order(items)) + pixels + encode(trailer(planter))


def with_jpeg_comments(planter: Planter, frame: bytes) -> bytes:
    """A JPEG or JPEG-LS codestream with markers in COM and APPn segments, and after its end."""
    segments = b"".join(
        struct.pack(">HH", marker, len(text) + 2) + text
        for marker, text in (
            (0xFFFE, planter.text("JPEG COM")),
            (0xFFE1, b"Exif\0\0" + planter.text("JPEG APP1")),
            (0xFFED, planter.text("JPEG APP13")),
        )
    )
    return frame[:2] + segments + frame[2:] + planter.text("after EOI")


def with_jpeg2000_comment(planter: Planter, frame: bytes) -> bytes:
    """A JPEG 2000 codestream with a marker in a COM segment behind SIZ, and after its end."""
    size = struct.unpack_from(">H", frame, 4)[0]
    text = planter.text("J2K COM")
    comment = struct.pack(">HHH", 0xFF64, len(text) + 4, 1) + text
    return frame[: 4 + size] + comment + frame[4 + size :] + planter.text("after EOC")


def leaks(output: bytes, planted: dict[bytes, str], kept: Sequence[str] = ()) -> list[str]:
    """Where the markers that came through were planted; `kept` names places that an option retains.

    A deflated data set is inflated first.
    """
    searched = output
    start = output.find(DEFLATED.encode(), 0, 512)
    if start >= 0:
        meta_length = struct.unpack_from("<L", output, 140)[0]
        searched += zlib.decompress(output[144 + meta_length :], wbits=-zlib.MAX_WBITS)
    return [where for marker, where in planted.items() if marker in searched and not any(k in where for k in kept)]


def _repeated(text: str) -> set[int]:
    if text == "50xxxxxx":
        return {0x50002500, 0x501E3000}
    return {int(text.replace("xx", group), 16) for group in ("00", "1E")}


def _repeating_vr(tag: int) -> str:
    return {0x2500: "LO", 0x3000: "OW", 0x4000: "LT"}[tag & 0xFFFF]
