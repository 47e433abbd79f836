"""Text detection: both engines' answers become words in image pixels; a limit is never silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from services import clients, text_detection
from services.text_detection import Engine


@pytest.fixture
def rekognition() -> Iterator[Stubber]:
    clients.forget()
    with Stubber(clients.rekognition()) as stub:
        yield stub
    clients.forget()


@pytest.fixture
def textract() -> Iterator[Stubber]:
    with Stubber(clients.textract()) as stub:
        yield stub


def geometry(left: float, top: float, width: float, height: float, *, polygon: bool = True) -> dict[str, Any]:
    box = {"Left": left, "Top": top, "Width": width, "Height": height}
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return {"BoundingBox": box} | ({"Polygon": [{"X": x, "Y": y} for x, y in corners]} if polygon else {})


def detection(text: str, kind: str = "WORD", *, polygon: bool = True) -> dict[str, Any]:
    place = geometry(0.25, 0.5, 0.5, 0.25, polygon=polygon)
    return {"DetectedText": text, "Type": kind, "Id": 0, "Confidence": 91.0, "Geometry": place}


@pytest.mark.parametrize("polygon", [True, False])
def test_words_come_in_image_pixels_and_lines_are_left_out(rekognition: Stubber, polygon: bool) -> None:
    found = [detection("CITIZEN JAN", "LINE"), detection("CITIZEN", polygon=polygon)]
    rekognition.add_response("detect_text", {"TextDetections": found}, {"Image": {"Bytes": b"png"}})
    detected = text_detection.detect(Engine.REKOGNITION, 3, 7, b"png", 200, 100)
    assert (detected.group, detected.image, detected.truncated) == (3, 7, False)
    assert [(word.id, word.text, word.confidence) for word in detected.words] == [(0, "CITIZEN", 0.91)]
    assert detected.words[0].quad.points == (50, 50, 150, 50, 150, 75, 50, 75)


def test_a_hundred_words_mean_that_some_may_be_missing(rekognition: Stubber) -> None:
    for count in (99, 100):
        answer = {"TextDetections": [detection("word")] * count}
        rekognition.add_response("detect_text", answer)
        assert text_detection.detect(Engine.REKOGNITION, 0, 0, b"png", 200, 100).truncated is (count == 100)


def test_an_image_the_engine_cannot_take_counts_as_unread(rekognition: Stubber) -> None:
    del rekognition
    detected = text_detection.detect(Engine.REKOGNITION, 0, 0, bytes(5 * 1024 * 1024 + 1), 200, 100)
    assert detected.truncated
    assert not detected.words


def test_both_engines_give_the_words_of_both_with_distinct_ids(rekognition: Stubber, textract: Stubber) -> None:
    rekognition.add_response("detect_text", {"TextDetections": [detection("A"), detection("B")]})
    block = {"BlockType": "WORD", "Text": "C", "Confidence": 50.0, "Geometry": geometry(0, 0, 1, 1)}
    page = {"BlockType": "PAGE", "Geometry": geometry(0, 0, 1, 1)}
    textract.add_response("detect_document_text", {"Blocks": [page, block]}, {"Document": {"Bytes": b"png"}})
    detected = text_detection.detect(Engine.BOTH, 0, 0, b"png", 10, 10)
    assert [(word.id, word.text) for word in detected.words] == [(0, "A"), (1, "B"), (2, "C")]
