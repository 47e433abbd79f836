"""Barcodes and QR codes: they carry identifiers that no OCR reads, and are treated as PHI."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.pixels.text_regions import Picture

_MIN_SIDE: Final = 20
_MARGIN: Final = 4
_MIN_LENGTH: Final = 60
"""Pixels that the shortest barcode is long: some 20 bars and spaces of 3 pixels."""
_MIN_EDGES: Final = 20
_GRADIENT: Final = 50
_CONTRAST: Final = 60
_ALIKE: Final = 0.08
"""Rows of a barcode are alike: they differ from their mean by at most this share of its range."""
_TWO_LEVELS: Final = 0.75
"""Share of a barcode that is nearly as dark as its bars or as bright as its spaces."""


def barcodes(picture: Picture) -> tuple[Box, ...]:
    """The boxes of every code found in a picture of (rows, columns, 3): QR codes that decode, and any bars."""
    rows, columns = picture.shape[:2]
    if min(rows, columns) < 2 * _MIN_SIDE:
        return ()
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    found = {*_squares(grey), *_bars(grey)}
    found.update(Box(box.y0, box.x0, box.y1, box.x1) for box in _bars(np.ascontiguousarray(grey.T)))
    inside = (box.grown(_MARGIN, _MARGIN).clipped(columns, rows) for box in found)
    return tuple(sorted(box for box in inside if box is not None))


@cache
def _detector() -> Any:
    return cv2.QRCodeDetectorAruco()


def _squares(grey: NDArray[np.uint8]) -> Iterator[Box]:
    """QR codes that decode: the bare detector also sees codes in anatomy."""
    known, texts, corners, *_ = _detector().detectAndDecodeMulti(grey)
    if not known or corners is None:
        return
    for quad, text in zip(np.asarray(corners, float).reshape(-1, 4, 2), texts, strict=False):
        (x0, y0), (x1, y1) = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0))
        if text and min(x1 - x0, y1 - y0) >= _MIN_SIDE:
            yield Box(int(x0), int(y0), int(x1) + 1, int(y1) + 1)


def _bars(grey: NDArray[np.uint8]) -> Iterator[Box]:
    """Upright bars of any symbology: edges that all run one way, the same in every row."""
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    edges = cv2.blur(np.abs(across) - np.abs(down), (9, 9))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (21, 5))
    joined = cv2.morphologyEx((edges > _GRADIENT).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    for x, y, width, height, _ in cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:].tolist():
        if width >= _MIN_LENGTH and height >= _MIN_SIDE and _are_bars(grey[y : y + height, x : x + width]):
            yield Box(x, y, x + width, y + height)


def _are_bars(part: NDArray[np.uint8]) -> bool:
    rows = part[part.shape[0] // 8 : 7 * part.shape[0] // 8].astype(np.float32)
    profile = rows.mean(axis=0)
    low, high = np.percentile(profile, [5, 95])
    reach = float(high - low)
    if reach < _CONTRAST or float(np.abs(rows - profile).mean()) > _ALIKE * reach:
        return False
    level = np.minimum(np.abs(profile - low), np.abs(profile - high)) < 0.25 * reach
    crossings = np.count_nonzero(np.diff(profile > (low + high) / 2))
    return bool(level.mean() >= _TWO_LEVELS and crossings >= _MIN_EDGES)
