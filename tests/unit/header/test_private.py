"""Retain Safe Private (PS3.15 E.3.10): which private elements stay."""

from __future__ import annotations

import io
import struct

import pytest

from dicom_deid.header.engine import redact_header
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import EXPLICIT, Item, Planter, encode, file_meta, pixel_module

SAFE = Profile(options=frozenset({Option.RETAIN_SAFE_PRIVATE}))
PET = Item(0x70530010, "LO", b"Philips PET Private Group")
FACTOR = Item(0x70531000, "DS", b"1.25")


def kept(*items: Item, profile: Profile = SAFE) -> dict[int, bytes]:
    ordered = sorted([*pixel_module(), *items], key=lambda item: item.tag)
    header = read_header(io.BytesIO(file_meta(Planter(), EXPLICIT) + encode(ordered)))
    result = redact_header(header, profile, Pseudonymiser(bytes(32), "trial"), Claims())
    return {e.tag: e.value.rstrip(b"\0 ") for e in result.dataset if e.is_private}


def test_a_listed_element_stays_with_its_creator() -> None:
    assert kept(PET, FACTOR) == {PET.tag: PET.value, FACTOR.tag: FACTOR.value}


def test_nothing_private_stays_without_the_option() -> None:
    assert kept(PET, FACTOR, profile=Profile()) == {}


def test_an_element_moves_with_its_block() -> None:
    moved = [Item(0x70530042, "LO", PET.value), Item(0x70534200, "DS", b"1.25")]
    assert kept(*moved) == {item.tag: item.value for item in moved}


def test_a_creator_without_a_safe_element_goes() -> None:
    assert kept(PET, Item(0x70531011, "LO", b"SMITH^JOHN")) == {}


@pytest.mark.parametrize(
    "items",
    [
        [FACTOR],
        [PET, Item(PET.tag, "LO", b"another"), FACTOR],
        [Item(PET.tag, "LO", b"another"), PET, FACTOR],
        [Item(PET.tag, "LO", b"Philips PET Private Group of J Smith"), FACTOR],
        [PET, Item(FACTOR.tag, "DS", b"J Smith")],
        [PET, Item(FACTOR.tag, "LO", b"1.25")],
    ],
    ids=["orphan", "collision", "collision the other way", "another creator", "a text as DS", "another VR"],
)
def test_what_is_in_doubt_goes(items: list[Item]) -> None:
    assert kept(*items) == {}


def test_an_element_as_un_is_read_by_the_vr_of_the_table() -> None:
    assert kept(PET, Item(FACTOR.tag, "UN", b"1.25")) == {PET.tag: PET.value, FACTOR.tag: FACTOR.value}


GE = Item(0x00190010, "LO", b"GEMS_ACQU_01")
NUMBER = Item(0x001910AA, "DS", b"7.5")


def declared(status: bytes, *, creator: bytes = b"GEMS_ACQU_01", extra: tuple[Item, ...] = ()) -> Item:
    item = [
        Item(0x00080301, "US", struct.pack("<H", 0x0019)),
        Item(0x00080302, "LO", creator),
        Item(0x00080303, "CS", status),
        *extra,
    ]
    return Item(0x00080300, "SQ", [item])


LISTED = Item(0x00080304, "US", struct.pack("<H", 0x00AA))
STRICTER = Item(0x00080305, "SQ", [[Item(0x00080306, "US", struct.pack("<H", 0x00AA)), Item(0x00080307, "CS", b"X")]])


@pytest.mark.parametrize(
    ("declaration", "stays"),
    [
        (declared(b"SAFE"), True),
        (declared(b"MIXED"), False),
        (declared(b"MIXED", extra=(LISTED,)), True),
        (declared(b"UNSAFE"), False),
        (declared(b"SAFE", extra=(STRICTER,)), False),
        (declared(b"SAFE", creator=b"another"), False),
    ],
)
def test_a_declaration_of_the_object_is_believed_of_numbers(declaration: Item, stays: bool) -> None:
    assert kept(declaration, GE, NUMBER) == ({GE.tag: GE.value, NUMBER.tag: NUMBER.value} if stays else {})


@pytest.mark.parametrize("item", [Item(0x001910AA, "LO", b"J Smith"), Item(0x001910AA, "CS", b"JOHN SMITH")])
def test_a_declaration_is_not_believed_of_texts(item: Item) -> None:
    assert kept(declared(b"SAFE"), GE, item) == {}


def test_a_declaration_is_not_believed_of_a_creator_nobody_knows() -> None:
    creator = b"J SMITH PRIVATE"
    assert kept(declared(b"SAFE", creator=creator), Item(0x00190010, "LO", creator), NUMBER) == {}


def test_a_declaration_may_be_stricter_than_the_table() -> None:
    extra = Item(0x00080305, "SQ", [[Item(0x00080306, "US", b"\0\0"), Item(0x00080307, "CS", b"Z")]])
    item = [
        Item(0x00080301, "US", struct.pack("<H", 0x7053)),
        Item(0x00080302, "LO", b"Philips PET Private Group"),
        Item(0x00080303, "CS", b"SAFE"),
        extra,
    ]
    assert kept(Item(0x00080300, "SQ", [item]), PET, FACTOR) == {}


def test_a_value_inside_a_block_declares_no_block() -> None:
    """Element 10 of block 10 holds the name of a creator: it is a text, and none of (0019,0010)'s namesakes."""
    inside = Item(0x70531011, "LO", PET.value)
    assert kept(PET, inside, FACTOR) == {PET.tag: PET.value, FACTOR.tag: FACTOR.value}
    assert kept(PET, inside, Item(0x70531100, "DS", b"1.25")) == {}
    assert kept(Item(0x70530001, "LO", PET.value), Item(0x70530100, "DS", b"1.25")) == {}


def test_a_block_that_is_declared_twice_is_believed_in_nothing() -> None:
    twice = Item(0x00080300, "SQ", [*declared(b"SAFE").value, *declared(b"SAFE").value])
    assert kept(twice, GE, NUMBER) == {}


@pytest.mark.parametrize(
    ("creator", "tag", "vr"), [(b"NQHeader", 0x00991005, "LT"), (b"Philips Imaging DD 001", 0x2001105A, "ST")]
)
def test_a_listed_text_goes_even_where_it_looks_like_a_date_that_may_stay(creator: bytes, tag: int, vr: str) -> None:
    """What looks like a date is as likely a number of the patient; the table's row does not make it one."""
    dates = Option.RETAIN_LONGITUDINAL_FULL_DATES
    block = Item(tag & 0xFFFF0000 | tag >> 8 & 0xFF, "LO", creator)
    assert kept(block, Item(tag, vr, b"20240301"), profile=Profile(options=SAFE.options | {dates})) == {}
