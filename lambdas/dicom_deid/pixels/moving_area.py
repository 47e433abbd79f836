"""Where in a cine anatomy moves: there every frame differs, whether or not its text does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.pixels.rendering import Picture

BLOCK: Final = 16
"""Side of a block in pixels: as high as a line of overlay text."""
MIN_FRAMES: Final = 8
"""With fewer frames nothing can be said of what moves; then every change counts."""
_LEVEL: Final = 2
_SHARE: Final = 0.12
_GAP: Final = 5
_NARROWEST: Final = 3
_SQUARE: Final = np.ones((3, 3), np.uint8)


def background(picture: Picture) -> NDArray[np.float64]:
    """The median brightness of every block: that of what lies behind text, as letters fill less than half of it."""
    bright: Picture = picture.max(axis=2)
    medians: NDArray[np.float64] = np.median(by_block(bright), axis=2)
    return medians


def moving_area(backgrounds: Sequence[NDArray[np.float64]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels, (rows, columns), whose background keeps changing, and all that these enclose.

    A clock, a blinking name or a line that scrolls changes its strokes and not what lies behind them, so it is not part
    of the area unless it stands on moving anatomy. Areas narrower than three blocks are none. One block around the area
    belongs to it: what moves there reaches over the edge.
    """
    if len(backgrounds) < MIN_FRAMES:
        return np.zeros(shape, bool)
    steps = sum((np.abs(b - a) > _LEVEL).astype(np.int64) for a, b in itertools.pairwise(backgrounds))
    restless = (np.asarray(steps) >= _SHARE * (len(backgrounds) - 1)).astype(np.uint8)
    padded = np.pad(restless, _GAP)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    area = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((_NARROWEST, _NARROWEST), np.uint8))
    while True:
        # What hangs together with a wide area belongs to it, as the apex of a sector does.
        wider = cv2.max(area, cv2.min(cv2.dilate(area, _SQUARE), closed))
        if np.array_equal(wider, area):
            break
        area = wider
    blocks = cv2.dilate(area, _SQUARE)[_GAP:-_GAP, _GAP:-_GAP]
    pixels: NDArray[np.bool_] = np.kron(blocks, np.ones((BLOCK, BLOCK), np.uint8)).astype(bool)
    return pixels[: shape[0], : shape[1]]


def by_block(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(block rows, block columns, pixels of a block); the last row and column are repeated to fill up."""
    rows, columns = (-side % BLOCK for side in values.shape)
    padded = np.pad(values, ((0, rows), (0, columns)), mode="edge")
    down, across = padded.shape[0] // BLOCK, padded.shape[1] // BLOCK
    return padded.reshape(down, BLOCK, across, BLOCK).swapaxes(1, 2).reshape(down, across, BLOCK * BLOCK)
