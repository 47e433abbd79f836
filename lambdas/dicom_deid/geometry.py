"""Rectangles in pixel coordinates: x to the right, y down, origin at the top left corner of the frame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A half-open rectangle [x0, x1) by [y0, y1) in whole pixels; it holds at least one pixel."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise ValueError("a box needs x0 < x1 and y0 < y1")

    @property
    def width(self) -> int:
        """Columns that it covers."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows that it covers."""
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        """Pixels that it covers."""
        return self.width * self.height

    def grown(self, x: int, y: int) -> Box:
        """The box with `x` more pixels on the left and right and `y` more above and below."""
        return Box(self.x0 - x, self.y0 - y, self.x1 + x, self.y1 + y)

    def clipped(self, columns: int, rows: int) -> Box | None:
        """The part inside a frame of that size, or None when nothing of it is."""
        x0, y0, x1, y1 = max(self.x0, 0), max(self.y0, 0), min(self.x1, columns), min(self.y1, rows)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def intersection(self, other: Box) -> Box | None:
        """What both cover, or None."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners of a word, in reading order from its own top left, in image pixels (floats)."""

    points: tuple[float, float, float, float, float, float, float, float]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The upright rectangle (x0, y0, x1, y1) around the four corners."""
        xs, ys = self.points[0::2], self.points[1::2]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image for text detection came from: frame px = offset + (image px - padding) / scale.

    `scale` is image pixels per frame pixel (2.0 for a frame enlarged twice). `padding` pixels were added on the left
    and top of the image; `offset_x`, `offset_y` is the frame pixel under the first unpadded image pixel (tiles).
    """

    scale: float = 1.0
    offset_x: int = 0
    offset_y: int = 0
    padding: int = 0

    def to_frame(self, bounds: tuple[float, float, float, float]) -> Box:
        """The whole frame pixels that an image rectangle touches: floor of the near, ceil of the far side."""
        x0, y0, x1, y1 = ((value - self.padding) / self.scale for value in bounds)
        left, top = math.floor(x0) + self.offset_x, math.floor(y0) + self.offset_y
        right, bottom = math.ceil(x1) + self.offset_x, math.ceil(y1) + self.offset_y
        return Box(left, top, max(right, left + 1), max(bottom, top + 1))


def bounding_box(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of `boxes`.

    Raises
    ------
    ValueError
        When there are none.
    """
    found = list(boxes)
    if not found:
        raise ValueError("no boxes")
    result = found[0]
    for box in found[1:]:
        result = result.union(box)
    return result
