"""The stretches of a text-like region where nothing was read."""

from __future__ import annotations

import pytest

from dicom_deid.geometry import Box
from dicom_deid.phi.unread import Rest, unread_parts

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
    assert [part.box for part in unread_parts(REGION, words) if not part.is_edge] == rest
    turned = [Box(b.y0, b.x0, b.y1, b.x1) for b in words]
    parts = unread_parts(Box(50, 100, 60, 200), turned)
    assert [part.box for part in parts if not part.is_edge] == [Box(b.y0, b.x0, b.y1, b.x1) for b in rest]


def test_a_short_rest_at_an_end_is_the_edge_of_the_word_beside_it_and_a_blank_is_none() -> None:
    words = [Box(106, 50, 140, 60), Box(148, 50, 190, 60)]
    assert unread_parts(REGION, words) == [
        Rest(Box(100, 50, 106, 60), (0,), True),
        Rest(Box(190, 50, 200, 60), (1,), True),
    ]


def test_a_long_rest_names_the_words_on_both_sides() -> None:
    words = [Box(160, 50, 200, 60), Box(100, 50, 130, 60)]
    assert unread_parts(REGION, words) == [Rest(Box(130, 50, 160, 60), (1, 0), False)]
