"""What the engine does with elements of a header, one rule a test. Headers are built by the test's own encoder."""

from __future__ import annotations

import io
import struct
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.header.engine import RedactedHeader, redact_header
from dicom_deid.header.presets import profile_named
from dicom_deid.header.profiles import Action, Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.part10.elements import Element
from dicom_deid.part10.reader import find, read_header
from dicom_deid.part10.writer import encode
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import Item, Planter, file_meta, in_order, pixel_module
from tests.synthetic.leaks import encode as encode_items

KEY = bytes(range(32))
STUDY, SERIES, INSTANCE = 0x0020000D, 0x0020000E, 0x00080018
UIDS = [
    Item(INSTANCE, "UI", b"1.2.826.0.1.1"),
    Item(STUDY, "UI", b"1.2.826.0.1.2"),
    Item(SERIES, "UI", b"1.2.826.0.1.3"),
]
PATIENT = Item(0x00100020, "LO", b"MRN 1")


def redacted(
    *items: Item, profile: Profile | None = None, claims: Claims | None = None, domain: str = "trial"
) -> RedactedHeader:
    present = {item.tag for item in items}
    base = [item for item in [*pixel_module(), *UIDS, PATIENT] if item.tag not in present]
    source = file_meta(Planter(), "1.2.840.10008.1.2.1") + encode_items(in_order([*items, *base]))
    header = read_header(io.BytesIO(source))
    return redact_header(header, profile or Profile(), Pseudonymiser(KEY, domain), claims or Claims())


def element_of(header: RedactedHeader, tag: int) -> Element | None:
    return find(header.dataset, tag)


def value_of(header: RedactedHeader, tag: int) -> bytes | None:
    element = element_of(header, tag)
    return None if element is None else element.value.rstrip(b"\0 ")


def with_options(*options: Option) -> Profile:
    return Profile(options=frozenset(options))


FULL, MODIFIED = Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
PATIENT_OPTION, DEVICE = Option.RETAIN_PATIENT_CHARACTERISTICS, Option.RETAIN_DEVICE_IDENTITY


def test_empty_stays_empty_and_absent_stays_absent() -> None:
    header = redacted(Item(0x00080050, "SH", b""), Item(0x00100010, "PN", b""))
    assert value_of(header, 0x00080050) == b""
    assert value_of(header, 0x00100010) == b""
    assert element_of(header, 0x00200010) is None


def test_identifiers_are_keyed_and_fit_their_vr() -> None:
    first = redacted(Item(0x00080050, "SH", b"ACC 1"), Item(0x00100010, "PN", b"Doe^Jane"))
    again = redacted(Item(0x00080050, "SH", b"ACC 1"), Item(0x00100010, "PN", b"Roe^Rick"))
    other = redacted(Item(0x00080050, "SH", b"ACC 1"), domain="another")
    assert value_of(first, 0x00080050) == value_of(again, 0x00080050) != value_of(other, 0x00080050)
    assert len(value_of(first, 0x00080050) or b"") == 16
    # The name follows the patient's identifier: two spellings are one patient.
    assert value_of(first, 0x00100010) == value_of(again, 0x00100010) == value_of(first, 0x00100020)


def test_padding_does_not_tell_identifiers_apart() -> None:
    padded = redacted(Item(0x00100020, "LO", b" MRN 1  "))
    assert value_of(padded, 0x00100020) == value_of(redacted(), 0x00100020)


def test_a_missing_issuer_does_not_split_a_patient() -> None:
    profile = Profile(issuers=("HOSPITAL_A", "HOSPITAL_B"))
    ids = {
        issuer: value_of(redacted(Item(0x00100021, "LO", issuer), profile=profile), 0x00100020)
        for issuer in (b"", b"HOSPITAL_A", b"SOMEWHERE", b"HOSPITAL_B")
    }
    assert ids[b""] == ids[b"HOSPITAL_A"] == ids[b"SOMEWHERE"] != ids[b"HOSPITAL_B"]


def test_an_object_without_a_patient_shifts_by_its_study_and_says_so() -> None:
    header = redacted(Item(0x00100020, "LO", b""))
    assert "subject-is-the-study" in header.warnings


