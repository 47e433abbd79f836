"""RapidOCR through the services' shapes: words whole, in their own places, whichever way a line runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from numpy.typing import NDArray

from local.detectors.text import LocalTextDetector
from tests.synthetic.burned_in_typefaces import word_mask

LINES = (("CITIZEN WIRRABEE", 20, 60), ("DOB 12/03/1956", 20, 110), ("LEFT KIDNEY 10.2 cm", 20, 160))


@cache
def detector() -> LocalTextDetector:
    return LocalTextDetector()


@cache
def page() -> tuple[NDArray[np.uint8], dict[str, tuple[int, int, int, int]]]:
    """A picture with three lines, and the box of each word."""
    picture, boxes = np.full((240, 420), 30, np.uint8), {}
    for text, x, y in LINES:
        for word in text.split():
            mask, baseline = word_mask("outline:notos", word, 16)
            top = y - baseline
            area = picture[top : top + mask.shape[0], x : x + mask.shape[1]]
            area[:] = np.maximum(area, mask)
            boxes[word] = (x, top, x + mask.shape[1], top + mask.shape[0])
            x += mask.shape[1] + 10
    return picture, boxes


def answer(quarter: int) -> Mapping[str, Any]:
    picture = np.ascontiguousarray(np.rot90(page()[0], quarter))
    return detector().detect_text(cv2.imencode(".png", picture)[1].tobytes())


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_words_are_whole_and_cover_their_ink_whichever_way_they_run(quarter: int) -> None:
    picture, boxes = page()
    rows, columns = np.rot90(picture, quarter).shape
    found = {
        d["DetectedText"]: d["Geometry"]["Polygon"] for d in answer(quarter)["TextDetections"] if d["Type"] == "WORD"
    }
    assert set(boxes) <= set(found)
    for word, box in boxes.items():
        ink = np.zeros_like(picture)
        ink[box[1] : box[3], box[0] : box[2]] = 1
        ys, xs = np.nonzero(np.rot90(ink, quarter))
        across = [point["X"] * columns for point in found[word]]
        down = [point["Y"] * rows for point in found[word]]
        assert min(across) <= xs.min() + 3
        assert max(across) >= xs.max() - 3
        assert min(down) <= ys.min() + 3
        assert max(down) >= ys.max() - 3
        assert (max(across) - min(across)) * (max(down) - min(down)) < 2.2 * (np.ptp(xs) + 4) * (np.ptp(ys) + 4)


def test_both_services_shapes_are_kept() -> None:
    session, image = get_session(), cv2.imencode(".png", page()[0])[1].tobytes()
    for service, operation, given in (
        ("rekognition", "DetectText", answer(0)),
        ("textract", "DetectDocumentText", detector().detect_document_text(image)),
    ):
        shape: Any = session.get_service_model(service).operation_model(operation).output_shape
        assert not ParamValidator().validate(given, shape).has_errors()


def test_a_picture_without_text_has_no_words() -> None:
    blank = cv2.imencode(".png", np.zeros((120, 160), np.uint8))[1].tobytes()
    assert detector().detect_text(blank)["TextDetections"] == []


def test_a_word_that_runs_onto_bone_is_covered_to_its_end() -> None:
    picture = np.full((200, 420), 15, np.uint8)
    picture[:, 150:] = 190
    mask, _ = word_mask("outline:notos", "KOWALSKI", 22)
    x = 110
    area = picture[90 : 90 + mask.shape[0], x : x + mask.shape[1]]
    area[:] = np.where(mask > 96, 240, area)
    found = detector().detect_text(cv2.imencode(".png", picture)[1].tobytes())["TextDetections"]
    right = max(point["X"] * 420 for word in found if word["Type"] == "WORD" for point in word["Geometry"]["Polygon"])
    assert right >= x + mask.shape[1] - 2
