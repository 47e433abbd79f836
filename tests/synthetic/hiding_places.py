"""Places of an encoded object that no list of attributes names: what no library writes and no viewer shows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from tests.synthetic import leaks
from tests.synthetic.leaks import Item, Planter

Build = Callable[[Planter], bytes]
_SEQUENCE: Final = 0x00089215
"""Derivation Code Sequence: it stays, so that what is around its items would."""
_CODE: Final = [
    Item(0x00080100, "SH", b"113040"),
    Item(0x00080102, "SH", b"DCM"),
    Item(0x00080104, "LO", b"Lossy Compression "),
]
_TEXT_VRS: Final = {
    "AE": 0x00080054,
    "CS": 0x00200060,
    "DS": 0x00180050,
    "IS": 0x00200013,
    "LO": 0x00081030,
    "LT": 0x00204000,
    "PN": 0x00081070,
    "SH": 0x00181250,
    "ST": 0x00080081,
    "TM": 0x00080030,
    "UI": 0x00081155,
    "UT": 0x0040A160,
}


def base(planter: Planter) -> list[Item]:
    """An image and whose it is."""
    return [*leaks.pixel_module(), *leaks.identity(planter)]


def written(planter: Planter, *items: Item, pixels: bytes = bytes(512)) -> bytes:
    """An object of those elements, explicit little endian, with nothing after its pixels."""
    body = leaks.in_order([*base(planter), *items])
    return leaks.file_meta(planter, leaks.EXPLICIT) + leaks.encode([*body, Item(0x7FE00010, "OW", pixels)])


def spliced(planter: Planter, raw: bytes, before: int = 0x7FE00010) -> bytes:
    """The same with an element that the encoder cannot write, in front of the first one of at least that tag."""
    body = leaks.in_order(base(planter))
    lower, upper = ([item for item in body if (item.tag < before) is side] for side in (True, False))
    pixels = Item(0x7FE00010, "OW", bytes(512))
    meta = leaks.file_meta(planter, leaks.EXPLICIT)
    return meta + leaks.encode(lower) + raw + leaks.encode([*upper, pixels])


def _four(planter: Planter, where: str) -> bytes:
    """A marker of four bytes: as many as there are in a length."""
    marker = f"Q{len(planter.planted):03d}".encode()
    planter.planted[marker] = where
    return marker


def _delimited(item_end: bytes, sequence_end: bytes, reserved: bytes = b"\0\0") -> bytes:
    head = struct.pack("<HH2s2sL", _SEQUENCE >> 16, _SEQUENCE & 0xFFFF, b"SQ", reserved, 0xFFFFFFFF)
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + leaks.encode(_CODE) + b"\xfe\xff\x0d\xe0" + item_end
    return head + item + b"\xfe\xff\xdd\xe0" + sequence_end


def _item_delimiter(planter: Planter) -> bytes:
    return spliced(planter, _delimited(_four(planter, "length of an item delimiter"), bytes(4)), _SEQUENCE)


def _sequence_delimiter(planter: Planter) -> bytes:
    return spliced(planter, _delimited(bytes(4), _four(planter, "length of a sequence delimiter")), _SEQUENCE)


def _reserved_of_a_sequence(planter: Planter) -> bytes:
    marker = b"\x9eQ"
    planter.planted[b"SQ" + marker] = "reserved field of a sequence"
    return spliced(planter, _delimited(bytes(4), bytes(4), marker), _SEQUENCE)


def _reserved_of_a_value(planter: Planter) -> bytes:
    marker = b"\x9eQ"
    planter.planted[b"OW" + marker] = "reserved field of lookup table data"
    raw = struct.pack("<HH2s2sL", 0x0028, 0x1201, b"OW", marker, 4) + bytes(4)
    return spliced(planter, raw)


def _offsets_beside_native_pixels(planter: Planter) -> bytes:
    marker = planter.text("extended offset table of native pixels")
    return written(planter, Item(0x7FE00001, "OV", marker.ljust(16)), Item(0x7FE00002, "OV", bytes(16)))


def _after_the_deflated_data(planter: Planter) -> bytes:
    return leaks.native(planter, base(planter), leaks.DEFLATED) + planter.text("after the deflated data")


def _groups(planter: Planter) -> bytes:
    items = []
    for low in range(0, 0x100, 2):
        items += [Item((0x5000 | low) << 16 | 0x0022, "LO", planter.text(f"curve {low:02X}"))]
        items += [Item((0x6000 | low) << 16 | 0x1500, "LO", planter.text(f"overlay {low:02X}"))]
    return written(planter, *items)


def _group_lengths(planter: Planter) -> bytes:
    return written(planter, Item(0x00080000, "LO", planter.text("group length")), Item(0x00100000, "UT", b"x"))


def _known_tags_as_un(planter: Planter) -> bytes:
    tags = (0x00081030, 0x00101001, 0x00180015, 0x00283003, 0x00400254, 0x00081048, 0x00080080, 0x00104000)
    return written(planter, *(Item(tag, "UN", planter.text(f"({tag:08X}) as UN")) for tag in tags))


def _after_a_null(planter: Planter) -> bytes:
    values = {"DS": b"1", "IS": b"1", "TM": b"10", "UI": b"1.2.3", "CS": b"L"}
    return written(
        planter,
        *(
            Item(tag, vr, values.get(vr, b"chest") + b"\0" + planter.text(f"after a NULL in {vr}"))
            for vr, tag in _TEXT_VRS.items()
        ),
    )


def _device_texts(planter: Planter) -> bytes:
    tags = {0x00080070: "LO", 0x00081090: "LO", 0x00181016: "LO", 0x00181018: "LO", 0x0018702A: "LO", 0x00283003: "LO"}
    return written(planter, *(Item(tag, vr, planter.text(f"({tag:08X})")) for tag, vr in tags.items()))


def _titles_in_sequences(planter: Planter) -> bytes:
    titles = [Item(tag, "AE", planter.text(f"({tag:08X}) in a sequence")) for tag in (0x00080054, 0x00080055)]
    station = [
        Item(0x00400001, "AE", planter.text("scheduled station")),
        Item(0x00400241, "AE", planter.text("station")),
    ]
    return written(planter, Item(0x00081199, "SQ", [titles]), Item(0x00400100, "SQ", [station]))


def _twice(planter: Planter) -> bytes:
    second = leaks.encode([Item(0x00200060, "CS", planter.text("the second element of a tag"))])
    return spliced(planter, leaks.encode([Item(0x00200060, "CS", b"L ")]) + second, 0x00200061)


def _out_of_order(planter: Planter) -> bytes:
    late = leaks.encode([Item(0x00100010, "PN", planter.text("a name after the image description"))])
    return spliced(planter, late)


def _removed_in_items(planter: Planter) -> bytes:
    inner = [
        Item(0x04000561, "SQ", [[Item(0x04000564, "LO", planter.text("original attributes in an item"))]]),
        Item(0x04000500, "SQ", [[Item(0x04000520, "OB", planter.text("encrypted attributes in an item"))]]),
        Item(0x00880200, "SQ", [[Item(0x7FE00010, "OW", planter.text("icon in an item") * 2)]]),
        Item(0xFFFAFFFA, "SQ", [[Item(0x04000115, "OB", planter.text("certificate in an item"))]]),
        Item(0xFFFCFFFC, "OB", planter.text("padding in an item")),
        Item(0x60000022, "LO", planter.text("overlay in an item")),
        Item(0x00041130, "CS", planter.text("directory element in an item")),
    ]
    return written(planter, Item(0x52009229, "SQ", [leaks.in_order(inner)]))


def _palette_description(planter: Planter) -> bytes:
    return written(planter, Item(0x00282000, "OB", bytes(128) + planter.text("profile that is none")))


PLACES: Final[dict[str, Build]] = {
    "item delimiter": _item_delimiter,
    "sequence delimiter": _sequence_delimiter,
    "reserved field of a sequence": _reserved_of_a_sequence,
    "reserved field of a value": _reserved_of_a_value,
    "offset tables beside native pixels": _offsets_beside_native_pixels,
    "after the deflated data": _after_the_deflated_data,
    "every curve and overlay group": _groups,
    "group lengths": _group_lengths,
    "known tags as UN": _known_tags_as_un,
    "after a NULL, in every VR of text": _after_a_null,
    "device and explanation texts": _device_texts,
    "AE titles in sequences": _titles_in_sequences,
    "the second element of a tag": _twice,
    "an element out of order": _out_of_order,
    "what always goes, in items": _removed_in_items,
    "a colour profile that is none": _palette_description,
}
"""Each writes one object whose markers may not come out under any preset."""


def with_run_length_tails(planter: Planter, frame: bytes) -> bytes:
    """A run-length frame with a marker behind the last run of each of its segments."""
    header = struct.unpack_from("<16L", frame)
    bounds = [*header[1 : 1 + header[0]], len(frame)]
    pieces: list[bytes] = []
    offsets: list[int] = []
    for number, (start, stop) in enumerate(pairwise(bounds)):
        text = planter.text(f"after segment {number}")
        offsets.append(64 + sum(map(len, pieces)))
        pieces.append(frame[start:stop] + text + b"\0" * ((stop - start + len(text)) % 2))
    return struct.pack(f"<{1 + len(offsets)}L", len(offsets), *offsets).ljust(64, b"\0") + b"".join(pieces)


def with_marker_segments(planter: Planter, frame: bytes) -> bytes:
    """A JPEG or JPEG-LS codestream with markers in segments that T.81 reserves, and in every APPn."""
    markers = [*range(0xFFE0, 0xFFF0), 0xFFF0, 0xFFFB, 0xFFFD, 0xFF02, 0xFFBF, 0xFFFE]
    segments = b""
    for marker in markers:
        text = planter.text(f"segment {marker:04X}")
        segments += struct.pack(">HH", marker, len(text) + 2) + text
    return frame[:2] + segments + frame[2:]


def with_unknown_jpeg_2000_segment(planter: Planter, frame: bytes) -> bytes:
    """A JPEG 2000 codestream with a marker in a segment that T.800 does not define, behind SIZ."""
    size = struct.unpack_from(">H", frame, 4)[0]
    text = planter.text("segment FF6F")
    return frame[: 4 + size] + struct.pack(">HH", 0xFF6F, len(text) + 2) + text + frame[4 + size :]
