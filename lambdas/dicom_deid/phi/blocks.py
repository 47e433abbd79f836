"""Which lines of a reading stand together in one block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dicom_deid.phi.reading import PlacedWord, ReadingText, Upright, quarter_of

_APART: Final = 1.7
"""Lines further apart than this many letter heights are of two blocks."""
_ALIGNED: Final = 1.5
"""Lines whose ends differ by less than this many letter heights begin, or end, together."""


@dataclass(frozen=True, slots=True)
class _Extent:
    quarter: int
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        return max(self.y1 - self.y0, 1.0)


def lines_of(reading: ReadingText) -> list[list[PlacedWord]]:
    """The words of each line in reading order."""
    lines: defaultdict[int, list[PlacedWord]] = defaultdict(list)
    for placed in reading.words:
        lines[placed.line].append(placed)
    return list(lines.values())


def neighbours(lines: Sequence[Sequence[PlacedWord]]) -> list[list[int]]:
    """For each line, the indices of those directly above and below it in the same block."""
    extents = [_extent(line) for line in lines]
    return [list(_beside(index, extents)) for index in range(len(extents))]


def _extent(line: Sequence[PlacedWord]) -> _Extent:
    quarter = quarter_of(line[0].word)
    places = [Upright.of(placed.word, quarter) for placed in line]
    return _Extent(
        quarter,
        min(place.x0 for place in places),
        min(place.y0 for place in places),
        max(place.x1 for place in places),
        max(place.y1 for place in places),
    )


def _beside(index: int, extents: Sequence[_Extent]) -> Iterator[int]:
    here = extents[index]
    for other, there in enumerate(extents):
        if other == index or there.quarter != here.quarter:
            continue
        height = min(here.height, there.height)
        gap = max(here.y0, there.y0) - min(here.y1, there.y1)
        together = min(abs(here.x0 - there.x0), abs(here.x1 - there.x1)) < _ALIGNED * height
        overlapping = min(here.x1, there.x1) > max(here.x0, there.x0)
        if -0.5 * height < gap < _APART * height and together and overlapping:
            yield other
