"""Side markers and the initials on them."""

from __future__ import annotations

import pytest

from dicom_deid.phi.markers import is_code, is_side_marker


@pytest.mark.parametrize(
    ("line", "marker"),
    [
        ("LEFT QX", True),
        ("R QXJ", True),
        ("QXJ LT", True),
        ("LEFT Qx", False),
        ("LEFTQXJ", True),
        ("LEFTWARDS", False),
        ("QX QXJ", False),
        ("LEFT QX 5", False),
    ],
)
def test_a_side_with_initials_is_a_marker(line: str, marker: bool) -> None:
    assert is_side_marker(line.split()) is marker


@pytest.mark.parametrize(
    ("word", "code"),
    [("KL", True), ("QXJ", True), ("(KL)", True), ("K7", False), ("Kl", False), ("L", False), ("ABCD", False)],
)
def test_two_or_three_capitals_are_a_code_and_a_side_is_none(word: str, code: bool) -> None:
    assert is_code(word) is code
    assert not is_code("LT")
