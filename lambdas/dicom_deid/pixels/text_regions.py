"""Where a picture holds something that looks like burned-in text, read or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box, bounding_box

Picture = NDArray[np.uint8]
"""(rows, columns, 3) RGB."""

_MIN_HEIGHT: Final = 6
_MAX_HEIGHT: Final = 64
_CONTRAST: Final = 60
_CONTRASTS: Final = (_CONTRAST, 44)
"""Letters on texture stand apart at the higher, faint ones at the lower."""
_EVEN: Final = 0.35
"""Share of the pixels of letters at their top brightness: small smooth letters have few, anatomy fewer."""
_LEVEL: Final = 0.15
"""Letters of a line end within this share of their height."""
_FAINT: Final = 24
_NOISY: Final = 40
_SMALL_LETTER: Final = 14
_SMALLER: Final = 8
_LARGE_LETTER: Final = 12
_ROOM: Final = 40
"""Pixels around small letters that belong to the same block."""
_BLANK: Final = 25
"""Pixels between two words of a line, at most: so far a block follows it."""
_EDGE: Final = 6
"""Pixels that a block leaves around a line."""
_LEAST_INK: Final = 60
"""Pixels of a short word."""
_MOST_PARTS: Final = 20_000
"""More separate bright specks than this are texture, and no text can be told from them."""


def text_regions(picture: Picture) -> tuple[Box, ...]:
    """Runs of at least three strokes of one even brightness on a line, level or upright: what overlays look like.

    Anatomy and speckle vary inside their strokes; overlay generators draw with one colour.
    """
    grey = _grey(picture)
    found: set[Box] = set()
    for contrast in _CONTRASTS:
        for polarity in (grey, np.asarray(255 - grey, np.uint8)):
            found.update(_regions(polarity, contrast))
            turned = _regions(np.ascontiguousarray(polarity.T), contrast)
            found.update(_turned(box) for box in turned)
    return tuple(sorted(found))


def text_of_one_brightness(picture: Picture) -> Picture | None:
    """One of the picture's primary colours, in grey, where it shows lettering that is as bright as its background.

    None where brightness shows whatever the colours show. Text detectors, too, hardly see such letters.
    """
    for index in range(3):
        colour = np.repeat(picture[..., index : index + 1], 3, axis=2)
        if shows_other_lettering(colour, [picture]):
            return colour
    return None


def shows_other_lettering(picture: Picture, others: Sequence[Picture]) -> bool:
    """Whether the picture shows strokes on a line that are hardly to be seen in the others."""
    seen = [np.maximum(*_strokes(_grey(other))) for other in others]
    faint = np.maximum.reduce(seen) < _FAINT
    for strokes in _strokes(_grey(picture)):
        hidden = np.where((strokes > _CONTRAST) & faint, 255, 0).astype(np.uint8)
        if np.count_nonzero(hidden) < _LEAST_INK:
            continue
        if _regions(hidden, _CONTRAST) or _regions(np.ascontiguousarray(hidden.T), _CONTRAST):
            return True
    return False


def _grey(picture: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _strokes(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How much each pixel stands out of what lies around a thin stroke: of the bright ones, and of the dark ones."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    bright, dark = (cv2.morphologyEx(grey, way, kernel) for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    return np.asarray(bright, np.uint8), np.asarray(dark, np.uint8)


def has_large_text(picture: Picture) -> bool:
    """Whether a picture made eight times smaller shows a line of letters that are large on it yet."""
    size = tuple(max(1, side // _SMALLER) for side in picture.shape[1::-1])
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return any(min(box.width, box.height) >= _LARGE_LETTER for box in text_regions(small))


def word_count(picture: Picture) -> int:
    """About how many words of three letters or more the picture holds: letters that stand close together count once."""
    grey = _grey(picture)
    return max(_word_count(np.asarray(part, np.uint8)) for part in (grey, 255 - grey))


def small_text(picture: Picture) -> tuple[Box, ...]:
    """Blocks of strokes that may be letters too small for a text detector at this size: where to look closer.

    More is found than is text: a closer look costs time and changes nothing by itself.
    """
    grey = _grey(picture)
    small: list[Box] = []
    lines: list[Box] = []
    for polarity in (grey, np.asarray(255 - grey, np.uint8)):
        for turned in (False, True):
            seen = np.ascontiguousarray(polarity.T) if turned else polarity
            found = _rows_of_strokes(seen, gap=9, highest=_SMALL_LETTER)
            if found:
                along = _rows_of_strokes(seen, gap=_BLANK, highest=_MAX_HEIGHT)
                small += [_turned(box) if turned else box for box in found]
                lines += [_turned(box) if turned else box for box in along]
    return _blocks(small, lines, *grey.shape)


def _rows_of_strokes(grey: NDArray[np.uint8], *, gap: int, highest: int) -> list[Box]:
    """Two strokes or more beside each other, at any contrast."""
    letters, labels, runs, _ = _runs(grey, gap=gap, contrast=_FAINT, highest=highest)
    found: list[Box] = []
    for x, y, width, height in runs:
        place = (slice(y, y + height), slice(x, x + width))
        if width >= 1.5 * height and np.unique(labels[place][letters[place] > 0]).size >= 2:
            found.append(Box(x, y, x + width, y + height))
    return found


def _turned(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def _blocks(small: list[Box], lines: list[Box], rows: int, columns: int) -> tuple[Box, ...]:
    """Rectangles around what is near small letters, apart from each other, none of which cuts a line.

    A word that a close-up cuts is read as another word: ``0921-`` is no number of a patient.
    """
    near = np.zeros((rows, columns), np.uint8)
    for box in small:
        near[max(0, box.y0 - _ROOM) : box.y1 + _ROOM, max(0, box.x0 - _ROOM) : box.x1 + _ROOM] = 1
    parts = cv2.connectedComponentsWithStats(near, connectivity=8)[2][1:]
    blocks = [Box(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in parts]
    for line in lines:
        blocks = _with_line(blocks, line.grown(_EDGE, _EDGE))
    for block in list(blocks):
        blocks = _with_line(blocks, block)
    clipped = (block.clipped(columns, rows) for block in blocks)
    return tuple(sorted(block for block in clipped if block))


def _with_line(blocks: list[Box], line: Box) -> list[Box]:
    """The blocks, those that a line touches made one with it."""
    touched = [block for block in blocks if block.intersection(line)]
    if not touched:
        return blocks
    return [*(block for block in blocks if block not in touched), bounding_box([line, *touched])]


def _word_count(grey: NDArray[np.uint8]) -> int:
    letters, labels, runs, stats = _runs(grey, gap=5)
    places = ((slice(y, y + height), slice(x, x + width)) for x, y, width, height in runs)
    return sum(1 for place in places if _is_lettering(labels[place][letters[place] > 0], stats))


def _regions(grey: NDArray[np.uint8], contrast: int) -> list[Box]:
    letters, labels, runs, stats = _runs(grey, gap=15, contrast=contrast)
    found: list[Box] = []
    for x, y, width, height in runs:
        if width < 2 * height:
            continue
        place = (slice(y, y + height), slice(x, x + width))
        inside = letters[place] > 0
        if _is_lettering(labels[place][inside], stats) and _is_even(grey[place][inside]):
            found.append(Box(x, y, x + width, y + height))
    return found


def _runs(
    grey: NDArray[np.uint8], *, gap: int, contrast: int = _CONTRAST, highest: int = _MAX_HEIGHT
) -> tuple[NDArray[np.uint8], NDArray[np.int32], list[tuple[int, int, int, int]], NDArray[np.int32]]:
    """Bright strokes of the size of letters, their labels, (x, y, width, height) of each run of them, and OpenCV's
    statistics of each label.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    strokes = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    for least in sorted({contrast, _NOISY, _CONTRAST}):
        mask = (strokes > max(least, contrast)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if count <= _MOST_PARTS:
            break
    else:
        return np.zeros_like(mask), np.asarray(labels, np.int32), [], np.asarray(stats, np.int32)
    width, height, area = (stats[:, column].astype(np.float64) for column in (2, 3, 4))
    filled = area / np.maximum(width * height, 1)
    is_letter = (height >= _MIN_HEIGHT) & (height <= highest) & (width <= 2 * height)
    is_letter &= (filled >= 0.1) & (filled <= 0.95)
    is_letter[0] = False
    letters = is_letter.astype(np.uint8)[labels]
    joined = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (gap, 3)))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    runs = [
        (int(x), int(y), int(w), int(h)) for x, y, w, h, _ in boxes[1:] if _MIN_HEIGHT <= h <= highest + _MIN_HEIGHT
    ]
    return letters, np.asarray(labels, np.int32), runs, np.asarray(stats, np.int32)


def _is_lettering(labels: NDArray[np.int32], stats: NDArray[np.int32]) -> bool:
    """Whether three strokes or more, and most of them, are alike in height and stand on one line."""
    members = stats[np.unique(labels)]
    heights, feet = members[:, cv2.CC_STAT_HEIGHT], members[:, cv2.CC_STAT_TOP] + members[:, cv2.CC_STAT_HEIGHT]
    usual = float(np.median(heights))
    level = np.abs(feet - np.median(feet)) <= max(1.0, _LEVEL * usual)
    alike = (heights >= 0.6 * usual) & (heights <= 1.5 * usual)
    good = np.count_nonzero(level & alike)
    return bool(good >= 3 and good >= 0.6 * len(members))


def _is_even(values: NDArray[np.uint8], least: float = _EVEN) -> bool:
    """Whether many stroke pixels have the strokes' own top brightness."""
    top = int(np.percentile(values, 90))
    return top > 100 and float(np.mean(values >= top - 12)) > least
