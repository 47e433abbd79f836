"""Burned-in text that repeats the instance's own header."""

from __future__ import annotations

import pytest

from dicom_deid.phi.identity import HeaderIdentity, IdentityKind, IdentityValue
from dicom_deid.phi.own_header import OwnHeader


def header(**values: str) -> OwnHeader:
    kinds = {
        "name": "PATIENT_NAME",
        "operator": "PERSON_NAME",
        "birth": "BIRTH_DATE",
        "id": "PATIENT_ID",
        "station": "DEVICE",
    }
    found = (IdentityValue(IdentityKind[kinds[key]], 0, value) for key, value in values.items())
    return OwnHeader(HeaderIdentity(tuple(found)))


def matched(own: OwnHeader, line: str) -> set[str]:
    words = line.split()
    return {words[index] for match in own.matches(words) for index in match.words}


@pytest.mark.parametrize(
    "line",
    [
        "O'BRIEN^SIOBHAN",
        "O'Brien Siobhan",
        "Siobhan O'Brien",
        "SIOBHAN OBRIEN",
        "O'BRIEN, SIOBHAN",
        "O'Brien,Siobhan",
        "0'8R1EN S10BHAN",
        "S. O'Brien",
        "O'Brien S",
        "S O'BRIEN",
        "OBRIENSIOBHAN",
        "Siobhann OBrien",
    ],
)
def test_a_name_is_known_in_every_spelling_and_order(line: str) -> None:
    assert matched(header(name="O'Brien^Siobhan"), line) == set(line.split())


@pytest.mark.parametrize("line", ["LI WEI", "Wei Li", "LI^WEI", "LI, WEI"])
def test_a_short_name_is_known_with_its_other_part(line: str) -> None:
    assert matched(header(name="Li^Wei"), line) == set(line.split())


@pytest.mark.parametrize(
    ("line", "taken"), [("FOOT GRACE", {"FOOT", "GRACE"}), ("FOOT", set()), ("LEFT FOOT AP", set())]
)
def test_a_name_that_is_a_body_part_needs_the_rest_of_the_name(line: str, taken: set[str]) -> None:
    assert matched(header(name="Foot^Grace"), line) == taken


@pytest.mark.parametrize(
    "line",
    [
        "12/03/1956",
        "03/12/1956",
        "12.3.56",
        "12 03 1956",
        "1956-03-12",
        "120356",
        "560312",
        "12MAR1956",
        "12 March 1956",
        "Mar 12 1956",
        "1956 Mar 12",
        "I2/O3/I956",
        "3/12/1956",
    ],
)
def test_a_birth_date_is_known_in_any_format(line: str) -> None:
    assert matched(header(birth="19560312"), line) == set(line.split())


@pytest.mark.parametrize("line", ["TR 4000", "12 60", "1956", "FOV 350"])
def test_numbers_that_are_no_date_are_left(line: str) -> None:
    assert matched(header(birth="19560312"), line) == set()


@pytest.mark.parametrize("line", ["QX448812", "QX 448812", "448812", "QX4488I2", "X44881", "ID:QX448812", "qx448812"])
def test_an_identifier_is_known_in_part_and_with_errors(line: str) -> None:
    assert line.split()[-1] in matched(header(id="QX448812"), line)


@pytest.mark.parametrize(
    ("line", "taken"), [("L JQ", {"JQ"}), ("JQ", {"JQ"}), ("jq", set()), ("QZ", {"QZ"}), ("AP", set())]
)
def test_an_operators_code_and_a_persons_initials_are_known(line: str, taken: set[str]) -> None:
    own = OwnHeader(
        HeaderIdentity(
            (
                IdentityValue(IdentityKind.PERSON_NAME, 0x00081070, "JQ"),
                IdentityValue(IdentityKind.PERSON_NAME, 0x00080090, "Zubrowski^Quentin"),
            )
        )
    )
    assert matched(own, line) == taken


def test_an_operators_code_is_known_on_a_marker_even_if_it_is_an_abbreviation_too() -> None:
    own = header(operator="DSA")
    assert matched(own, "L DSA") == {"DSA"}
    assert matched(own, "DSA LEFT CAROTID RUN") == set()


def test_a_unit_beside_a_number_of_the_header_is_not_of_the_header() -> None:
    identity = HeaderIdentity((IdentityValue(IdentityKind.PATIENT_ID, 0x00100020, "5512903"),))
    matches = OwnHeader(identity).matches(["mm", "5512903"])
    assert {index for match in matches for index in match.words} == {1}


def test_the_day_of_a_datetime_is_recognised_as_one_of_a_date_is() -> None:
    own = OwnHeader(HeaderIdentity((IdentityValue(IdentityKind.DATE, 0x0008002A, "20130619101500.25+1000"),)))
    for line in (["19/06/2013"], ["19", "Jun", "2013"], ["2013-06-19"]):
        assert {match.rule for match in own.matches(line)} == {"date"}
    assert list(own.matches(["10/15/2013"])) == []
