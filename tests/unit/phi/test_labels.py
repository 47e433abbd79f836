"""Fields that say what they hold, and names by how they are written."""

from __future__ import annotations

import pytest

from dicom_deid.phi.labels import find_labelled
from dicom_deid.phi.places import find_institutions

VALUES = [
    ("MRN: K77", "K77"),
    ("MRN K77", "K77"),
    ("ID: Z1", "Z1"),
    ("lD: Z1", "Z1"),
    ("ID:Z1", "Z1"),
    ("Pat. ID: 44", "44"),
    ("Pat.ID:5368853", "5368853"),
    ("Patient ID: 44", "44"),
    ("UR: 12", "12"),
    ("Acc#: 99", "99"),
    ("Acc# 99", "99"),
    ("Acc No. 99", "99"),
    ("DOB: 1 2 56", "1 2 56"),
    ("D.O.B.: 1 2 56", "1 2 56"),
    ("D0B: 12", "12"),
    ("DOB 4/5/56", "4/5/56"),
    ("Born: 1956", "1956"),
    ("Ref: Zubrowski", "Zubrowski"),
    ("Ref. Phys: Zubrowski K", "Zubrowski K"),
    ("Referred by:Zubrowski", "Zubrowski"),
    ("Sonographer: KL", "KL"),
    ("Op: JQ", "JQ"),
    ("Tech: MM", "MM"),
    ("Endoscopist: Qi", "Qi"),
    ("Name: Qi", "Qi"),
    ("Pt: Qi", "Qi"),
    ("Sex: F", "F"),
    ("Age: 45", "45"),
    ("Height: 175", "175"),
    ("Medicare No: 1", "1"),
    ("Phone: 1", "1"),
    ("Ward: 4B", "4B"),
    ("Station: A", "A"),
]


@pytest.mark.parametrize(("line", "value"), VALUES)
def test_the_value_of_a_field_is_found_without_its_label(line: str, value: str) -> None:
    found = [match for match in find_labelled(line) if match.rule in ("labelled-value", "labelled-person")]
    assert value in {line[match.begin : match.end] for match in found}


def test_a_value_ends_where_the_next_label_begins() -> None:
    line = "Sex: F Age: 45 DOB: 1 2 56"
    assert [line[match.begin : match.end] for match in find_labelled(line)][:3] == ["F", "45", "1 2 56"]


@pytest.mark.parametrize(
    ("line", "rule", "found"),
    [
        ("Dr Amaka Okonjo", "titled-person", "Dr Amaka Okonjo"),
        ("Dr. Zubrowski", "titled-person", "Dr. Zubrowski"),
        ("Mrs Zubrowski K", "titled-person", "Mrs Zubrowski K"),
        ("ZUBROWSKI^HELENA^M", "person", "ZUBROWSKI^HELENA^M"),
        ("Van Dyke^Helena", "person", "Van Dyke^Helena"),
        ("Zubrowski, Helena", "person", "Zubrowski, Helena"),
        ("ZUBROWSKI,H", "person", "ZUBROWSKI,H"),
        ("L ZY", "marker-initials", "ZY"),
        ("KL RT", "marker-initials", "KL"),
        ("LEFT CR", "marker-initials", "CR"),
        ("TR L", "marker-initials", "TR"),
    ],
)
def test_names_are_known_by_how_they_are_written(line: str, rule: str, found: str) -> None:
    assert [line[m.begin : m.end] for m in find_labelled(line) if m.rule == rule] == [found]


@pytest.mark.parametrize(
    "line",
    [
        "MR ABDOMEN",
        "DR CHEST",
        "DR 65",
        "MS 12",
        "L CC",
        "R MLO",
        "LEFT AP",
        "RIGHT RV",
        "R CCA",
        "CHEST, PORTABLE",
        "LIVER, SPLEEN",
        "AP ERECT",
    ],
)
def test_modalities_and_views_are_no_persons(line: str) -> None:
    assert list(find_labelled(line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "Karrawirra Base Hospital",
        "Northside Imaging Centre",
        "St Elsewhere General Hospital",
        "Bellbird Radiology",
        "Mercy Medical Center",
        "KINGS CLINIC",
        "Riverbend Royal Infirmary",
        "Coolabah Day Surgery",
    ],
)
def test_an_institution_goes_with_the_words_that_name_it(line: str) -> None:
    (match,) = find_institutions(line)
    assert (match.begin, match.end) == (0, len(line))


@pytest.mark.parametrize("line", ["Centre frequency 3.5 MHz", "IMAGING PLANE", "Window Center 40", "MEDIAL CONDYLE"])
def test_clinical_words_make_no_institution(line: str) -> None:
    assert list(find_institutions(line)) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Aperture Height: 0.3 mm", False),
        ("Height: 0.3 mm", True),
        ("Patient Height: 182", True),
        ("Aperture Age: 45", True),
        ("Aperture Order: 1234567", True),
    ],
)
def test_a_label_that_ends_the_name_of_a_setting_labels_no_small_number(line: str, found: bool) -> None:
    assert any(match.rule == "labelled-value" for match in find_labelled(line)) is found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("CORONARY ARTERY Zubrowski^Jan", "Zubrowski^Jan"),
        ("Van der Zubrow^Jan", "Van der Zubrow^Jan"),
        ("LIVER^JAN", "LIVER^JAN"),
        ("Long Zubrowski^Jan", "Long Zubrowski^Jan"),
    ],
)
def test_clinical_words_of_another_column_are_no_part_of_a_name_with_a_caret(line: str, name: str) -> None:
    assert name in {line[match.begin : match.end] for match in find_labelled(line) if match.rule == "person"}
    assert all(match.begin >= line.index(name) for match in find_labelled(line) if match.rule == "person")


def test_initials_that_ocr_joined_to_a_side_are_initials() -> None:
    assert [match.rule for match in find_labelled("LEFTQXJ")] == ["marker-initials"]
    assert list(find_labelled("LEFTMLO")) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("DIAGNOSTIC IMAGING REPORT", False),
        ("DIAGNOSTIC IMAGING", True),
        ("Northside Diagnostic Imaging", True),
        ("Diagnostic imaging study", False),
        ("Wibbleton Women's", True),
        ("East Wibbleton Health", True),
        ("Mental health", False),
        ("Second day", False),
    ],
)
def test_a_title_is_no_institution(line: str, found: bool) -> None:
    assert bool(list(find_institutions(line))) is found


@pytest.mark.parametrize(
    "title", ["Dr", "DRS", "Mr", "Mrs", "MS", "Miss", "Master", "Prof.", "Professor", "Nurse", "Sister", "A/Prof"]
)
def test_every_title_names_a_person(title: str) -> None:
    assert "titled-person" in {match.rule for match in find_labelled(f"{title} Wibbleton")}
