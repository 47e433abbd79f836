"""What a person is shown of a doubtful instance, and what becomes of each answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

import local.engine
from dicom_deid.errors import ConfigurationError
from dicom_deid.records import Outcome, ReviewDecision
from local.batch import Batch, output_folder
from local.commands.decide import decide
from local.engine import Engine, running
from local.settings import EngineSettings
from local.sources import source_files
from local.state import InstanceRecord, OutputFolder
from tests.pipeline.test_overlooked_text import word
from tests.synthetic.cines import Frame, written
from tests.synthetic.pixel_objects import Case, make

KEY = "5f" * 32
OWN, DOUBTED, UNSURE = "WIRRABEE", "Dorset", "Harlow"
PLACES = {OWN: (6, 10, 75, 24), DOUBTED: (6, 40, 60, 54), UNSURE: (6, 70, 60, 84)}
SCORES = {DOUBTED: 0.6, UNSURE: 0.65}


class Reader:
    """Reads the words where they stand."""

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        shown = np.asarray(imagecodecs.png_decode(image))
        bright = shown if shown.ndim == 2 else shown.max(axis=2)
        words = []
        for number, (text, place) in enumerate(PLACES.items()):
            x0, y0, x1, y1 = (2 * value + 12 for value in place)
            if bright[y0:y1, x0:x1].max() > 150:
                words.append(word(number, text, place))
        return {"TextDetections": words, "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        raise NotImplementedError


class Finder:
    """Takes two of the words for names, without being sure."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self.scores = scores

    def detect_phi(self, text: str) -> Mapping[str, Any]:
        found = [
            {
                "Id": number,
                "BeginOffset": text.index(name),
                "EndOffset": text.index(name) + len(name),
                "Score": score,
                "Text": name,
                "Category": "PROTECTED_HEALTH_INFORMATION",
                "Type": "NAME",
                "Traits": [],
            }
            for number, (name, score) in enumerate(self.scores.items())
            if name in text
        ]
        return {"Entities": found, "ModelVersion": "2.0"}


def frame_with(*words: str) -> Frame:
    frame = np.zeros((240, 320, 3), np.uint8)
    for text in words:
        x, y, _, _ = PLACES[text]
        frame = written(frame, text, x + 2, y - 2, 14, (255, 255, 255))
    return frame


def instance(*frames: Frame) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "RGB"))))
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(frames), *frames[0].shape[:2]
    dataset.PixelData = np.stack(frames).tobytes()
    dataset.PatientName, dataset.PatientID = f"{OWN}^JANE", "MRN7741902"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID("1.2.3.9"), UID("1.2.3.8")
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


class Desk:
    """A run of one instance, and a person who answers."""

    def __init__(self, root: Path, content: bytes) -> None:
        self.finder = Finder(SCORES)
        (root / "in").mkdir()
        (root / "in" / "instance.dcm").write_bytes(content)
        self.folder: OutputFolder = output_folder(root / "out")
        self.key_file = root / "key"
        self.key_file.write_text(KEY)
        self.key_file.chmod(0o600)
        self._settings = EngineSettings(bytes.fromhex(KEY), retry_attempts=0)
        self.folder.check_settings(self._settings)
        with self.engine() as engine:
            (self.record,) = Batch(engine, self.folder).run(source_files(root / "in", root / "out")).values()

    def engine(self, settings: EngineSettings | None = None) -> AbstractContextManager[Engine]:
        return running(settings or self._settings, text=Reader(), phi=self.finder)

    def answer(self, boxes: tuple[int, ...] | None) -> InstanceRecord:
        plan = self.record.plan_sha256
        assert plan is not None
        made = ReviewDecision(Outcome.APPROVE, plan, "somebody", boxes)
        earlier = self.folder.decisions(self.record.instance_id)
        self.folder.write_decisions(self.record.instance_id, [*earlier, made])
        with self.engine() as engine:
            self.record = Batch(engine, self.folder).decide(self.record)
        return self.record

    def index(self, action: str) -> list[int]:
        return [number for number, box in enumerate(self.record.boxes) if box.action == action]

    def dark(self) -> set[str]:
        """Which words are gone from the released pixels."""
        assert self.record.output is not None
        pixels = pydicom.dcmread(self.folder.root / self.record.output).pixel_array
        return {text for text, (x0, y0, x1, y1) in PLACES.items() if not pixels[..., y0:y1, x0:x1, :].any()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, instance(frame_with(OWN, DOUBTED, UNSURE)))


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (lambda review: None, {OWN, DOUBTED, UNSURE}),
        (lambda review: (review[0],), {OWN, DOUBTED}),
        (lambda review: (), {OWN}),
    ],
    ids=["all", "one of two", "none"],
)
def test_what_a_person_left_out_stays_and_is_asked_about_once(
    desk: Desk, answer: Callable[[list[int]], tuple[int, ...] | None], gone: set[str]
) -> None:
    assert desk.record.status == "IN_REVIEW"
    desk.answer(answer(desk.index("review")))
    assert (desk.record.status, desk.record.reason) == ("RELEASED", None)
    assert desk.dark() == gone


