"""Frames as 8-bit pictures: for text detection, and for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box, Placement
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.display import Display, Window
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.text_regions import Picture as Picture
from dicom_deid.pixels.text_regions import (
    has_large_text,
    shows_other_lettering,
    small_text,
    text_of_one_brightness,
    word_count,
)

Levels = NDArray[np.uint8]
"""(rows, columns), black to white."""
MIN_SIDE: Final = 80
"""Rekognition takes no image smaller than 80 pixels a side (service limit)."""
_ENLARGED: Final = ((800, 2.0), (1100, 1.5))
"""Pictures up to this many pixels a side are shown to text detection larger: letters of 8 pixels become 12 or more."""
_CLOSE_UP: Final = 2.0
_OVERVIEW: Final = 900
"""Pixels a side of a picture that shows a large one whole: letters of a tenth of its height are read."""
_TILE: Final = 1840
_OVERLAP: Final = 240
"""Wider than a word of an overlay."""
_MARGIN: Final = 12
_QUALITIES: Final = (92, 80, 60)
_CROWDED: Final = 60
"""More words than this in one part, by a rough count, and it is cut: DetectText names at most 100 (service quota)."""
_ANOTHER: Final = 24
"""Grey levels by which a picture differs from another, on average, to be shown beside it."""
_HIDDEN: Final = 4
"""Spread evenly, the pixels take so many times the levels that they take over the full range."""
_COUNTED: Final = 1 << 20
"""Ranges of values up to this width are counted value by value; of wider ones the values are sorted."""
_LOOKED_UP: Final = 1 << 16
"""Of more values than twice this many, not each has a level of its own: a search among them would leave the cache."""
MAX_PNG_BYTES: Final = 5 * 1024 * 1024
"""Largest image that Rekognition takes as bytes (service limit)."""


def for_people(pixels: Pixels, description: PixelDescription, display: Display) -> Picture:
    """The frame as a viewer shows it: window, inverted MONOCHROME1, palette, RGB of YBR."""
    window = display.windows[0] if display.windows else None
    picture = _picture(pixels, description, display, window)
    if window is None and not is_coloured(description, display) and description.bits_stored > 8:
        spread = _shown(_evenly(pixels, by_pixel=False), description)
        return spread if _hides_levels(picture, spread) else picture
    return picture


def for_text(pixels: Pixels, description: PixelDescription, display: Display) -> list[Picture]:
    """Every picture of the frame in which text may be seen, the full range first.

    Another follows where it shows something else, or lettering that those before it do not show: through the header's
    windows; with equally many values, or pixels, at each level, as one bright pixel makes all others dark; of one
    primary colour, as letters may be as bright as what is behind them; of a palette's indices, as two of them may have
    one colour.
    """
    pictures = [_picture(pixels, description, display, None)]
    if is_coloured(description, display):
        coloured = text_of_one_brightness(pictures[0])
        pictures += [] if coloured is None else [coloured]
    if description.samples == 3:
        return pictures
    if display.palette is not None:
        indices = _picture(pixels, description, Display(), None)
        return [*pictures, indices] if shows_other_lettering(indices, pictures) else pictures
    for window in display.tried:
        windowed = _picture(pixels, description, display, window)
        differs = description.bits_stored > 8 and all(_differ(windowed, shown) for shown in pictures)
        if differs or shows_other_lettering(windowed, pictures):
            pictures.append(windowed)
    if description.bits_stored > 8:
        by_value, by_pixel = (_shown(_evenly(pixels, by_pixel=way), description) for way in (False, True))
        if len(pictures) == 1 and _hides_levels(pictures[0], by_value):
            pictures.append(by_value)
        if shows_other_lettering(by_pixel, pictures):
            pictures.append(by_pixel)
    return pictures


def is_coloured(description: PixelDescription, display: Display) -> bool:
    """Whether the frame's pictures have colours."""
    return description.samples == 3 or display.palette is not None


def tiles(picture: Picture) -> Iterator[tuple[Picture, Placement]]:
    """The picture in parts that a text detector can read.

    Small pictures are enlarged, so that the smallest letters are some 16 pixels high; large ones are cut with an
    overlap that holds a word, and cut again where a part may hold more words than one answer names. Where a large one
    seems to hold small letters, a close-up follows; where it seems to hold letters too large for an engine to see as
    such, the whole of it, made small. Every part has a margin, because engines overlook letters that touch the edge.
    """
    scale = next((factor for side, factor in _ENLARGED if max(picture.shape[:2]) <= side), 1.0)
    whole = Box(0, 0, picture.shape[1], picture.shape[0])
    yield from _cut(picture, whole, scale)
    if scale == 1.0:
        for block in small_text(picture):
            yield from _cut(picture, block, _CLOSE_UP)
        if has_large_text(picture):
            yield from _cut(picture, whole, min(1.0, _OVERVIEW / max(picture.shape[:2])))


def _cut(picture: Picture, area: Box, scale: float) -> Iterator[tuple[Picture, Placement]]:
    """An area of the picture in parts, each enlarged by the scale."""
    picture = picture[area.y0 : area.y1, area.x0 : area.x1]
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    whole = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way) if scale != 1 else picture
    for x, y, width, height in _parts(picture, round(_TILE / scale)):
        left, top = round(x * scale), round(y * scale)
        part = whole[top : top + round(height * scale), left : left + round(width * scale)]
        placement = Placement(scale=scale, offset_x=area.x0 + x, offset_y=area.y0 + y, padding=_MARGIN)
        yield _padded(np.ascontiguousarray(part, np.uint8)), placement


