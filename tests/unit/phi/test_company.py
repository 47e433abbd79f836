"""What a word is by the words beside it."""

from __future__ import annotations

import pytest

from dicom_deid.phi.company import (
    beside_names,
    between_names,
    is_short_line,
    loose_numbers,
    ordinary_words,
    parts_of_addresses,
    split_dates,
    street_line,
    trailing_initials,
    with_initials,
)


@pytest.mark.parametrize(
    ("line", "named", "taken"),
    [
        ("Kowalski M", "Kowalski", {"M"}),
        ("J. Kowalski", "Kowalski", {"J."}),
        ("Kowalski L", "Kowalski", {"L"}),
        ("L Kowalski", "Kowalski", set()),
        ("L. Kowalski", "Kowalski", {"L."}),
        ("Tsiamitas Dimitrios", "Dimitrios", {"Tsiamitas"}),
        ("Long Dimitrios", "Dimitrios", {"Long"}),
        ("Foot Dimitrios", "Dimitrios", {"Foot"}),
        ("Dimitrios LIVER", "Dimitrios", set()),
        ("Dimitrios 12.5", "Dimitrios", set()),
        ("Dimitrios LEFT", "Dimitrios", set()),
        ("Van Der Tsiamitas", "Tsiamitas", {"Van", "Der"}),
        ("LIVER M", "", set()),
        ("Bone R", "Bone", {"R"}),
    ],
)
def test_a_name_takes_initials_and_the_rest_of_the_name(line: str, named: str, taken: set[str]) -> None:
    words = line.split()
    assert {words[index] for index, _, _ in beside_names(words, [word == named for word in words])} == taken


@pytest.mark.parametrize(
    ("line", "whole"),
    [("03Jul1 954", True), ("12/03/ 1956", True), ("12/0 3/1956", True), ("TR 4000", False), ("12 60", False)],
)
def test_a_date_that_ocr_tore_apart_is_one(line: str, whole: bool) -> None:
    assert (set(split_dates(line.split())) == {0, 1}) is whole


@pytest.mark.parametrize(
    ("line", "loose"),
    [
        ("Sachar 516", {1}),
        ("516 Sachar 22", {0, 2}),
        ("1935", {0}),
        ("LIVER 516", set()),
        ("516", set()),
        ("W 400", set()),
    ],
)
def test_a_number_is_as_unknown_as_the_word_beside_it(line: str, loose: set[int]) -> None:
    assert set(loose_numbers(line.split())) == loose


@pytest.mark.parametrize(
    ("line", "ends"), [("Gul A Z", {1, 2}), ("Koruturk 0", {1}), ("Gul A 5", set()), ("LIVER A", set()), ("A Z", set())]
)
def test_capitals_at_the_end_are_as_unknown_as_the_word_before_them(line: str, ends: set[int]) -> None:
    assert set(trailing_initials(line.split())) == ends


@pytest.mark.parametrize("line", ["Har 07, 1976", "07 Scp 1976", "7 Marcn 1976"])
def test_a_date_with_a_misread_month_is_one(line: str) -> None:
    assert set(split_dates(line.split())) == {0, 1, 2}


@pytest.mark.parametrize("line", ["TR 40 2000", "Slice 5 1900", "W 40 1976"])
def test_settings_are_no_dates(line: str) -> None:
    assert set(split_dates(line.split())) == set()


@pytest.mark.parametrize(
    ("line", "evident", "beside_person", "kept"),
    [
        ("Umbrella 12.5", "", False, {"Umbrella"}),
        ("Umbrella", "", False, {"Umbrella"}),
        ("Umbrella Tsiamitas", "", False, set()),
        ("Tsiamitas LIVER Umbrella", "", False, {"Umbrella"}),
        ("Umbrella 1935", "1935", False, set()),
        ("Umbrella", "", True, set()),
        ("LIVER Umbrella", "", True, {"Umbrella"}),
        ("Tsiamitas", "", False, set()),
        ("Umbrellawindow 12.5", "", False, {"Umbrellawindow"}),
    ],
)
def test_a_dictionary_word_stays_where_nothing_beside_it_is_of_a_person_or_unknown(
    line: str, evident: str, beside_person: bool, kept: set[str]
) -> None:
    words = line.split()
    found = ordinary_words(words, [word == evident for word in words], beside_person)
    assert {words[index] for index in found} == kept


@pytest.mark.parametrize(
    ("line", "unknown", "taken"),
    [
        ("Kreta 81", "Kreta", {"81"}),
        ("Kreta 075 108", "Kreta", {"075", "108"}),
        ("Kreta 18/61", "Kreta", {"18/61"}),
        ("Kreta S.", "Kreta", {"S."}),
        ("Kreta 12.5 mm", "Kreta", set()),
        ("LIVER Kreta 81", "Kreta", set()),
        ("18/61", "", {"18/61"}),
        ("81", "", set()),
        ("Padiology Group", "", {"Padiology", "Group"}),
    ],
)
def test_small_parts_of_an_address_go_with_its_words(line: str, unknown: str, taken: set[str]) -> None:
    words = line.split()
    assert {words[index] for index in parts_of_addresses(words, [word == unknown for word in words])} == taken


@pytest.mark.parametrize(
    ("line", "named", "address"),
    [
        ("839 Gerard Squares", "Gerard", True),
        ("Level 4 18 Kristy Intersection", "Kristy", True),
        ("431, Garde Circle", "Garde", True),
        ("839 Gerard Squares", "", False),
        ("839 Gerard", "Gerard", False),
        ("Gerard 839 Squares", "Gerard", False),
        ("839 Gerard squares", "Gerard", False),
        ("45 Slice Gerard Thickness", "Gerard", False),
    ],
)
def test_a_number_a_name_and_one_more_word_alone_on_a_line_are_an_address(line: str, named: str, address: bool) -> None:
    words = line.split()
    assert list(street_line(words, [word == named for word in words])) == (list(range(len(words))) if address else [])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("TROVATOXI A P", True),
        ("Trovatoxi A P", False),
        ("LIVER A", False),
        ("WHITE C P", True),
        ("WHITE C", False),
        ("HEAD L R", False),
        ("TROVATOXI", False),
        ("UMBRELLA A", False),
    ],
)
def test_an_unknown_word_in_capitals_with_single_ones_is_a_name(line: str, name: bool) -> None:
    assert bool(set(with_initials(line.split()))) is name


@pytest.mark.parametrize(
    ("line", "names", "taken"),
    [
        ("So 614 Ngo 24 Vo Thi Sau", "So Ngo Vo Sau", {1, 3, 5}),
        ("Kowalski LIVER Sachar", "Kowalski Sachar", set()),
        ("Kowalski 12", "Kowalski", set()),
        ("Kowalski ID: Sachar", "Kowalski Sachar", set()),
        ("Kowalski mm Sachar", "Kowalski Sachar", set()),
    ],
)
def test_what_stands_between_names_goes_with_them(line: str, names: str, taken: set[int]) -> None:
    words = line.split()
    assert set(between_names(words, [word in names.split() for word in words])) == taken


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("516", True),
        ("12A", True),
        ("KL", True),
        ("ABC", True),
        ("Kowalski", False),
        ("KL 5", False),
        ("5164471", False),
    ],
)
def test_a_short_line_is_a_house_number_or_a_code(line: str, short: bool) -> None:
    assert is_short_line(line.split()) is short
