"""Text detection by Amazon Rekognition or Amazon Textract: one image in, words with their places out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from dicom_deid.geometry import Quad
from dicom_deid.phi.words import DetectedText, Word
from services import clients
from services.faults import translated

REKOGNITION_WORDS = 100
"""DetectText answers at most this many words per image (service quota); at the limit, words may be missing."""
REKOGNITION_BYTES = 5 * 1024 * 1024
"""Largest image that Rekognition takes as bytes (service quota)."""
TEXTRACT_BYTES = 10 * 1024 * 1024
"""Largest document that Textract takes in a synchronous call (service quota)."""


class Engine(StrEnum):
    """The setting: who reads the text."""

    REKOGNITION = "rekognition"
    TEXTRACT = "textract"
    BOTH = "both"


def detect(engine: Engine, group: int, image: int, content: bytes, width: int, height: int) -> DetectedText:
    """The words of one PNG or JPEG image of `width` by `height` pixels, numbered from 0.

    With ``both``, the words of Textract follow those of Rekognition: a word that either reads is looked at.
    """
    readers: dict[Engine, tuple[Callable[[bytes], tuple[list[Mapping[str, Any]], bool]], ...]] = {
        Engine.REKOGNITION: (_rekognition,),
        Engine.TEXTRACT: (_textract,),
        Engine.BOTH: (_rekognition, _textract),
    }
    found: list[Mapping[str, Any]] = []
    truncated = False
    for read in readers[engine]:
        words, at_limit = read(content)
        found += words
        truncated = truncated or at_limit
    return DetectedText(
        group=group,
        image=image,
        engine=engine.value,
        truncated=truncated,
        words=tuple(_words(found, width, height)),
    )


def _rekognition(content: bytes) -> tuple[list[Mapping[str, Any]], bool]:
    if len(content) > REKOGNITION_BYTES:
        return [], True
    with translated("rekognition"):
        answer = clients.rekognition().detect_text(Image={"Bytes": content})
    words: list[Mapping[str, Any]] = [
        {"text": item["DetectedText"], "confidence": item["Confidence"], "geometry": item["Geometry"]}
        for item in answer["TextDetections"]
        if item["Type"] == "WORD"
    ]
    return words, len(words) >= REKOGNITION_WORDS


def _textract(content: bytes) -> tuple[list[Mapping[str, Any]], bool]:
    if len(content) > TEXTRACT_BYTES:
        return [], True
    with translated("textract"):
        answer = clients.textract().detect_document_text(Document={"Bytes": content})
    words: list[Mapping[str, Any]] = [
        {"text": block["Text"], "confidence": block["Confidence"], "geometry": block["Geometry"]}
        for block in answer["Blocks"]
        if block["BlockType"] == "WORD"
    ]
    return words, False


def _words(found: Iterable[Mapping[str, Any]], width: int, height: int) -> Iterable[Word]:
    for number, item in enumerate(found):
        yield Word(
            id=number,
            text=item["text"],
            quad=_quad(item["geometry"], width, height),
            confidence=min(max(float(item["confidence"]) / 100.0, 0.0), 1.0),
        )


def _quad(geometry: Mapping[str, Any], width: int, height: int) -> Quad:
    """Image pixels from coordinates relative to the image; the upright box where no polygon is given."""
    points = geometry.get("Polygon") or []
    if len(points) == 4:
        flat = [value for point in points for value in (point["X"] * width, point["Y"] * height)]
    else:
        box = geometry["BoundingBox"]
        x0, y0 = box["Left"] * width, box["Top"] * height
        x1, y1 = x0 + box["Width"] * width, y0 + box["Height"] * height
        flat = [x0, y0, x1, y0, x1, y1, x0, y1]
    x0, y0, x1, y1, x2, y2, x3, y3 = flat
    return Quad((x0, y0, x1, y1, x2, y2, x3, y3))
