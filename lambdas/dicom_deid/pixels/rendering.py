"""Frames as 8-bit pictures: for text detection, and for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box, Placement
from dicom_deid.part10.elements import Header
from dicom_deid.part10.reader import find
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.text_regions import Picture as Picture
from dicom_deid.pixels.text_regions import small_text, text_of_one_brightness, word_count

MIN_SIDE: Final = 80
"""Rekognition takes no image smaller than 80 pixels a side (service limit)."""
_ENLARGED: Final = ((800, 2.0), (1100, 1.5))
"""Pictures up to this many pixels a side are shown to text detection larger: letters of 8 pixels become 12 or more."""
_CLOSE_UP: Final = 2.0
_TILE: Final = 1840
_OVERLAP: Final = 240
"""Wider than a word of an overlay."""
_MARGIN: Final = 12
_QUALITIES: Final = (92, 80, 60)
_CROWDED: Final = 60
"""More words than this in one part, by a rough count, and it is cut: DetectText names at most 100 (service quota)."""
MAX_PNG_BYTES: Final = 5 * 1024 * 1024
"""Largest image that Rekognition takes as bytes (service limit)."""


@dataclass(frozen=True, slots=True)
class Display:
    """What the header says of showing its pixels: window, palette, rescale."""

    window: tuple[float, float] | None
    palette: NDArray[np.uint8] | None
    slope: float
    intercept: float

    @classmethod
    def of(cls, header: Header) -> Display:
        """The first window and the palette of the top level; defaults where there are none."""
        center, width = _decimal(header, 0x00281050), _decimal(header, 0x00281051)
        window = (center, width) if center is not None and width is not None and width >= 1 else None
        slope, intercept = _decimal(header, 0x00281053), _decimal(header, 0x00281052)
        return cls(window, _palette(header), slope if slope else 1.0, intercept or 0.0)


def for_people(pixels: Pixels, description: PixelDescription, display: Display) -> Picture:
    """The frame as a viewer shows it: window, inverted MONOCHROME1, palette, RGB of YBR."""
    return _picture(pixels, description, display, use_window=True)


def for_text(pixels: Pixels, description: PixelDescription, display: Display) -> list[Picture]:
    """The frame over its full range; where a window shows something else, through the window too; and where lettering
    differs from its background in colour alone, that colour.
    """
    full = _picture(pixels, description, display, use_window=False)
    pictures = [full]
    if description.samples == 1 and display.palette is None and display.window and description.bits_stored > 8:
        windowed = _picture(pixels, description, display, use_window=True)
        if float(np.mean(cv2.absdiff(windowed, full))) > 24:
            pictures.append(windowed)
    if is_coloured(description, display):
        coloured = text_of_one_brightness(full)
        pictures += [] if coloured is None else [coloured]
    return pictures


def is_coloured(description: PixelDescription, display: Display) -> bool:
    """Whether the frame's pictures have colours."""
    return description.samples == 3 or display.palette is not None


def tiles(picture: Picture) -> Iterator[tuple[Picture, Placement]]:
    """The picture in parts that a text detector can read.

    Small pictures are enlarged, so that the smallest letters are some 16 pixels high; large ones are cut with an
    overlap that holds a word, and cut again where a part may hold more words than one answer names. Where a large one
    seems to hold small letters, a close-up follows. Every part has a margin, because engines overlook letters that
    touch the edge.
    """
    scale = next((factor for side, factor in _ENLARGED if max(picture.shape[:2]) <= side), 1.0)
    yield from _cut(picture, Box(0, 0, picture.shape[1], picture.shape[0]), scale)
    if scale == 1.0:
        for block in small_text(picture):
            yield from _cut(picture, block, _CLOSE_UP)


def _cut(picture: Picture, area: Box, scale: float) -> Iterator[tuple[Picture, Placement]]:
    """An area of the picture in parts, each enlarged by the scale."""
    picture = picture[area.y0 : area.y1, area.x0 : area.x1]
    whole = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else picture
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


def _picture(pixels: Pixels, description: PixelDescription, display: Display, *, use_window: bool) -> Picture:
    if description.samples == 3:
        return _colour(pixels, description)
    if display.palette is not None:
        return np.asarray(display.palette[np.clip(pixels, 0, len(display.palette) - 1)], np.uint8)
    values = pixels.astype(np.float32)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if use_window and display.window is not None:
        center, width = display.window
        low = (center - width / 2 - display.intercept) / display.slope
        high = (center + width / 2 - display.intercept) / display.slope
    grey = np.clip((values - low) * (255.0 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    if description.photometric == "MONOCHROME1":
        grey = 255 - grey
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def _colour(pixels: Pixels, description: PixelDescription) -> Picture:
    shift = max(0, description.bits_stored - 8)
    values = np.ascontiguousarray((pixels >> shift).astype(np.uint8))
    if description.photometric.startswith("YBR_FULL") or description.photometric.startswith("YBR_PARTIAL"):
        ycrcb = np.ascontiguousarray(values[..., [0, 2, 1]])
        return np.asarray(cv2.cvtColor(ycrcb, cv2.COLOR_YCrCb2RGB), np.uint8)
    return values


def _palette(header: Header) -> NDArray[np.uint8] | None:
    photometric = find(header.dataset, 0x00280004)
    if photometric is None or photometric.value.strip(b"\0 ") != b"PALETTE COLOR":
        return None
    order = ">" if header.encoding.big_endian else "<"
    channels: list[NDArray[Any]] = []
    first = 0
    for tag in (0x00281201, 0x00281202, 0x00281203):
        data, descriptor = find(header.dataset, tag), find(header.dataset, tag - 0x100)
        if data is None or descriptor is None or len(descriptor.value) != 6:
            return None
        count, first, depth = (int(n) for n in np.frombuffer(descriptor.value, f"{order}u2"))
        count = count or 65536
        if depth == 8 and len(data.value) < 2 * count:
            channel = np.frombuffer(data.value, np.uint8)[:count].astype(np.uint16)
        else:
            words = np.frombuffer(data.value[: len(data.value) // 2 * 2], f"{order}u2")[:count]
            channel = (words >> 8 if words.max(initial=0) > 255 else words).astype(np.uint16)
        channels.append(channel)
    shortest = min(len(channel) for channel in channels)
    table = np.stack([channel[:shortest] for channel in channels], axis=1).astype(np.uint8)
    return np.concatenate([np.repeat(table[:1], first, axis=0), table]) if first else table


def _decimal(header: Header, tag: int) -> float | None:
    element = find(header.dataset, tag)
    if element is None:
        return None
    try:
        return float(element.value.split(b"\\")[0].strip(b"\0 "))
    except ValueError:
        return None
