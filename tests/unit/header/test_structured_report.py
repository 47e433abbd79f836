"""Content items go, stay or are cleaned by their concept and value type (PS3.15 table E.3.4-1)."""

from __future__ import annotations

import struct

import pytest

from dicom_deid.header.profiles import Option
from dicom_deid.header.structured_report import CONTENT, clean_content
from dicom_deid.header.tables import ConceptRule, concept_rules
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find
from tests.unit.header.plain_cleaner import PlainCleaner, code, sequence, text, values

VALUE_TYPE, CONCEPT, TEXT, PNAME, UID, DATE, REFERENCE = (
    0x0040A040,
    0x0040A043,
    0x0040A160,
    0x0040A123,
    0x0040A124,
    0x0040A121,
    0x0040DB73,
)
STRUCTURED, DESCRIPTORS, PATIENT, DATES = (
    Option.CLEAN_STRUCTURED_CONTENT,
    Option.CLEAN_DESCRIPTORS,
    Option.RETAIN_PATIENT_CHARACTERISTICS,
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
)
VALUES = {
    "TEXT": (TEXT, "UT", "Xylander, Ann"),
    "PNAME": (PNAME, "PN", "Xylander^Ann"),
    "UIDREF": (UID, "UI", "1.2.3.99"),
    "DATE": (DATE, "DA", "19560312"),
    "TIME": (0x0040A122, "TM", "101112"),
    "DATETIME": (0x0040A120, "DT", "19560312101112"),
}
UNLISTED = code("121401", "DCM", "Derivation")


def item(value_type: str, concept: DataSet, *more: Element) -> DataSet:
    return [text(VALUE_TYPE, "CS", value_type), sequence(CONCEPT, concept), *more]


def number(value: str, unit: str) -> Element:
    return sequence(0x0040A300, [sequence(0x004008EA, code(unit, "UCUM", unit)), text(0x0040A30A, "DS", value)])


def cleaned(content: DataSet, *options: Option) -> DataSet | None:
    kept = clean_content([content], PlainCleaner(*options))
    return kept[0] if kept else None


def test_a_finding_keeps_its_known_words() -> None:
    kept = cleaned(item("TEXT", UNLISTED, text(TEXT, "UT", "Mass in left lung, Dr Smith called")), STRUCTURED)
    assert kept is not None
    assert values(kept)[TEXT] == "Mass in left lung"


def test_a_text_without_a_known_word_goes_with_its_item() -> None:
    assert cleaned(item("TEXT", UNLISTED, text(TEXT, "UT", "John Smith")), STRUCTURED) is None


def test_without_the_option_no_text_stays() -> None:
    assert cleaned(item("TEXT", UNLISTED, text(TEXT, "UT", "Mass in left lung"))) is None


@pytest.mark.parametrize(
    ("concept", "meaning"),
    [("121022", "Accession Number"), ("109054", "Patient State")],
)
def test_a_listed_text_goes(concept: str, meaning: str) -> None:
    assert cleaned(item("TEXT", code(concept, "DCM", meaning), text(TEXT, "UT", "left lung")), STRUCTURED) is None


def test_a_listed_text_with_descriptors_is_cleaned() -> None:
    concept = code("109054", "DCM", "Patient State")
    kept = cleaned(item("TEXT", concept, text(TEXT, "UT", "resting, Mr Smith")), STRUCTURED, DESCRIPTORS)
    assert kept is not None
    assert values(kept)[TEXT] == "resting"


def test_a_concept_by_an_older_snomed_identifier_is_the_same_concept() -> None:
    """(363698007, SCT) Finding Site is D in the table; G-C0E3 is what older reports call it."""
    for concept in (code("363698007", "SCT", "Finding Site"), code("G-C0E3", "SRT", "Finding Site")):
        kept = cleaned(item("TEXT", concept, text(TEXT, "UT", "left lung")), STRUCTURED)
        assert kept is not None
        assert values(kept)[TEXT] == "ANONYMIZED"


def test_a_retained_device_keeps_its_name_and_uid() -> None:
    name = item("TEXT", code("121013", "DCM", "Device Observer Name"), text(TEXT, "UT", "Station Seven"))
    uid = item("UIDREF", code("121012", "DCM", "Device Observer UID"), text(UID, "UI", "1.2.3.4"))
    for content, tag, value in ((name, TEXT, "Station Seven"), (uid, UID, "1.2.3.4")):
        kept = cleaned(content, STRUCTURED, Option.RETAIN_DEVICE_IDENTITY)
        assert kept is not None
        assert values(kept)[tag] == value
        gone = cleaned(content, STRUCTURED)
        assert gone is None or values(gone)[tag] != value


@pytest.mark.parametrize("rule", concept_rules().values(), ids=["-".join(key) for key in concept_rules()])
def test_no_row_of_the_table_lets_a_value_through_without_its_option(rule: ConceptRule) -> None:
    """Whatever value type the file gives the concept."""
    for value_type, (tag, vr, value) in VALUES.items():
        concept = code(rule.value, rule.scheme, "Xylander's")
        kept = cleaned(item(value_type, concept, text(tag, vr, value)), STRUCTURED)
        assert kept is None or (value not in repr(kept) and "Xylander" not in repr(kept))


def test_no_person_name_ever_stays() -> None:
    for concept in (code("121008", "DCM", "Person Observer Name"), UNLISTED):
        kept = cleaned(item("PNAME", concept, text(PNAME, "PN", "Smith^John")), *list(Option)[2:5])
        assert kept is None or values(kept)[PNAME] == "ANONYMIZED"