def test_missing_uids_are_made_from_the_content() -> None:
    first = redacted(Item(INSTANCE, "UI", b""), Item(0x00200013, "IS", b"1"))
    second = redacted(Item(INSTANCE, "UI", b""), Item(0x00200013, "IS", b"2"))
    assert first.sop_instance_uid != second.sop_instance_uid
    assert value_of(first, INSTANCE) == first.sop_instance_uid.encode()
    assert "uid-missing" in first.warnings


def test_references_follow_the_uids_they_name() -> None:
    reference = [Item(0x00081150, "UI", b"1.2.840.10008.5.1.4.1.1.2"), Item(0x00081155, "UI", b"1.2.826.0.1.77\0")]
    header = redacted(Item(0x00081140, "SQ", [reference]), Item(0x00081110, "SQ", [reference]))
    named = redacted(Item(INSTANCE, "UI", b"1.2.826.0.1.77"))
    for tag in (0x00081140, 0x00081110):
        sequence = element_of(header, tag)
        assert sequence is not None
        assert sequence.items is not None
        target = find(sequence.items[0], 0x00081155)
        assert target is not None
        assert target.value.rstrip(b"\0").decode() == named.sop_instance_uid
        assert (find(sequence.items[0], 0x00081150) or target).value.rstrip(b"\0") == b"1.2.840.10008.5.1.4.1.1.2"


def test_retained_uids_stay_in_the_object_and_not_in_its_name() -> None:
    header = redacted(profile=with_options(Option.RETAIN_UIDS))
    assert value_of(header, INSTANCE) == b"1.2.826.0.1.1"
    assert header.media_storage_uid == "1.2.826.0.1.1"
    assert header.sop_instance_uid.startswith("2.25.")


def test_a_text_is_no_uid_to_retain() -> None:
    header = redacted(Item(0x00200052, "UI", b"SMITH^JOHN"), profile=with_options(Option.RETAIN_UIDS))
    assert (value_of(header, 0x00200052) or b"").startswith(b"2.25.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"055Y", b"055Y"),
        (b"089Y", b"089Y"),
        (b"090Y", b"090Y"),
        (b"101Y", b"090Y"),
        (b"999M", b"999M"),
        (b"055X", b""),
        (b"22Y ", b"022Y"),
        (b"95Y ", b"090Y"),
        (b"\xb2\xb2\xb2Y", b""),
    ],
)
def test_ages_over_89_are_one_group(source: bytes, expected: bytes) -> None:
    assert (
        value_of(redacted(Item(0x00101010, "AS", source), profile=with_options(PATIENT_OPTION)), 0x00101010) == expected
    )


@pytest.mark.parametrize(("source", "expected"), [(b"055Y", b"055Y"), (b"Zel3", b"000Y")])
def test_an_age_that_a_hanging_protocol_selects_must_be_one(source: bytes, expected: bytes) -> None:
    header = redacted(Item(0x0072005F, "AS", source), profile=with_options(PATIENT_OPTION))
    assert (value_of(header, 0x0072005F) or b"") == expected


def test_a_birth_date_is_emptied_under_every_option() -> None:
    for option in Option:
        header = redacted(Item(0x00100030, "DA", b"19700101"), profile=with_options(option))
        assert value_of(header, 0x00100030) == b""


@given(st.integers(0, 3000), st.text("ABC0123", min_size=1, max_size=8))
def test_intervals_between_attributes_are_kept(days: int, patient: str) -> None:
    second = date(2015, 1, 31) + timedelta(days=days)
    header = redacted(
        Item(0x00100020, "LO", patient.encode()),
        Item(0x00080020, "DA", b"20150131"),
        Item(0x00080021, "DA", f"{second:%Y%m%d}".encode()),
        Item(0x0008002A, "DT", f"{second:%Y%m%d}101112.25+1000".encode()),
        Item(0x00080030, "TM", b"101112.25"),
        profile=with_options(MODIFIED),
    )
    found = [(value_of(header, tag) or b"").decode() for tag in (0x00080020, 0x00080021, 0x0008002A)]
    assert date.fromisoformat(found[1]) - date.fromisoformat(found[0]) == timedelta(days=days)
    assert found[2] == found[1] + "101112.25+1000"
    assert value_of(header, 0x00080030) == b"101112.25"
    assert -3650 <= (date.fromisoformat(found[0]) - date(2015, 1, 31)).days <= -1


