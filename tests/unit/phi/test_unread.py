"""The stretches of a text-like region where nothing was read."""

from __future__ import annotations

import pytest

from dicom_deid.geometry import Box
from dicom_deid.phi.unread import unread_parts

REGION = Box(100, 50, 200, 60)


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ([], [REGION]),
        ([Box(98, 48, 202, 62)], []),
        ([Box(100, 49, 150, 61)], [Box(150, 50, 200, 60)]),
        ([Box(140, 50, 160, 60)], [Box(100, 50, 140, 60), Box(160, 50, 200, 60)]),
        ([Box(100, 50, 190, 60)], []),
        ([Box(100, 70, 200, 80)], [REGION]),
        ([Box(100, 10, 200, 52)], [REGION]),
        ([Box(0, 0, 50, 60)], [REGION]),
    ],
)
def test_what_words_cover_is_read(words: list[Box], rest: list[Box]) -> None:
    assert unread_parts(REGION, words) == rest
    turned = [Box(b.y0, b.x0, b.y1, b.x1) for b in words]
    assert unread_parts(Box(50, 100, 60, 200), turned) == [Box(b.y0, b.x0, b.y1, b.x1) for b in rest]
