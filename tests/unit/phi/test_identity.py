"""What a header states of an identity."""

from __future__ import annotations

import io

import pytest

from dicom_deid.part10.reader import read_header
from dicom_deid.phi.identity import IdentityKind, IdentityValue, harvest
from tests.synthetic.leaks import EXPLICIT, Item, Planter, encode, file_meta

OF_KIND = {
    IdentityKind.PATIENT_NAME: [(0x00100010, "PN"), (0x00101001, "PN"), (0x00101005, "PN")],
    IdentityKind.PERSON_NAME: [
        *((0x00080090, "PN"), (0x0008009C, "PN"), (0x00081048, "PN"), (0x00081050, "PN"), (0x00081060, "PN")),
        *((0x00081070, "PN"), (0x00101060, "PN"), (0x00102297, "PN"), (0x00321032, "PN")),
        *((0x00400006, "PN"), (0x0040A123, "PN")),
        # Named by no row of the table: the VR tells.
        *((0x0040A075, "PN"), (0x00700084, "PN"), (0x00402008, "PN"), (0x00404037, "PN"), (0x300E0008, "PN")),
    ],
    IdentityKind.PATIENT_ID: [(0x00100020, "LO")],
    IdentityKind.IDENTIFIER: [
        *((0x00080050, "SH"), (0x00101000, "LO"), (0x00101090, "LO"), (0x00200010, "SH"), (0x00380010, "LO")),
        *((0x00401001, "SH"), (0x00402016, "LO"), (0x00402017, "LO")),
    ],
    IdentityKind.BIRTH_DATE: [(0x00100030, "DA")],
    IdentityKind.DATE: [
        *((0x00080020, "DA"), (0x00080021, "DA"), (0x00080022, "DA"), (0x00080023, "DA"), (0x0008002A, "DT")),
    ],
    IdentityKind.AGE: [(0x00101010, "AS")],
    IdentityKind.SEX: [(0x00100040, "CS")],
    IdentityKind.INSTITUTION: [(0x00080080, "LO"), (0x00081040, "LO"), (0x00321033, "LO")],
    IdentityKind.ADDRESS: [(0x00080081, "ST"), (0x00101040, "LO")],
    IdentityKind.PHONE: [(0x00102154, "SH")],
    IdentityKind.DEVICE: [(0x00081010, "SH"), (0x00181000, "LO")],
}
CASES = [(kind, tag, vr) for kind, tags in OF_KIND.items() for tag, vr in tags]
NAME, COMMENT = Item(0x00100010, "PN", b"Wirrabee^Citizen"), Item(0x00204000, "LT", b"Wirrabee")


def harvested(*items: Item) -> tuple[IdentityValue, ...]:
    return harvest(read_header(io.BytesIO(file_meta(Planter(), EXPLICIT) + encode(list(items))))).values


@pytest.mark.parametrize(("kind", "tag", "vr"), CASES)
def test_every_attribute_that_identifies_is_harvested_as_what_it_is(kind: IdentityKind, tag: int, vr: str) -> None:
    assert harvested(Item(tag, vr, b"1A")) == (IdentityValue(kind, tag, "1A"),)
    nested = Item(0x00081140, "SQ", [[Item(0x00081199, "SQ", [[Item(tag, vr, b"1A")]])]])
    assert harvested(nested) == (IdentityValue(kind, tag, "1A"),)


def test_what_identifies_nobody_and_what_is_empty_is_not_harvested() -> None:
    assert harvested(Item(0x00080060, "CS", b"CT"), Item(0x00100010, "PN", b""), COMMENT) == ()


def test_each_value_is_harvested_once_by_the_character_set_of_the_file() -> None:
    others = Item(0x00101001, "PN", "M\u00fcller\\Li\\M\u00fcller".encode())
    found = harvested(Item(0x00080005, "CS", b"ISO_IR 192"), others)
    assert [value.text for value in found] == ["M\u00fcller", "Li"]
