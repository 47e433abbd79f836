"""Words to text and back: reading order, rotation, columns, chunks."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.geometry import Quad
from dicom_deid.phi.reading import chunks, read_in_order
from dicom_deid.phi.words import Word


def turned(words: list[tuple[str, float, float]], quarter: int) -> list[Word]:
    """Words at (x, y), 10 pixels high, turned clockwise by quarters about the origin."""
    found = []
    cos, sin = round(math.cos(quarter * math.pi / 2)), round(math.sin(quarter * math.pi / 2))
    for number, (text, x, y) in enumerate(words):
        width = 8.0 * len(text)
        corners = [(x, y), (x + width, y), (x + width, y + 10), (x, y + 10)]
        points = [value for a, b in corners for value in (a * cos - b * sin, a * sin + b * cos)]
        found.append(Word(number, text, Quad(tuple(points)), 0.9))  # type: ignore[arg-type]
    return found


LINES = [("JAN", 70.0, 1.0), ("CITIZEN", 5.0, 0.0), ("MRN", 5.0, 20.0), ("44", 37.0, 21.0), ("RIGHT", 300.0, 0.0)]


def test_lines_are_read_from_left_to_right_and_columns_apart() -> None:
    assert read_in_order(turned(LINES, 0)).text == "CITIZEN JAN\nRIGHT\nMRN 44"


def test_dashes_and_quotes_are_those_of_a_keyboard() -> None:
    words = turned([("2013–06−19", 0.0, 0.0), ("O’NEIL", 100.0, 0.0), ("８：１５", 170.0, 0.0)], 0)
    reading = read_in_order(words)
    assert reading.text == "2013-06-19 O'NEIL 8:15"
    assert [placed.word.text for placed in reading.words] == ["2013-06-19", "O'NEIL", "8:15"]


def test_turned_text_is_read_like_upright_text() -> None:
    for quarter in range(4):
        assert read_in_order(turned(LINES, quarter)).text == "CITIZEN JAN\nRIGHT\nMRN 44"


@given(st.lists(st.tuples(st.text("ABC", min_size=1, max_size=8), st.floats(0, 900), st.floats(0, 900)), max_size=20))
def test_every_word_is_in_the_text_where_its_offsets_say(words: list[tuple[str, float, float]]) -> None:
    reading = read_in_order(turned(words, 0))
    assert sorted(placed.word.id for placed in reading.words) == list(range(len(words)))
    for placed in reading.words:
        assert reading.text[placed.begin : placed.end] == placed.word.text
        assert placed in reading.words_of(placed.begin, placed.end)


@given(st.text(min_size=0, max_size=3000), st.integers(900, 2000))
def test_chunks_fit_their_limit_and_miss_no_character(text: str, limit: int) -> None:
    covered: set[int] = set()
    for chunk in chunks(text, max_bytes=limit):
        assert len(chunk.text.encode()) <= limit
        assert text[chunk.begin : chunk.begin + len(chunk.text)] == chunk.text
        covered |= set(range(chunk.begin, chunk.begin + len(chunk.text)))
    assert covered == set(range(len(text)))


def test_a_word_at_a_cut_is_whole_in_one_chunk() -> None:
    text = " ".join(f"word{number:05d}" for number in range(2000))
    parts = list(chunks(text, max_bytes=1000))
    assert len(parts) > 10
    for number in range(2000):
        assert any(f"word{number:05d}" in chunk.text for chunk in parts)
