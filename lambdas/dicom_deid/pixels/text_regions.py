"""Where a picture holds something that looks like burned-in text, read or not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.pixels.rendering import Picture

_MIN_HEIGHT: Final = 6
_MAX_HEIGHT: Final = 64
_CONTRAST: Final = 60


def text_regions(picture: Picture) -> tuple[Box, ...]:
    """Runs of at least three upright strokes of one even brightness on a line: what overlays look like.

    Anatomy and speckle vary inside their strokes; overlay generators draw with one colour. Rotated text is found as
    far as OCR finds it.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    found: list[Box] = []
    for polarity in (grey, 255 - grey):
        found += _regions(np.asarray(polarity, np.uint8))
    return tuple(sorted(found))


def _regions(grey: NDArray[np.uint8]) -> list[Box]:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    strokes = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    mask = (strokes > _CONTRAST).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count > 20_000:
        return []
    letters = np.zeros(count, np.uint8)
    for index in range(1, count):
        _, _, width, height, area = stats[index]
        if _MIN_HEIGHT <= height <= _MAX_HEIGHT and 1 <= width <= 2 * height and 0.1 <= area / (width * height) <= 0.95:
            letters[index] = 1
    glyphs = letters[labels]
    joined = cv2.morphologyEx(glyphs, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (15, 3)))
    runs, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[Box] = []
    for index in range(1, runs):
        x, y, width, height, _ = (int(value) for value in boxes[index])
        if height < _MIN_HEIGHT or height > _MAX_HEIGHT or width < 2 * height:
            continue
        inside = glyphs[y : y + height, x : x + width]
        members = set(np.unique(labels[y : y + height, x : x + width][inside > 0]).tolist()) - {0}
        values = grey[y : y + height, x : x + width][inside > 0]
        if len(members) >= 3 and _is_even(values):
            found.append(Box(x, y, x + width, y + height))
    return found


def _is_even(values: NDArray[np.uint8]) -> bool:
    """Whether most stroke pixels have the strokes' own top brightness."""
    top = int(np.percentile(values, 90))
    return top > 100 and float(np.mean(values >= top - 12)) > 0.55
