"""Words into one text in reading order, with the way back from characters to words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from dicom_deid.phi.words import Word

_COLUMN_GAP = 2.5
"""A gap of this many letter heights ends a run of words: what follows is another field."""
_TYPEWRITTEN: Final = str.maketrans(
    {
        **dict.fromkeys("\N{SOFT HYPHEN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}", "-"),
        **dict.fromkeys("\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{SMALL HYPHEN-MINUS}\N{BOX DRAWINGS LIGHT HORIZONTAL}", "-"),
        **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{PRIME}", "'"),
        **dict.fromkeys("\N{FRACTION SLASH}\N{DIVISION SLASH}", "/"),
        "\N{RATIO}": ":",
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    }
)
"""Signs that an overlay writes one way and an engine reads in several: long dashes, curled quotes, full widths."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word in its line: `begin` and `end` are half-open character offsets into the text."""

    word: Word
    line: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ReadingText:
    """The text of one image: words separated by blanks, lines and columns by line feeds."""

    text: str
    words: tuple[PlacedWord, ...]

    def words_of(self, begin: int, end: int) -> tuple[PlacedWord, ...]:
        """The words that a half-open span of characters touches; a span may cross lines."""
        return tuple(placed for placed in self.words if placed.begin < end and begin < placed.end)


def read_in_order(words: Sequence[Word]) -> ReadingText:
    """Lines from top to bottom, words from left to right, each orientation (0, 90, 180, 270 degrees) by itself.

    Dashes and quotes become those of a keyboard: `2013–06–19` is the date that was written.
    """
    turned: dict[int, list[tuple[Upright, Word]]] = {}
    for read in words:
        word = replace(read, text=read.text.translate(_TYPEWRITTEN))
        quarter = quarter_of(word)
        turned.setdefault(quarter, []).append((Upright.of(word, quarter), word))
    pieces: list[str] = []
    placed: list[PlacedWord] = []
    position = line = 0
    for quarter in sorted(turned):
        for run in _runs(turned[quarter]):
            for number, word in enumerate(run):
                separator = "" if not pieces else " " if number else "\n"
                pieces.append(separator + word.text)
                position += len(separator)
                placed.append(PlacedWord(word, line, position, position + len(word.text)))
                position += len(word.text)
            line += 1
    return ReadingText("".join(pieces), tuple(placed))


@dataclass(frozen=True, slots=True)
class Upright:
    """The bounds of a word after its line was turned upright."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def of(cls, word: Word, quarter: int) -> Upright:
        """The word's bounds, turned back by so many quarters."""
        x0, y0, x1, y1 = word.quad.bounds
        turns = {0: (x0, y0, x1, y1), 1: (y0, -x1, y1, -x0), 2: (-x1, -y1, -x0, -y0), 3: (-y1, x0, -y0, x1)}
        return cls(*turns[quarter])

    @property
    def height(self) -> float:
        """One pixel at least."""
        return max(self.y1 - self.y0, 1.0)

    @property
    def middle(self) -> float:
        """Half-way down."""
        return (self.y0 + self.y1) / 2


def quarter_of(word: Word) -> int:
    """In which direction the word runs: 0 right, 1 down, 2 left, 3 up."""
    ax, ay, bx, by = word.quad.points[:4]
    return round(math.atan2(by - ay, bx - ax) / (math.pi / 2)) % 4


def _runs(items: Sequence[tuple[Upright, Word]]) -> Iterator[list[Word]]:
    lines: list[list[tuple[Upright, Word]]] = []
    for place, word in sorted(items, key=lambda item: (item[0].middle, item[0].x0)):
        for line in reversed(lines):
            last = line[-1][0]
            if abs(last.middle - place.middle) < 0.5 * min(last.height, place.height):
                line.append((place, word))
                break
        else:
            lines.append([(place, word)])
    for line in lines:
        line.sort(key=lambda item: item[0].x0)
        run = [line[0][1]]
        for (before, _), (place, word) in pairwise(line):
            if place.x0 - before.x1 > _COLUMN_GAP * max(before.height, place.height):
                yield run
                run = []
            run.append(word)
        yield run


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a text, beginning at character `begin`."""

    begin: int
    text: str


def chunks(text: str, *, max_bytes: int, overlap: int = 200) -> Iterator[Chunk]:
    """The text in parts of at most `max_bytes` of UTF-8, cut between words, each repeating about `overlap` characters.

    Raises
    ------
    ValueError
        When `max_bytes` is too small to hold the overlap and one more character.
    """
    if max_bytes <= 4 * (overlap + 1):
        raise ValueError("max_bytes must exceed four times the overlap")
    begin = 0
    while True:
        end = _fitting(text, begin, max_bytes)
        if end < len(text):
            blank = max(text.rfind(" ", begin + overlap + 1, end), text.rfind("\n", begin + overlap + 1, end))
            end = blank if blank > 0 else end
        yield Chunk(begin, text[begin:end])
        if end >= len(text):
            return
        back = max(text.rfind(" ", begin + 1, end - overlap), text.rfind("\n", begin + 1, end - overlap))
        begin = back + 1 if back > begin else end - overlap


def _fitting(text: str, begin: int, max_bytes: int) -> int:
    """The furthest end such that the part's UTF-8 fits."""
    end = min(len(text), begin + max_bytes)
    while len(text[begin:end].encode()) > max_bytes:
        excess = len(text[begin:end].encode()) - max_bytes
        end -= max(1, excess // 4)
    return end