@pytest.mark.parametrize("chosen", [(99,), (-1,), "redact"])
def test_an_answer_about_a_box_that_is_not_in_doubt_releases_nothing(desk: Desk, chosen: Any) -> None:
    desk.answer(tuple(desk.index("redact")) if chosen == "redact" else chosen)
    assert (desk.record.status, desk.record.reason) == ("QUARANTINED", "low-confidence-phi")


class SureAtTheSecondLook(Finder):
    """In doubt while the first name is there, and sure of one word once it is black."""

    def detect_phi(self, text: str) -> Mapping[str, Any]:
        self.scores = SCORES if OWN in text else {DOUBTED: 0.6, UNSURE: 0.95}
        return super().detect_phi(text)


def test_what_a_second_look_is_sure_of_is_not_a_persons_to_keep(desk: Desk) -> None:
    desk.finder = SureAtTheSecondLook(SCORES)
    desk.answer(())
    seen_again = [box.score for box in desk.record.boxes if "verification: second-look" in box.evidence]
    assert desk.record.status == "IN_REVIEW"
    assert seen_again == [0.95]
    desk.answer(())
    assert (desk.record.status, desk.record.reason) == ("QUARANTINED", "verify-text")


@pytest.fixture
def cine(tmp_path: Path) -> Desk:
    """The sure name on the first frame, and one in doubt on the third."""
    return Desk(tmp_path, instance(frame_with(OWN), frame_with(), frame_with(DOUBTED)))


def test_a_person_sees_a_doubtful_box_on_a_frame_that_has_it(cine: Desk) -> None:
    reference = cine.folder.review / f"{cine.record.instance_id}.json"
    told = json.loads(reference.read_text())
    (doubt,) = [box for box in told["boxes"] if box["action"] == "review"]
    assert (doubt["frames"], doubt["first_frame"]) == (1, 2)
    shown = list((cine.folder.custodian / "pictures").iterdir())
    assert shown == [cine.folder.picture(cine.record.instance_id, "2")]
    picture = np.asarray(imagecodecs.png_decode(shown[0].read_bytes()))
    x0, y0, x1, y1 = PLACES[DOUBTED]
    assert picture[y0:y1, x0:x1].min(axis=2).max() > 200
    x0, y0, x1, y1 = PLACES[OWN]
    assert not picture[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6].any()


@pytest.fixture
def scripted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(local.engine, "running", desk.engine)
    return desk


def test_the_command_refuses_a_box_that_is_not_in_doubt(scripted: Desk) -> None:
    (sure,) = scripted.index("redact")
    for chosen in ([99], [sure]):
        with pytest.raises(ConfigurationError, match="not under review"):
            decide(scripted.folder.root, scripted.record.instance_id, True, box=chosen, key_file=scripted.key_file)
    assert scripted.folder.decisions(scripted.record.instance_id) == []


def test_the_command_can_leave_every_box_out(scripted: Desk) -> None:
    decide(scripted.folder.root, scripted.record.instance_id, True, no_box=True, key_file=scripted.key_file)
    scripted.record = scripted.folder.records()[scripted.record.key]
    assert scripted.record.status == "RELEASED"
    assert scripted.dark() == {OWN}
