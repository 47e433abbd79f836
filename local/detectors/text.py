"""Text detection on this machine: RapidOCR, answering in the shapes of Rekognition and Textract.

The settings are those that read overlays best (DESIGN 12): small images enlarged, detection at up to 2,400 pixels a
side, word boxes from the recogniser's own positions.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_WORDS: Final = 100
"""DetectText answers at most so many words (service quota), and so does its stand-in."""
_ENLARGE: Final = ((800, 2.0), (1100, 1.5))


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    confidence: float
    points: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    confidence: float
    points: NDArray[np.float64]
    words: tuple[_Word, ...]


class LocalTextDetector:
    """One RapidOCR engine; its models come in its wheel, nothing is downloaded."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        return RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.max_side_len": 4000,
                "Global.text_score": 0.3,
                "Global.return_word_box": True,
                "Det.limit_type": "max",
                "Det.limit_side_len": 2400,
                "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
            }
        )

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        """The shape of Rekognition DetectText: lines and their words, geometry relative to the image."""
        pixels = _decoded(image)
        detections: list[dict[str, Any]] = []
        words = 0
        for number, line in enumerate(self._lines(pixels)):
            detections.append(_detection("LINE", number, None, line.text, line.confidence, line.points, pixels))
            for word in line.words:
                if words < MAX_WORDS:
                    identifier = 10_000 + words
                    detections.append(
                        _detection("WORD", identifier, number, word.text, word.confidence, word.points, pixels)
                    )
                    words += 1
        return {"TextDetections": detections, "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        """The shape of Textract DetectDocumentText: a page, lines and words."""
        pixels = _decoded(image)
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float) * (pixels.shape[1], pixels.shape[0])
        blocks: list[dict[str, Any]] = [{"BlockType": "PAGE", "Id": str(uuid.uuid4()), **_geometry(corners, pixels)}]
        for line in self._lines(pixels):
            blocks.append(_block("LINE", line.text, line.confidence, line.points, pixels))
            blocks += [_block("WORD", word.text, word.confidence, word.points, pixels) for word in line.words]
        return {"DocumentMetadata": {"Pages": 1}, "Blocks": blocks, "DetectDocumentTextModelVersion": "1.0"}

    def _lines(self, pixels: NDArray[np.uint8]) -> Iterator[_Line]:
        longest = max(pixels.shape[:2])
        scale = next((factor for limit, factor in _ENLARGE if longest <= limit), 1.0)
        enlarged = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else pixels
        found = self._engine(enlarged)
        if found.boxes is None or not found.txts:
            return
        for box, text, score, parts in zip(found.boxes, found.txts, found.scores, found.word_results, strict=True):
            words = tuple(
                _Word(part, min(max(float(confidence), 0.0), 1.0), np.asarray(points, float) / scale)
                for part, confidence, points in parts
                if points is not None and str(part).strip()
            )
            yield _Line(text, min(max(float(score), 0.0), 1.0), np.asarray(box, float) / scale, words)


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