def test_dates_move_with_the_option_and_go_without_it() -> None:
    content = item("DATE", UNLISTED, text(DATE, "DA", "19560312"))
    moved = cleaned(content, STRUCTURED, DATES)
    assert moved is not None
    assert values(moved)[DATE] == "20000101"
    assert cleaned(content, STRUCTURED) is None


def test_the_date_of_birth_goes_under_every_option() -> None:
    birth = item("DATE", code("121031", "DCM", "Subject Birth Date"), text(DATE, "DA", "19560312"))
    assert cleaned(birth, STRUCTURED, DATES, PATIENT, DESCRIPTORS) is None


def test_uids_are_remapped() -> None:
    kept = cleaned(item("UIDREF", UNLISTED, text(UID, "UI", "1.2.3.4")), STRUCTURED)
    assert kept is not None
    assert values(kept)[UID] == PlainCleaner().uid("1.2.3.4")


def test_a_text_beside_another_value_type_goes() -> None:
    kept = cleaned(item("NUM", UNLISTED, number("3", "mm"), text(TEXT, "UT", "John Smith")), STRUCTURED)
    assert kept is not None
    assert find(kept, TEXT) is None
    assert find(kept, 0x0040A300) is not None


@pytest.mark.parametrize(
    ("age", "unit", "expected"),
    [
        ("89", "a", "89"),
        ("90", "a", "90"),
        ("97", "a", "90"),
        ("1200", "mo", "1080"),
        ("80", "mo", "80"),
        ("old", "a", "90"),
    ],
)
@pytest.mark.parametrize("concept", [code("121033", "DCM", "Subject Age"), code("30525-0", "LN", "Age")])
def test_ages_over_89_are_one_group_in_any_unit(age: str, unit: str, expected: str, concept: DataSet) -> None:
    kept = cleaned(item("NUM", concept, number(age, unit)), STRUCTURED, PATIENT)
    assert kept is not None
    measured = find(kept, 0x0040A300)
    assert measured is not None
    assert measured.items is not None
    assert values(measured.items[0])[0x0040A30A] == expected


def test_an_age_goes_where_patient_characteristics_are_not_kept() -> None:
    assert cleaned(item("NUM", code("121033", "DCM", "Subject Age"), number("50", "a")), STRUCTURED) is None


def test_codes_inside_items_are_cleaned() -> None:
    concept = code("4711", "99SMITH", "Smith's finding")
    kept = cleaned(item("CODE", concept, sequence(0x0040A168, code("4712", "99SMITH", "by Smith"))), STRUCTURED)
    assert kept is not None
    assert "SMITH" not in repr(kept).upper()


def reference(*path: int, order: str = "<") -> DataSet:
    return [
        text(0x0040A010, "CS", "INFERRED FROM"),
        Element(REFERENCE, "UL", struct.pack(f"{order}{len(path)}L", *path)),
    ]


@pytest.mark.parametrize("order", "<>")
def test_references_by_position_follow_their_target(order: str) -> None:
    """The first item goes, so what was third is second; the item that refers to the first goes with it."""
    content = [
        item("TEXT", UNLISTED, text(TEXT, "UT", "Smith")),
        item("CONTAINER", UNLISTED, sequence(CONTENT, reference(1, 3, order=order), reference(1, 1, order=order))),
        item("NUM", UNLISTED, number("3", "mm")),
    ]
    kept = clean_content(content, PlainCleaner(STRUCTURED))
    assert len(kept) == 2
    nested = find(kept[0], CONTENT)
    assert nested is not None
    assert nested.items is not None
    assert [find(entry, REFERENCE) for entry in nested.items] == [
        Element(REFERENCE, "UL", struct.pack(f"{order}2L", 1, 2)),
    ]


def test_children_of_an_item_that_goes_go_with_it() -> None:
    child = item("NUM", UNLISTED, number("3", "mm"))
    listed = code("110190", "DCM", "Issuer of Identifier")
    parent = item("TEXT", listed, text(TEXT, "UT", "Smith"), sequence(CONTENT, child))
    assert cleaned(parent, STRUCTURED) is None


def test_what_was_measured_of_a_finding_stays_where_nothing_that_was_said_of_it_does() -> None:
    child = item("NUM", UNLISTED, number("3", "mm"))
    silent = item("TEXT", UNLISTED, text(TEXT, "UT", "Smith"))
    parent = item("TEXT", UNLISTED, text(TEXT, "UT", "Smith"), sequence(CONTENT, silent, child))
    kept = cleaned(parent, STRUCTURED)
    assert kept is not None
    assert values(kept)[TEXT] == "ANONYMIZED"
    nested = find(kept, CONTENT)
    assert nested is not None
    assert nested.items == [child]


def test_a_tree_of_any_depth_is_cleaned() -> None:
    content = item("TEXT", UNLISTED, text(TEXT, "UT", "left lung Smith"))
    for _ in range(30):
        content = item("CONTAINER", UNLISTED, sequence(CONTENT, content))
    kept = cleaned(content, STRUCTURED)
    assert "Smith" not in repr(kept)
    assert "left lung" in repr(kept)


@pytest.mark.parametrize(
    ("scheme", "value"),
    [("DCM", "121033"), ("LN", "30525-0"), ("LN", "29553-5"), ("SCT", "397669002"), ("SCT", "424144002")],
)
def test_an_age_goes_by_whatever_code_and_is_capped_where_it_may_stay(scheme: str, value: str) -> None:
    age = item("NUM", code(value, scheme, "Age"), number("94", "a"))
    assert cleaned(age, STRUCTURED) is None
    kept = cleaned(age, STRUCTURED, PATIENT)
    assert kept is not None
    assert "94" not in repr(kept)
    young = cleaned(item("NUM", code(value, scheme, "Age"), number("45", "a")), STRUCTURED, PATIENT)
    assert "45" in repr(young)
