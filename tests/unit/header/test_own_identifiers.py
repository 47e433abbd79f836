"""What the header calls its people by goes, wherever it is said again; what merely looks like it stays."""

from __future__ import annotations

import io

import pytest

from dicom_deid.header.engine import RedactedHeader, redact_header
from dicom_deid.header.own_identifiers import WARNING, stated_by
from dicom_deid.header.presets import profile_named
from dicom_deid.header.profiles import Action, Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.part10.elements import Element, Encoding, Header
from dicom_deid.part10.reader import find, read_header
from dicom_deid.part10.writer import encode
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import Item, Planter, file_meta, in_order, pixel_module
from tests.synthetic.leaks import encode as encode_items

ALL_KEPT = Profile(
    options=frozenset(
        {
            Option.RETAIN_UIDS,
            Option.RETAIN_DEVICE_IDENTITY,
            Option.RETAIN_INSTITUTION_IDENTITY,
            Option.RETAIN_PATIENT_CHARACTERISTICS,
            Option.RETAIN_LONGITUDINAL_FULL_DATES,
            Option.RETAIN_SAFE_PRIVATE,
        }
    )
)
BASIC = Profile()
PEOPLE = (
    Item(0x00080018, "UI", b"1.2.826.0.1.1"),
    Item(0x00080050, "SH", b"ACC-20417"),
    Item(0x00080090, "PN", b"Marchetti^Odile"),
    Item(0x00100010, "PN", b"Quimbleton^Zelda=\xd7\xe0\xd9"),
    Item(0x00100020, "LO", b"0083749215"),
    Item(0x00100030, "DA", b"19670423"),
    Item(0x00102154, "SH", b"+61 412 345 678"),
    Item(0x0020000D, "UI", b"1.2.826.0.1.2"),
    Item(0x0020000E, "UI", b"1.2.826.0.1.3"),
)
SCHEME = Item(0x00080102, "SH", b"PUBCHEM_CID")


def redacted(*items: Item, profile: Profile = BASIC) -> RedactedHeader:
    present = {item.tag for item in items}
    base = [item for item in (*pixel_module(), *PEOPLE) if item.tag not in present]
    content = file_meta(Planter(), "1.2.840.10008.1.2.1") + encode_items(in_order([*items, *base]))
    header = read_header(io.BytesIO(content))
    return redact_header(header, profile, Pseudonymiser(bytes(32), "trial"), Claims())


def value_of(header: RedactedHeader, tag: int) -> bytes | None:
    element = find(header.dataset, tag)
    return element.value.rstrip(b"\0 ") if element is not None else None


def nested(*items: Item) -> Item:
    """A sequence that table E.1-1 does not list."""
    return Item(0x52009229, "SQ", [list(items)])


REPEATED = {
    "the record number as Series Number": (Item(0x00200011, "IS", b"83749215"), BASIC),
    "the record number as Instance Number, zeros and all": (Item(0x00200013, "IS", b"0083749215"), BASIC),
    "the telephone number as a decimal": (Item(0x00180081, "DS", b"61412345678"), BASIC),
    "the day of birth as a number": (nested(Item(0x00200012, "IS", b"19670423")), BASIC),
    "one of several numbers": (Item(0x00280030, "DS", b"0.5\\83749215"), BASIC),
    "a name in the bytes of floats": (Item(0x00660016, "OF", b"Zelda Quimbleton"), BASIC),
    "a name in a lookup table": (Item(0x00281201, "OW", bytes(100) + b"QUIMBLETON\0\0"), BASIC),
    "a code": (nested(Item(0x00080100, "SH", b"83749215"), SCHEME), BASIC),
    "a station's name": (Item(0x00081010, "SH", b"QUIMBLETON"), ALL_KEPT),
    "a physician's name as a serial number": (Item(0x00181000, "LO", b"for MARCHETTI"), ALL_KEPT),
    "an accession number as a plate": (Item(0x00181004, "LO", b"acc-20417"), ALL_KEPT),
    "a number behind letters": (Item(0x00181000, "LO", b"MRN0083749215"), ALL_KEPT),
    "a name before digits": (Item(0x00081010, "SH", b"MARCHETTI67"), ALL_KEPT),
    "a name behind an escape sequence": (Item(0x00102160, "SH", b"\x1b(JQuimbleton"), ALL_KEPT),
    "a component of a UID": (Item(0x00081155, "UI", b"1.2.826.83749215.7"), ALL_KEPT),
    "a safe private number": (
        nested(Item(0x20010010, "LO", b"Philips Imaging DD 001"), Item(0x20011002, "IS", b"83749215")),
        ALL_KEPT,
    ),
}


@pytest.mark.parametrize(("item", "profile"), REPEATED.values(), ids=REPEATED)
def test_what_says_an_identifier_again_goes(item: Item, profile: Profile) -> None:
    header = redacted(item, profile=profile)
    assert WARNING in header.warnings
    content = encode(header.dataset, read_header(io.BytesIO(file_meta(Planter(), "1.2.840.10008.1.2.1"))).encoding)
    for text in (b"quimbleton", b"marchetti", b"83749215", b"412345678", b"acc-20417", b"19670423"):
        assert text not in content.lower()


