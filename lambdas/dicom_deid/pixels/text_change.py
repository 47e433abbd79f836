"""Whether one frame may show other text than another: by any change where nothing moves, by strokes where anatomy does.

Thin, sharp structures set text apart from anatomy, whose edges the imaging itself blurs. A change in a moving area
counts where a word's worth of such pixels stands together. The thresholds are measured: `python -m bench
pixels_economy` prints what anatomy reaches, and that text of 8 to 90 pixels stays above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.pixels.moving_area import by_block
from dicom_deid.pixels.rendering import Picture

Plane = NDArray[np.uint8]

_CHANGE: Final = 40
"""Grey levels that a pixel must change by where nothing moves; lossy coding stays below."""
_QUIET_PIXELS: Final = 3
"""So many of them in one block are a change: one letter for another."""
_WINDOWS: Final = ((32, 12), (12, 32))
"""Width and height of what a short word takes, lying and upright."""
_STROKE: Final = np.ones((5, 5), np.uint8)
_WORD: Final[tuple[tuple[tuple[int, int], ...], ...]] = (
    ((40, 72), (60, 32)),
    ((40, 135), (60, 100)),
    ((40, 135), (60, 100)),
)
"""By scale (1, 1/2, 1/4): (grey levels, pixels in a window) that only a word reaches."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What of a frame is compared: its brightest and darkest channel, and at each scale its bright, dark and coloured
    strokes.
    """

    bright: Plane
    dark: Plane
    strokes: tuple[tuple[Plane, Plane, Plane], ...]

    @classmethod
    def of(cls, picture: Picture) -> Appearance:
        """Of an RGB picture."""
        bright, dark = picture.max(axis=2), picture.min(axis=2)
        planes, strokes = (bright, dark, bright - dark), []
        for scale in range(len(_WORD)):
            if scale:
                smaller = tuple(_halved(plane) for plane in planes)
                planes = (smaller[0], smaller[1], smaller[2])
            strokes.append(
                (
                    _morphology(planes[0], cv2.MORPH_TOPHAT),
                    _morphology(planes[1], cv2.MORPH_BLACKHAT),
                    _morphology(planes[2], cv2.MORPH_TOPHAT),
                )
            )
        return cls(bright, dark, tuple(strokes))

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        planes = (self.bright, self.dark, *(plane for scale in self.strokes for plane in scale))
        return sum(plane.nbytes for plane in planes)


def may_differ_in_text(one: Appearance, other: Appearance, moving: NDArray[np.bool_]) -> bool:
    """Whether text may have appeared, gone, moved or changed between two frames; `moving`: (rows, columns)."""
    if one.bright.shape != other.bright.shape:
        return True
    if _changed_at_rest(one, other, moving):
        return True
    if not moving.any():
        return False
    for scale, rule in enumerate(_WORD):
        shape = one.strokes[scale][0].shape
        inside = cv2.resize(moving.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        for before, after in zip(one.strokes[scale], other.strokes[scale], strict=True):
            for more, less in ((before, after), (after, before)):
                if _has_word(np.asarray(cv2.subtract(more, less), np.uint8), inside, rule):
                    return True
    return False


def _changed_at_rest(one: Appearance, other: Appearance, moving: NDArray[np.bool_]) -> bool:
    for before, after in ((one.bright, other.bright), (one.dark, other.dark)):
        changed = (cv2.absdiff(before, after) > _CHANGE) & ~moving
        if np.count_nonzero(changed) >= _QUIET_PIXELS:
            in_blocks = by_block(changed.astype(np.uint8)).sum(axis=2, dtype=np.int64)
            if int(in_blocks.max()) >= _QUIET_PIXELS:
                return True
    return False


def _has_word(strokes: Plane, inside: NDArray[np.bool_], rule: tuple[tuple[int, int], ...]) -> bool:
    for level, pixels in rule:
        marked = ((strokes > level) & inside).astype(np.float32)
        if np.count_nonzero(marked) < pixels:
            continue
        for window in _WINDOWS:
            if float(cv2.boxFilter(marked, -1, window, normalize=False).max()) >= pixels - 0.5:
                return True
    return False


def _morphology(plane: Plane, operation: int) -> Plane:
    return np.asarray(cv2.morphologyEx(plane, operation, _STROKE), np.uint8)


def _halved(plane: Plane) -> Plane:
    size = (max(1, plane.shape[1] // 2), max(1, plane.shape[0] // 2))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