def test_dates_of_devices_do_not_reveal_the_shift() -> None:
    items = [Item(0x00181200, "DA", b"20240101"), Item(0x00181201, "TM", b"101112")]
    header = redacted(*items, profile=with_options(MODIFIED, DEVICE))
    assert not value_of(header, 0x00181200)
    assert not value_of(header, 0x00181201)
    assert value_of(redacted(*items, profile=with_options(DEVICE)), 0x00181200) == b"20240101"


def test_full_dates_stay_unless_they_are_texts() -> None:
    profile = with_options(FULL)
    assert value_of(redacted(Item(0x00080020, "DA", b"20240131"), profile=profile), 0x00080020) == b"20240131"
    assert value_of(redacted(Item(0x00080020, "DA", b"J SMITH "), profile=profile), 0x00080020) == b""


@pytest.mark.parametrize("text", [b"75.5 kg of J Smith", b"SMITH"])
def test_a_retained_number_must_be_one(text: bytes) -> None:
    header = redacted(Item(0x00101030, "DS", text), profile=with_options(PATIENT_OPTION))
    assert not value_of(header, 0x00101030)
    assert (
        value_of(redacted(Item(0x00101030, "DS", b"75.5"), profile=with_options(PATIENT_OPTION)), 0x00101030) == b"75.5"
    )


def test_a_dummy_item_replaces_a_sequence_of_persons() -> None:
    person = [Item(0x00080080, "LO", b"Hospital"), Item(0x00401101, "SQ", [[Item(0x00080104, "LO", b"Dr Who")]])]
    profile = Profile(overrides={0x00081111: Action.DUMMY})
    sequence = element_of(redacted(Item(0x00081111, "SQ", [person, person]), profile=profile), 0x00081111)
    assert sequence is not None
    assert len(sequence.items or []) == 1
    assert b"Hospital" not in encode([sequence], read_header(io.BytesIO(b"\x08\0\x05\0CS\0\0")).encoding)


def test_overrides_are_stronger_than_the_table() -> None:
    profile = Profile(overrides={0x00081030: Action.KEEP, 0x00080060: Action.REMOVE, 0x00100020: Action.EMPTY})
    header = redacted(Item(0x00081030, "LO", b"Trial arm B"), Item(0x00080060, "CS", b"CT"), profile=profile)
    assert value_of(header, 0x00081030) == b"Trial arm B"
    assert element_of(header, 0x00080060) is None
    assert value_of(header, 0x00100020) == b""


def test_bytes_after_a_null_go_and_the_text_before_it_stays() -> None:
    header = redacted(Item(0x00080060, "CS", b"CT\0SMITH"))
    assert value_of(header, 0x00080060) == b"CT"


def test_a_patient_named_like_a_modality_changes_no_modality() -> None:
    header = redacted(Item(0x00080060, "CS", b"CT"), Item(0x00100010, "PN", b"CT"))
    assert value_of(header, 0x00080060) == b"CT"


def test_of_two_elements_of_one_tag_one_stays() -> None:
    content = encode_items([*UIDS[:1], Item(0x00080060, "CS", b"CT"), Item(0x00080060, "CS", b"MR"), *UIDS[1:]])
    header = read_header(io.BytesIO(file_meta(Planter(), "1.2.840.10008.1.2.1") + content))
    result = redact_header(header, Profile(), Pseudonymiser(KEY, "trial"), Claims())
    assert [element.value for element in result.dataset if element.tag == 0x00080060] == [b"CT"]
    assert "element-repeated" in result.warnings


def test_an_item_has_its_own_character_set() -> None:
    # In GB18030 the second byte of this character is a backslash; read otherwise, there are two values.
    item = [Item(0x00080005, "CS", b"GB18030"), Item(0x00081030, "LO", "CT chest 乗".encode("gb18030"))]
    header = redacted(
        Item(0x00081250, "SQ", [item]),
        Item(0x0008103E, "LO", b"CT abdomen M\xfcller"),
        profile=profile_named("research"),
    )
    assert value_of(header, 0x0008103E) == b"CT abdomen"
    sequence = element_of(header, 0x00081250)
    assert sequence is not None
    assert (find((sequence.items or [[]])[0], 0x00081030) or sequence).value.rstrip() == b"CT chest"