ALIKE = {
    "a longer number": (Item(0x00200011, "IS", b"183749215"), BASIC),
    "a word that begins like a name": (Item(0x00081010, "SH", b"QUIMBLETONS"), ALL_KEPT),
    "an institution of another name": (Item(0x00080080, "LO", b"Odileton Clinic"), ALL_KEPT),
    "the day of birth in a UID": (Item(0x00081155, "UI", b"1.2.826.19670423.7"), ALL_KEPT),
    "the day of birth as the day of a study": (Item(0x00080020, "DA", b"19670423"), ALL_KEPT),
}


@pytest.mark.parametrize(("item", "profile"), ALIKE.values(), ids=ALIKE)
def test_what_is_merely_like_one_stays(item: Item, profile: Profile) -> None:
    header = redacted(item, profile=profile)
    assert WARNING not in header.warnings
    assert value_of(header, item.tag) == item.value


@pytest.mark.parametrize("name", [b"CT^Chest", b"Siemens^Axial", b"Head^Foot", b"Li^Wu", b"ANONYMIZED"])
def test_a_name_of_common_words_takes_nothing_along(name: bytes) -> None:
    items = (
        Item(0x00080070, "LO", b"SIEMENS"),
        Item(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        Item(0x00080060, "CS", b"CT"),
        Item(0x0008103E, "LO", b"CT chest axial"),
        Item(0x00180015, "CS", b"HEAD"),
    )
    header = redacted(Item(0x00100010, "PN", name), *items, profile=profile_named("research"))
    assert {item.tag: value_of(header, item.tag) for item in items} == {item.tag: item.value for item in items}


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        (b"White^Zelda", b"CT chest White", b"CT chest"),
        (b"White^Zelda", b"T2 white matter", b"T2 matter"),
        (b"Foot^Zelda", b"CT foot", b"CT"),
        (b"Long^Zelda", b"LONG axis MR", b"axis MR"),
        (b"Quimby^Ray", b"chest White", b"chest White"),
        (b"Whiteley^Zelda", b"CT chest White", b"CT chest White"),
    ],
)
def test_a_name_that_is_a_word_too_goes_from_a_typed_text(name: bytes, text: bytes, left: bytes) -> None:
    typed, region = Item(0x0008103E, "LO", text), Item(0x00180015, "CS", b"FOOT")
    header = redacted(Item(0x00100010, "PN", name), typed, region, profile=profile_named("research"))
    assert value_of(header, typed.tag) == left
    assert value_of(header, region.tag) == b"FOOT"


@pytest.mark.parametrize(
    ("number", "tag", "vr"), [(b"1", 0x00200011, "IS"), (b"4512", 0x00200011, "IS"), (b"32768", 0x00281052, "DS")]
)
def test_a_short_number_takes_nothing_along(number: bytes, tag: int, vr: str) -> None:
    header = redacted(Item(0x00100020, "LO", number), Item(tag, vr, number))
    assert value_of(header, tag) == number
    assert WARNING not in header.warnings


@pytest.mark.parametrize("station", [b"OBRIEN", b"o'brien", b"CT Zelda", b"MUELLER-Odile", b"MULLER"])
def test_a_name_is_found_in_its_usual_spellings(station: bytes) -> None:
    names = (Item(0x00100010, "PN", b"O'Brien^Mary-Zelda"), Item(0x00080090, "PN", b"M\xfcller^Odile"))
    latin = Item(0x00080005, "CS", b"ISO_IR 100")
    header = redacted(*names, latin, Item(0x00081010, "SH", station), profile=ALL_KEPT)
    assert value_of(header, 0x00081010) != station


def test_thousands_of_names_take_no_longer_than_some() -> None:
    names = b"\\".join(b"Q%05dx^Y%05dz" % (number, number) for number in range(3000))
    dataset = [Element(0x00100020, "LO", b"0083749215"), Element(0x00101001, "PN", names)]
    own = stated_by(Header("", Encoding(), False, [], dataset, None, 0), BASIC, ("latin-1",))
    assert len(own.identifiers) == 64
    assert b"0083749215" in own.identifiers


def test_an_identifier_that_the_custodian_keeps_stays() -> None:
    profile = Profile(overrides={0x00100020: Action.KEEP, 0x00200011: Action.KEEP})
    header = redacted(Item(0x00200011, "IS", b"83749215"), profile=profile)
    assert value_of(header, 0x00100020) == b"0083749215"
    assert value_of(header, 0x00200011) == b"83749215"


def test_equal_labels_stay_equal() -> None:
    layers = nested(Item(0x00209056, "SH", b"83749215"), nested(Item(0x00209056, "SH", b"83749215")))
    first = find(redacted(layers).dataset, 0x52009229)
    assert first is not None
    item = (first.items or [[]])[0]
    inner = find(item, 0x52009229)
    outer = find(item, 0x00209056)
    assert inner is not None
    assert outer is not None
    assert find((inner.items or [[]])[0], 0x00209056) == outer
    assert outer.value


def test_a_fraction_with_the_digits_of_a_record_number_is_a_coincidence() -> None:
    spacing = Item(0x00280030, "DS", b"0.661468\\0.661468")
    header = redacted(spacing, Item(0x00100020, "LO", b"661468"))
    assert value_of(header, 0x00280030) == spacing.value
    assert WARNING not in header.warnings


def test_a_class_that_somebody_entered_as_a_record_number_stays_a_class() -> None:
    sop_class = b"1.2.840.10008.5.1.4.1.1.2"
    header = redacted(Item(0x00080016, "UI", sop_class), Item(0x00100020, "LO", sop_class))
    assert value_of(header, 0x00080016) == sop_class