def encoded(picture: Picture) -> bytes:
    """PNG, or JPEG of as high a quality as the service's limit allows where PNG exceeds it."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    grey = np.array_equal(picture[..., 0], picture[..., 1]) and np.array_equal(picture[..., 1], picture[..., 2])
    content = cv2.imencode(".png", picture[..., 0] if grey else bgr)[1].tobytes()
    for quality in _QUALITIES:
        if len(content) <= MAX_PNG_BYTES:
            break
        content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    return content


def _parts(picture: Picture, side: int) -> Iterator[tuple[int, int, int, int]]:
    """(x, y, width, height) of overlapping parts of about `side` pixels, smaller ones where text is dense."""
    rows, columns = picture.shape[:2]
    for y, high in _spans(rows, side):
        for x, wide in _spans(columns, side):
            part = np.ascontiguousarray(picture[y : y + high, x : x + wide])
            smaller = side // 2 + _OVERLAP // 2
            if smaller < max(part.shape[:2]) and side > 3 * _OVERLAP and word_count(part) > _CROWDED:
                for inner_x, inner_y, width, height in _parts(part, smaller):
                    yield x + inner_x, y + inner_y, width, height
            else:
                yield x, y, wide, high


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    """(begin, length) of parts that share at least `_OVERLAP` pixels with the next one."""
    if length <= side + _OVERLAP // 2:
        return [(0, length)]
    count = -(-(length - _OVERLAP) // max(1, side - _OVERLAP))
    return [(round(number * (length - side) / (count - 1)), side) for number in range(count)]


def _padded(picture: Picture) -> Picture:
    """A margin in the usual brightness of the edge, and more where the picture is smaller than a service takes."""
    rows, columns = picture.shape[:2]
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    usual = [int(value) for value in np.median(edge, axis=0)]
    bottom, right = (max(_MARGIN, MIN_SIDE - _MARGIN - length) for length in (rows, columns))
    return np.asarray(
        cv2.copyMakeBorder(picture, _MARGIN, bottom, _MARGIN, right, cv2.BORDER_CONSTANT, value=usual), np.uint8
    )


def _picture(pixels: Pixels, description: PixelDescription, display: Display, window: Window | None) -> Picture:
    if description.samples == 3:
        return _colour(pixels, description)
    if display.palette is not None:
        return np.asarray(display.palette[np.clip(pixels, 0, len(display.palette) - 1)], np.uint8)
    return _shown(_levels(pixels, window), description)


def _levels(pixels: Pixels, window: Window | None) -> Levels:
    """Stored values as 256 levels: of a window, or of all that occur."""
    values = pixels.astype(np.float32)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if window is not None:
        low, high = window.low, window.high
    return np.asarray(np.clip((values - low) * (255.0 / max(high - low, 1e-6)), 0, 255), np.uint8)


def _shown(levels: Levels, description: PixelDescription) -> Picture:
    grey = 255 - levels if description.photometric == "MONOCHROME1" else levels
    return np.asarray(np.repeat(grey[..., np.newaxis], 3, axis=2), np.uint8)


def _evenly(pixels: Pixels, *, by_pixel: bool) -> Levels:
    """Stored values as levels that hold equally many of the values that occur, or of the pixels.

    By value, a gap takes no level, and noise stays what it is. By pixel, what is rare takes hardly any, and letters
    stand apart from the one value of what is behind them.
    """
    lowest, highest = int(pixels.min()), int(pixels.max())
    levels = np.empty(pixels.shape, np.uint8)
    if highest - lowest < _COUNTED:
        counts = np.zeros(highest - lowest + 1, np.int64)
        for rows in np.array_split(pixels, max(1, pixels.size // _COUNTED)):
            counts += np.bincount(rows.ravel().astype(np.int64) - lowest, minlength=len(counts))
        table = _equalised(counts if by_pixel else np.sign(counts))
        for row, shown in zip(pixels, levels, strict=True):
            shown[:] = table[row.astype(np.int64) - lowest]
        return levels
    ordered = np.sort(pixels, axis=None)
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    every = max(1, len(first) // _LOOKED_UP)
    counts = np.diff(first, append=ordered.size)
    occurring, table = ordered[first][::every], _equalised(counts if by_pixel else np.sign(counts))[::every]
    for row, shown in zip(pixels, levels, strict=True):
        shown[:] = table[np.searchsorted(occurring, row, side="right") - 1]
    return levels


def _equalised(counts: NDArray[np.int64]) -> Levels:
    """The level of each value by the middle of its ranks; `counts` are of ascending values."""
    middle = np.cumsum(counts) - counts / 2.0
    low, high = float(middle[0]), float(middle[-1])
    return np.asarray((middle - low) * (255.0 / max(high - low, 1e-9)), np.uint8)


def _hides_levels(full: Picture, spread: Picture) -> bool:
    """Whether the full range leaves most of the levels to a few pixels."""
    few, many = (int(np.count_nonzero(np.bincount(one[..., 0].ravel(), minlength=256))) for one in (full, spread))
    return _HIDDEN * few <= many


def _differ(one: Picture, other: Picture) -> bool:
    return float(np.mean(cv2.absdiff(one, other))) > _ANOTHER


def _colour(pixels: Pixels, description: PixelDescription) -> Picture:
    # By what occurs: a file may say 16 bits and use 8 of them.
    shift = max(0, int(pixels.max(initial=0)).bit_length() - 8)
    values = np.ascontiguousarray((pixels >> shift).astype(np.uint8))
    if description.photometric.startswith("YBR_FULL") or description.photometric.startswith("YBR_PARTIAL"):
        ycrcb = np.ascontiguousarray(values[..., [0, 2, 1]])
        return np.asarray(cv2.cvtColor(ycrcb, cv2.COLOR_YCrCb2RGB), np.uint8)
    return values