def test_a_text_in_the_place_of_a_character_set_goes() -> None:
    assert element_of(redacted(Item(0x00080005, "CS", b"SMITH JOHN")), 0x00080005) is None
    assert value_of(redacted(Item(0x00080005, "CS", b"\\ISO 2022 IR 87")), 0x00080005) == b"\\ISO 2022 IR 87"


def test_a_claim_of_the_source_is_not_repeated() -> None:
    assert element_of(redacted(Item(0x00280301, "CS", b"NO")), 0x00280301) is None
    assert value_of(redacted(Item(0x00280301, "CS", b"YES")), 0x00280301) == b"YES"
    assert value_of(redacted(claims=Claims(pixels_cleaned=True)), 0x00280301) == b"NO"


def test_evidence_says_what_was_done_and_only_that() -> None:
    prior = [Item(0x00080100, "SH", b"113101"), Item(0x00080102, "SH", b"DCM"), Item(0x00080104, "LO", b"Clean")]
    items = [Item(0x00120063, "LO", b"by J Smith"), Item(0x00120064, "SQ", [prior]), Item(0x0018A001, "SQ", [[]])]
    profile = profile_named("research")
    header = redacted(*items, profile=profile)
    assert value_of(header, 0x00120062) == b"YES"
    assert value_of(header, 0x00280303) == b"MODIFIED"
    method = (value_of(header, 0x00120063) or b"").decode().split("\\")
    assert all(len(value) <= 64 for value in method)
    assert any(profile.digest[:16] in value for value in method)
    codes = element_of(header, 0x00120064)
    assert codes is not None
    found = [(find(item, 0x00080100) or codes).value.decode().strip() for item in codes.items or []]
    assert found == [str(code) for code in profile.codes]
    equipment = element_of(header, 0x0018A001)
    assert equipment is not None
    assert len(equipment.items or []) == 1
    assert find((equipment.items or [[]])[0], 0x0018A002) is None


def test_minimal_drops_the_descriptors_that_basic_keeps() -> None:
    item = Item(0x00181210, "SH", b"B30f")
    assert value_of(redacted(item), 0x00181210) == b"B30f"
    assert not value_of(redacted(item, profile=profile_named("minimal")), 0x00181210)


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00080008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        (0x00080060, "CS", b"CT"),
        (0x00180020, "CS", b"SE"),
        (0x00180050, "DS", b"2.5"),
        (0x00180060, "DS", b"120"),
        (0x00180081, "DS", b"2.3"),
        (0x00181063, "DS", b"33.3"),
        (0x00185100, "CS", b"FFS"),
        (0x00200032, "DS", b"-120.5\\-7e1\\+3"),
        (0x00200037, "DS", b"1\\0\\0\\0\\1\\0"),
        (0x00280030, "DS", b"0.5\\0.5"),
        (0x00281050, "DS", b"40\\300"),
        (0x00281051, "DS", b"400\\1500"),
        (0x00281052, "DS", b"-1024"),
        (0x00281053, "DS", b"1"),
        (0x00541001, "CS", b"BQML"),
    ],
)
@pytest.mark.parametrize("name", ["basic", "minimal", "research"])
def test_technique_and_geometry_pass_byte_for_byte(tag: int, vr: str, value: bytes, name: str) -> None:
    assert value_of(redacted(Item(tag, vr, value), profile=profile_named(name)), tag) == value


def test_a_number_longer_than_its_multiplicity_goes() -> None:
    assert element_of(redacted(Item(0x00280034, "IS", b"1\\1")), 0x00280034) is not None
    assert element_of(redacted(Item(0x00189073, "FD", struct.pack("<d", 2.5))), 0x00189073) is not None
    assert element_of(redacted(Item(0x00189073, "FD", b"SMITH^JOHN WARD9")), 0x00189073) is None


def test_a_device_is_known_whole_only_under_its_option() -> None:
    items = [Item(0x00080070, "LO", b"Nobody Knows Inc"), Item(0x00081090, "LO", b"Xyzzy-77Q")]
    assert value_of(redacted(*items, profile=with_options(DEVICE)), 0x00081090) == b"Xyzzy-77Q"
    assert b"Xyzzy" not in (value_of(redacted(*items), 0x00081090) or b"")
    assert b"Nobody" not in (value_of(redacted(*items), 0x00080070) or b"")


