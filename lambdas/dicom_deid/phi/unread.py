"""Which parts of a text-like region no word covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dicom_deid.geometry import Box

_SIDE_BY_SIDE: Final = 0.5
"""A word lies on the region's line where they share this much of the lower one's height."""
_LEAST: Final = 2.0
"""A rest shorter than this many region heights is the edge of a word that was read."""


def unread_parts(region: Box, words: Sequence[Box]) -> list[Box]:
    """The stretches along a region where nothing was read, in frame pixels; empty where the whole was."""
    level = region.width >= region.height
    near = [_along(word, level) for word in words if _is_beside(region, word, level)]
    begin, end = (region.x0, region.x1) if level else (region.y0, region.y1)
    height = region.height if level else region.width
    rests: list[tuple[int, int]] = []
    for low, high in sorted(near):
        if low > begin:
            rests.append((begin, min(low, end)))
        begin = max(begin, high)
    if begin < end:
        rests.append((begin, end))
    wide = [(low, high) for low, high in rests if high - low >= _LEAST * height]
    if level:
        return [Box(low, region.y0, high, region.y1) for low, high in wide]
    return [Box(region.x0, low, region.x1, high) for low, high in wide]


def _is_beside(region: Box, word: Box, level: bool) -> bool:
    if level:
        shared, least = min(region.y1, word.y1) - max(region.y0, word.y0), min(region.height, word.height)
        return shared >= _SIDE_BY_SIDE * least and word.x0 < region.x1 and region.x0 < word.x1
    shared, least = min(region.x1, word.x1) - max(region.x0, word.x0), min(region.width, word.width)
    return shared >= _SIDE_BY_SIDE * least and word.y0 < region.y1 and region.y0 < word.y1


def _along(word: Box, level: bool) -> tuple[int, int]:
    return (word.x0, word.x1) if level else (word.y0, word.y1)
