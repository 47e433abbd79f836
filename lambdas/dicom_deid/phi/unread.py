"""Which parts of a text-like region no word covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicom_deid.geometry import Box

_SIDE_BY_SIDE: Final = 0.5
"""A word lies on the region's line where they share this much of the lower one's height."""
_LEAST: Final = 2.0
"""A rest shorter than this many region heights is the edge of a word that was read."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A stretch along a region where nothing was read, in frame pixels.

    `beside` are indices of the words that it follows or precedes. One that `is_edge` is no text by itself, but the end
    of such a word, or a letter behind it that was overlooked.
    """

    box: Box
    beside: tuple[int, ...]
    is_edge: bool


def unread_parts(region: Box, words: Sequence[Box]) -> list[Rest]:
    """The stretches where nothing was read: long ones, and short ones at an end of the region; empty where the whole
    was.
    """
    level = region.width >= region.height
    near = sorted((*_along(word, level), index) for index, word in enumerate(words) if _is_beside(region, word, level))
    begin, end = (region.x0, region.x1) if level else (region.y0, region.y1)
    height = region.height if level else region.width
    first, before, rests = begin, -1, list[tuple[int, int, int, int]]()
    for low, high, index in near:
        if low > begin:
            rests.append((begin, min(low, end), before, index))
        if high > begin:
            begin, before = high, index
    if begin < end:
        rests.append((begin, end, before, -1))
    found = []
    for low, high, *sides in rests:
        is_edge = high - low < _LEAST * height
        if not is_edge or low == first or high == end:
            box = Box(low, region.y0, high, region.y1) if level else Box(region.x0, low, region.x1, high)
            found.append(Rest(box, tuple(index for index in sides if index >= 0), is_edge))
    return found


def _is_beside(region: Box, word: Box, level: bool) -> bool:
    if level:
        shared, least = min(region.y1, word.y1) - max(region.y0, word.y0), min(region.height, word.height)
        return shared >= _SIDE_BY_SIDE * least and word.x0 < region.x1 and region.x0 < word.x1
    shared, least = min(region.x1, word.x1) - max(region.x0, word.x0), min(region.width, word.width)
    return shared >= _SIDE_BY_SIDE * least and word.y0 < region.y1 and region.y0 < word.y1


def _along(word: Box, level: bool) -> tuple[int, int]:
    return (word.x0, word.x1) if level else (word.y0, word.y1)
