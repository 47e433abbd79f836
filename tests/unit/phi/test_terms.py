"""Words that are nobody's name."""

from __future__ import annotations

import pytest

from dicom_deid.phi.terms import is_eponym, is_term, is_unit_or_side


@pytest.mark.parametrize(("text", "known"), [("L", True), ("mm", True), ("RT:", True), ("-", True), ("K", False)])
def test_sides_and_units(text: str, known: bool) -> None:
    assert is_unit_or_side(text) is known


@pytest.mark.parametrize(
    ("line", "eponym"),
    [
        ("RASTELLI OPERATION", True),
        ("Wibbleton fracture left", True),
        ("Wibbleton Kowalski", False),
        ("Wibbleton fracture Kowalski", False),
        ("fracture Wibbleton", False),
    ],
)
def test_what_is_called_after_somebody_names_no_patient(line: str, eponym: bool) -> None:
    assert is_eponym(line.split()) is eponym


def test_a_term_that_a_bar_joined_to_others_is_a_term() -> None:
    assert is_term("DUCT|ECTASIA")
    assert not is_term("Kowalski|ECTASIA")
