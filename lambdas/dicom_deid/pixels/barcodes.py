"""Barcodes and QR codes: they carry identifiers that no OCR reads, and are treated as PHI."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import cv2
import numpy as np

from dicom_deid.geometry import Box
from dicom_deid.pixels.rendering import Picture

_MIN_SIDE: Final = 20
_MARGIN: Final = 4


@cache
def _detectors() -> tuple[Any, Any]:
    return cv2.barcode.BarcodeDetector(), cv2.QRCodeDetector()


def barcodes(picture: Picture) -> tuple[Box, ...]:
    """The boxes of every code found in a picture of (rows, columns, 3)."""
    if min(picture.shape[:2]) < 2 * _MIN_SIDE:
        return ()
    bar, square = _detectors()
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    found: list[Box] = []
    for detector in (bar, square):
        known, texts, corners, *_ = detector.detectAndDecodeMulti(grey)
        if known:
            found += _boxes(corners, [bool(text) for text in texts], picture)
    return tuple(sorted(set(found)))


def _boxes(corners: Any, decoded: list[bool], picture: Picture) -> list[Box]:
    """Boxes around codes that decode: the bare detectors also see codes in anatomy."""
    if corners is None:
        return []
    found: list[Box] = []
    for quad, sure in zip(np.asarray(corners, float).reshape(-1, 4, 2), decoded, strict=False):
        (x0, y0), (x1, y1) = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0))
        if not sure or min(x1 - x0, y1 - y0) < 1 or max(x1 - x0, y1 - y0) < _MIN_SIDE:
            continue
        box = Box(int(x0), int(y0), int(x1) + 1, int(y1) + 1).grown(_MARGIN, _MARGIN)
        inside = box.clipped(picture.shape[1], picture.shape[0])
        if inside is not None:
            found.append(inside)
    return found
