"""What text detection overlooks on one picture of a cine and reads on another does not stay on any frame."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import UID

from local.engine import running
from local.settings import EngineSettings
from services.catalog import Status
from tests.synthetic.cines import ultrasound, written
from tests.synthetic.pixel_objects import Case, make

KEY = bytes(range(32))
NAME = "WIRRABEE"
PLACE = (8, 8)


class ReadsOnce:
    """Reads the name on the first picture alone, where the cine shows it."""

    def __init__(self) -> None:
        self.calls = 0

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        self.calls += 1
        words = [word(1, NAME, (6, 10, 75, 24))] if self.calls == 1 else []
        return {"TextDetections": words, "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        raise NotImplementedError


class Finder:
    def detect_phi(self, text: str) -> Mapping[str, Any]:
        return {"Entities": [], "ModelVersion": "2.0"}


def word(number: int, text: str, box: tuple[int, int, int, int]) -> dict[str, Any]:
    """As DetectText says it of a picture of 320 x 240 pixels, enlarged twice, with a margin of 12."""
    x0, x1 = ((2 * x + 12) / (2 * 320 + 24) for x in (box[0], box[2]))
    y0, y1 = ((2 * y + 12) / (2 * 240 + 24) for y in (box[1], box[3]))
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    place = {
        "BoundingBox": {"Left": x0, "Top": y0, "Width": x1 - x0, "Height": y1 - y0},
        "Polygon": [{"X": x, "Y": y} for x, y in corners],
    }
    return {"DetectedText": text, "Type": "WORD", "Id": number, "ParentId": 0, "Confidence": 99.0, "Geometry": place}


def cine() -> bytes:
    """Nine frames under a name that stays and a mark that moves, so that there are several groups."""
    dataset = pydicom.dcmread(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "RGB"))))
    frames = [written(frame, NAME, *PLACE, 14, (255, 255, 255)).copy() for frame in ultrasound(9, seed=5)]
    for number, frame in enumerate(frames):
        frame[200:210, 20 + 20 * (number // 3) : 30 + 20 * (number // 3)] = 255
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(frames), *frames[0].shape[:2]
    dataset.PixelData = np.stack(frames).tobytes()
    dataset.PatientName, dataset.PatientID = f"{NAME}^JANE", "MRN7741902"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID("1.2.3.9"), UID("1.2.3.8")
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def test_a_name_that_was_read_on_one_group_of_frames_is_gone_from_all() -> None:
    reader = ReadsOnce()
    settings = EngineSettings(KEY, retry_attempts=0, unmatched_text="keep")
    with running(settings, text=reader, phi=Finder()) as engine:
        engine.upload("cine.dcm", cine())
        engine.deliver()
        entry = engine.find("cine.dcm")
        assert entry is not None
        entry = engine.settle(entry.instance_id, 60)
        assert (entry.status, entry.reason) == (Status.RELEASED, None)
        released = pydicom.dcmread(io.BytesIO(engine.released_bytes(entry))).pixel_array
    assert reader.calls >= 6
    assert [int(frame[10:24, 8:70].max()) for frame in released] == [0] * 9
    assert [int(frame[200:210, 20 + 20 * (n // 3)].min()) for n, frame in enumerate(released)] == [255] * 9