def test_claims_and_equipment_inside_items_go() -> None:
    inner = [Item(0x00120062, "CS", b"YES"), Item(0x0018A001, "SQ", [[Item(0x00080070, "LO", b"GE")]])]
    sequence = element_of(redacted(Item(0x00089215, "SQ", [inner])), 0x00089215)
    assert sequence is not None
    assert sequence.items == [[]]


def test_a_code_of_the_pixels_is_not_earned_by_a_header() -> None:
    profile = with_options(Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES)
    assert _method_codes(redacted(profile=profile)) == [b"113100"]
    assert _method_codes(redacted(profile=profile, claims=Claims(pixels_cleaned=True))) == [b"113100", b"113101"]


def test_a_profile_that_keeps_what_basic_removes_does_not_claim_it() -> None:
    kept = Profile(overrides={0x00081030: Action.KEEP})
    harmless = Profile(overrides={0x00181030: Action.REMOVE, 0x00181210: Action.KEEP})
    assert _method_codes(redacted(profile=kept)) == []
    assert _method_codes(redacted(profile=harmless)) == [b"113100"]


def _method_codes(header: RedactedHeader) -> list[bytes]:
    sequence = element_of(header, 0x00120064)
    items = sequence.items or [] if sequence is not None else []
    return [(find(item, 0x00080100) or Element(0, "SH")).value.strip() for item in items]


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        *((0x00080106, "DT"), (0x00080107, "DT"), (0x00100030, "DA"), (0x00181200, "DA"), (0x00181202, "DT")),
        *((0x00181203, "DT"), (0x00181204, "DA"), (0x00181205, "DA"), (0x0018700C, "DA"), (0x0018A002, "DT")),
        *((0x00440004, "DT"), (0x0044000B, "DT"), (0x00686226, "DT"), (0x300E0004, "DA")),
    ],
)
def test_no_date_that_others_may_know_moves_with_the_patient_s(tag: int, vr: str) -> None:
    """Calibration, manufacture, approval: the same day stands in other files, so its shift would tell all shifts."""
    source = b"20150131" if vr == "DA" else b"20150131101112"
    for options in ({MODIFIED}, {MODIFIED, DEVICE, PATIENT_OPTION, Option.CLEAN_STRUCTURED_CONTENT}):
        header = redacted(
            Item(tag, vr, source), Item(0x00080020, "DA", b"20150131"), profile=Profile(options=frozenset(options))
        )
        shifted = value_of(header, 0x00080020)
        assert shifted not in (None, b"", b"20150131")
        assert not (value_of(header, tag) or b"").startswith(shifted or b"!")


def test_coded_entries_settled_under_one_key_are_not_those_of_another() -> None:
    local = [Item(0x00080100, "SH", b"A1"), Item(0x00080102, "SH", b"99X"), Item(0x00080104, "LO", b"Smith")]
    other = [Item(0x00080100, "SH", b"A2"), *local[1:]]

    def keyed(item: list[Item], domain: str) -> bytes:
        sequence = element_of(redacted(Item(0x00081032, "SQ", [item]), domain=domain), 0x00081032)
        assert sequence is not None
        return (find((sequence.items or [[]])[0], 0x00080100) or sequence).value

    first = [keyed(local, "trial"), keyed(local, "another"), keyed(other, "trial")]
    assert len(set(first)) == 3
    assert [keyed(local, "trial"), keyed(local, "another"), keyed(other, "trial")] == first


@pytest.mark.parametrize("vr", ["UN", "SH"])
def test_entries_of_which_not_all_was_encoded_are_told_apart(vr: str) -> None:
    """An element whose VR was guessed has no bytes to be remembered by."""
    known = [[Item(0x00080100, "UN", value), Item(0x00080102, vr, b"DCM ")] for value in (b"121181", b"121033")]
    sequence = element_of(redacted(Item(0x00081032, "SQ", known)), 0x00081032)
    assert sequence is not None
    kept = [find(item, 0x00080100) for item in sequence.items or []]
    assert [element.value.strip() for element in kept if element] == [b"121181", b"121033"]
