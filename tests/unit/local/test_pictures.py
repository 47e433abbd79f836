"""A person sees what is asked: each doubtful box on a frame that has it, in a picture that shows its text."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind
from dicom_deid.phi.planning import WHOLE_FRAME
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from local.pictures import before_pictures
from tests.synthetic.cines import written
from tests.synthetic.pixel_objects import COLUMNS, ROWS, Case, make

NATIVE = "1.2.840.10008.1.2.1"
TEXT = Box(10, 10, 90, 28)


def planned(frames: tuple[int, ...], action: Action = Action.REVIEW, box: Box = TEXT, rule: str = "x") -> PlannedBox:
    return PlannedBox(frames, box, action, 0.5, (Evidence(EvidenceKind.REGION, rule, 0.0),))


def pictures(content: bytes, *boxes: PlannedBox, analysed: tuple[int, ...] = (0,)) -> dict[str, NDArray[np.uint8]]:
    shown = before_pictures(content, RedactionPlan(boxes=boxes), analysed)
    return {name: np.asarray(imagecodecs.png_decode(picture)) for name, picture in shown}


def four_frames() -> bytes:
    return make(Case(NATIVE, "RGB", frames=4))


def test_each_box_in_doubt_is_shown_on_its_first_frame_and_a_sure_one_asks_for_none() -> None:
    boxes = (planned((0,), Action.REDACT), planned((2, 3)), planned((3,), box=Box(100, 50, 120, 70)), planned((2,)))
    assert set(pictures(four_frames(), *boxes)) == {"2", "3"}


def test_a_look_at_everything_shows_the_frames_that_stand_for_all() -> None:
    everything = planned((0, 1, 2, 3), box=Box(0, 0, COLUMNS, ROWS), rule=WHOLE_FRAME)
    assert set(pictures(four_frames(), everything, planned((3,)), analysed=(0, 2))) == {"3", "0", "2"}


def test_where_nothing_is_asked_one_frame_is_shown() -> None:
    assert set(pictures(four_frames(), planned((1, 2), Action.REDACT))) == {"1"}
    assert set(pictures(four_frames())) == {"2"}


def hidden_text(dataset: Dataset) -> None:
    """A name in low values, and a window that shows the high ones."""
    ink = written(np.zeros((ROWS, COLUMNS, 3), np.uint8), "KOWALSKI", 12, 12, 14, (255, 255, 255))[..., 0] > 128
    values = np.where(ink, 900, 300).astype(np.uint16)
    values[60:] = np.linspace(20000, 60000, COLUMNS).astype(np.uint16)
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.WindowCenter, dataset.WindowWidth = 40000, 40000
    dataset.PixelData = values.tobytes()


def test_text_that_the_usual_window_hides_is_shown_in_another_picture() -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(Case(NATIVE, "MONOCHROME2", 12))))
    hidden_text(dataset)
    target = io.BytesIO()
    dataset.save_as(target)
    found = pictures(target.getvalue(), planned((0,)))
    contrasts = {name: float(picture[14:26, 14:88].std()) for name, picture in found.items()}
    assert set(found) == {"0", "0.1"}
    assert contrasts["0"] < 4
    assert contrasts["0.1"] > 20
    assert set(pictures(target.getvalue(), planned((0,), box=Box(10, 70, 90, 90)))) == {"0"}
