"""Text detection on this machine: RapidOCR, answering in the shapes of Rekognition and Textract.

Lines and words come from `local.detectors.lines`; here they take the services' form.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from local.detectors.lines import LineReader

MAX_WORDS: Final = 100
"""DetectText answers at most so many words (service quota), and so does its stand-in."""


class LocalTextDetector:
    """Text detection as the services answer it."""

    def __init__(self, threads: int = 2) -> None:
        self._reader = LineReader(threads)

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        """The shape of Rekognition DetectText: lines and their words, geometry relative to the image."""
        pixels = _decoded(image)
        detections: list[dict[str, Any]] = []
        words = 0
        for number, line in enumerate(self._reader.lines(pixels)):
            detections.append(_detection("LINE", number, None, line.text, line.confidence, line.points, pixels))
            for word in line.words:
                if words < MAX_WORDS:
                    identifier = 10_000 + words
                    detections.append(
                        _detection("WORD", identifier, number, word.text, line.confidence, word.points, pixels)
                    )
                    words += 1
        return {"TextDetections": detections, "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        """The shape of Textract DetectDocumentText: a page, lines and words."""
        pixels = _decoded(image)
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float) * (pixels.shape[1], pixels.shape[0])
        blocks: list[dict[str, Any]] = [{"BlockType": "PAGE", "Id": str(uuid.uuid4()), **_geometry(corners, pixels)}]
        for line in self._reader.lines(pixels):
            blocks.append(_block("LINE", line.text, line.confidence, line.points, pixels))
            blocks += [_block("WORD", word.text, line.confidence, word.points, pixels) for word in line.words]
        return {"DocumentMetadata": {"Pages": 1}, "Blocks": blocks, "DetectDocumentTextModelVersion": "1.0"}


def _decoded(image: bytes) -> NDArray[np.uint8]:
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(pixels, np.uint8)


def _detection(
    kind: str,
    identifier: int,
    parent: int | None,
    text: str,
    confidence: float,
    points: NDArray[np.float64],
    pixels: NDArray[np.uint8],
) -> dict[str, Any]:
    found = {
        "DetectedText": text,
        "Type": kind,
        "Id": identifier,
        "Confidence": 100.0 * confidence,
        **_geometry(points, pixels),
    }
    return found if parent is None else {**found, "ParentId": parent}


def _block(
    kind: str, text: str, confidence: float, points: NDArray[np.float64], pixels: NDArray[np.uint8]
) -> dict[str, Any]:
    return {
        "BlockType": kind,
        "Id": str(uuid.uuid4()),
        "Text": text,
        "Confidence": 100.0 * confidence,
        **_geometry(points, pixels),
    }


def _geometry(points: NDArray[np.float64], pixels: NDArray[np.uint8]) -> dict[str, Any]:
    relative = points / (pixels.shape[1], pixels.shape[0])
    (left, top), (right, bottom) = relative.min(axis=0), relative.max(axis=0)
    return {
        "Geometry": {
            "BoundingBox": {
                "Left": float(left),
                "Top": float(top),
                "Width": float(right - left),
                "Height": float(bottom - top),
            },
            "Polygon": [{"X": float(x), "Y": float(y)} for x, y in relative],
        }
    }
