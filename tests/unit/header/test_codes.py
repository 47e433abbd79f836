"""Codes: a registered code is a fact and stays; a local code and a free meaning may say anything."""

from __future__ import annotations

import pytest

from dicom_deid.header.codes import canonical, clean_code_item, meaning_of
from dicom_deid.header.schemes import has_form, is_ucum
from tests.synthetic import terms
from tests.unit.header.plain_cleaner import PlainCleaner, code, text, values

VALUE, SCHEME, VERSION, MEANING, LONG, URN = 0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120


@pytest.mark.parametrize(
    ("value", "scheme", "meaning"),
    [
        ("T-D3000", "SRT", "Chest"),
        ("51185008", "SCT", "Chest"),
        ("121181", "DCM", "DICOM Object Catalog"),
        ("mm", "UCUM", "mm"),
        ("18782-3", "LN", "Observation"),
    ],
)
def test_a_known_code_keeps_its_value(value: str, scheme: str, meaning: str) -> None:
    cleaned = values(clean_code_item(code(value, scheme, meaning), PlainCleaner()))
    assert (cleaned[VALUE], cleaned[SCHEME]) == (value, scheme)


def test_a_known_code_with_its_own_meaning_is_not_touched() -> None:
    item = code("51185008", "SCT", "Thorax")
    assert all(a is b for a, b in zip(clean_code_item(item, PlainCleaner()), item, strict=True))


def test_the_meaning_of_a_known_code_comes_from_our_dictionary() -> None:
    cleaned = values(clean_code_item(code("121033", "DCM", "Age of John Smith"), PlainCleaner()))
    assert cleaned[MEANING] == meaning_of("DCM", "121033") == "Subject Age"


def test_an_unknown_code_of_a_registered_scheme_has_its_value_for_a_meaning() -> None:
    cleaned = values(clean_code_item(code("RID99999", "RADLEX", "Smith's lesion"), PlainCleaner()))
    assert cleaned == {VALUE: "RID99999", SCHEME: "RADLEX", MEANING: "RID99999"}


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("SMITH", "99LOCAL"),
        ("1234567", "L"),
        ("12345", ""),
        ("JOHN SMITH", "SCT"),
        ("4711000123", "SCT"),
        ("12345-6", "LN"),
        ("MRN-1234", "SRT"),
        ("{SMITH}", "UCUM"),
        ("SMITH", "RADLEX"),
    ],
)
def test_a_local_or_malformed_code_becomes_a_keyed_one(value: str, scheme: str) -> None:
    cleaned = values(clean_code_item(code(value, scheme, "John Smith, ward 3"), PlainCleaner()))
    assert cleaned[SCHEME] == "99DEID"
    assert cleaned[VALUE] == cleaned[MEANING] != value
    assert "SMITH" not in "".join(cleaned.values()).upper()


def test_equal_local_codes_stay_equal_and_others_stay_apart() -> None:
    first, again, other, elsewhere = (
        values(clean_code_item(code(value, scheme, meaning), PlainCleaner()))[VALUE]
        for value, scheme, meaning in [
            ("A1", "99X", "one"),
            ("A1", "99X", "two"),
            ("A2", "99X", "one"),
            ("A1", "99Y", "one"),
        ]
    )
    assert first == again
    assert len({first, other, elsewhere}) == 3


def test_a_local_code_keeps_a_meaning_of_known_words() -> None:
    assert values(clean_code_item(code("IMG181", "99EPIC", "CT CHEST W CONTRAST"), PlainCleaner()))[MEANING] == (
        "CT CHEST W CONTRAST"
    )


def test_long_and_urn_values_are_local_unless_known() -> None:
    for tag in (LONG, URN):
        item = [text(tag, "UC", "urn:smith:john"), text(SCHEME, "SH", "99X"), text(MEANING, "LO", "x")]
        assert "smith" not in str(values(clean_code_item(item, PlainCleaner())))


def test_a_free_scheme_version_goes_and_a_numbered_one_stays() -> None:
    item = [*code("121181", "DCM", "DICOM Object Catalog"), text(VERSION, "SH", "01")]
    assert values(clean_code_item(item, PlainCleaner()))[VERSION] == "01"
    item[-1] = text(VERSION, "SH", "Smith 1")
    assert VERSION not in values(clean_code_item(item, PlainCleaner()))


def test_what_else_an_item_holds_follows_the_general_rules() -> None:
    item = [*code("121181", "DCM", "x"), text(0x0008010F, "CS", "7010")]
    assert values(clean_code_item(item, PlainCleaner()))[0x0008010F] == "7010"


def test_an_entry_without_a_value_stays_without_one() -> None:
    cleaned = values(clean_code_item(code("", "", "Dr Smith"), PlainCleaner()))
    assert cleaned[VALUE] == cleaned[MEANING] == ""


def test_older_snomed_identifiers_are_the_same_concept() -> None:
    assert canonical("SRT", "T-D3000") == canonical("SNM3", "T-D3000") == ("SCT", "51185008")


@pytest.mark.parametrize(
    "unit", ["mm", "g/ml", "mm[Hg]", "/min", "10*-3/s", "mGy.cm", "1", "%", "Bq/ml", "s-1", "{ratio}"]
)
def test_units_are_told_by_their_grammar(unit: str) -> None:
    assert is_ucum(unit)


@pytest.mark.parametrize("text_value", ["", "{SMITH}", "SMITH", "John", "mm;drop", "19560312", "{1956-03-12}", "Dr"])
def test_no_text_passes_for_a_unit(text_value: str) -> None:
    assert not is_ucum(text_value)


@pytest.mark.parametrize(
    ("scheme", "value", "is_code"),
    [
        ("SCT", "51185008", True),
        ("SCT", "51185009", False),
        ("LN", "18782-3", True),
        ("LN", "18782-4", False),
        ("I10", "R97.20", True),
        ("SRT", "T-D3000", True),
        ("99ANY", "T-D3000", False),
        ("DCM", "QUIMBY", False),
        ("BI", "QUIMBY", False),
        ("I10P", "QUIMBYZ", False),
        ("I10P", "F07KZZZ", True),
        ("IBSI", "ANNE", False),
        ("MDC", "MDC_QUIMBY", False),
        ("MDC", "131330", True),
        ("RFC5646", "en-AU", True),
        ("ISO639_1", "fr", True),
    ],
)
def test_check_digits_and_forms_tell_codes_from_numbers_and_names(scheme: str, value: str, is_code: bool) -> None:
    assert has_form(scheme, value) is is_code


@pytest.mark.parametrize("value", ["5.6.3-9-1", "5.10.2.1-3", "5.13.5-11"])
def test_codes_of_electrocardiograms_have_their_form(value: str) -> None:
    assert has_form("SCPECG", value)


def test_every_line_of_the_dictionary_is_found_and_nothing_between_them() -> None:
    lines = [line.split("\t") for line in (terms.DATA / "codes.tsv").read_text(encoding="ascii").splitlines()]
    known = {(scheme, value): meaning for scheme, value, meaning, _ in lines}
    assert {code: meaning_of(*code) for code in known} == known
    assert all(canonical("SRT", value) == ("SCT", current) for scheme, value, _, current in lines if scheme == "SRT")
    for (scheme, value), meaning in known.items():
        for near in (
            (scheme, f"{value}0"),
            (scheme, value[:-1]),
            (f"{scheme}!", value),
            (scheme, f"{value}\t{meaning}"),
        ):
            assert meaning_of(*near) == known.get(near)
    assert meaning_of("~", "1") is None
