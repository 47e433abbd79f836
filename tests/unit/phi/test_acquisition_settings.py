"""Settings and the words of their names."""

from __future__ import annotations

import pytest

from dicom_deid.phi.acquisition_settings import words_of_setting


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("Effective Wibb Energy: 598", {1}),
        ("Wibb Effective Energy: 598", set()),
        ("Positioner Primary Angle 14.2 deg", {0}),
        ("Effective Wibb Energy 598", set()),
        ("Effective Wibb Energy:598", {1}),
        ("Effective Wibb Energy: 598 Kowalski", set()),
        ("Wibb Wobbley Energy: 598", set()),
        ("Effective Wibb Energy", set()),
        ("Kowalski Wibb 598 mm", set()),
        ("Effective Xu Energy: 598", set()),
        ("Effective Wibb Energy: 598mm Kowalski1", set()),
    ],
)
def test_an_unknown_word_inside_the_name_of_a_setting_is_of_it(line: str, taken: set[int]) -> None:
    assert set(words_of_setting(line.split())) == taken
