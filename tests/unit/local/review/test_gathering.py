"""What a reviewer is shown: the very pixels in doubt, where the plan says they are."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dicom_deid.geometry import Box, Placement
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.planning import WHOLE_FRAME
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.records import ImageRecord, SourceRecord
from local.review import evidence
from local.review.evidence import why
from local.review.gathering import waiting

NAME = Evidence(EvidenceKind.COMPREHEND, "name", 0.55)
DOUBT = PlannedBox((2,), Box(120, 40, 160, 52), Action.REVIEW, 0.55, (NAME,))
SURE = PlannedBox((2,), Box(20, 40, 60, 52), Action.REDACT, 1.0, (NAME,))
WHOLE = PlannedBox((0, 1, 2), Box(0, 0, 200, 100), Action.REVIEW, 0.0, (Evidence(EvidenceKind.REGION, WHOLE_FRAME, 0),))


def image(number: int, frames: tuple[int, ...], placement: Placement) -> ImageRecord:
    return ImageRecord(0, number, "image/png", 216, 116, frames, placement)


def source(*images: ImageRecord) -> SourceRecord:
    return SourceRecord(1, "0" * 64, "1.2.840.10008.1.2.1", "US", 100, 200, 3, HeaderIdentity(), True, images=images)


def marked(record: ImageRecord) -> bytes:
    """A black picture that is white where the doubtful box is."""
    picture = np.zeros((record.height, record.width, 3), np.uint8)
    x0, y0, x1, y1 = DOUBT.box.x0, DOUBT.box.y0, DOUBT.box.x1, DOUBT.box.y1
    at = record.placement
    columns = slice(*(round((x - at.offset_x) * at.scale + at.padding) for x in (x0, x1)))
    rows = slice(*(round((y - at.offset_y) * at.scale + at.padding) for y in (y0, y1)))
    picture[rows, columns] = 255
    return cv2.imencode(".png", picture)[1].tobytes()


def pixels(data_url: str) -> NDArray[np.uint8]:
    content = base64.b64decode(data_url.removeprefix("data:image/png;base64,"))
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("placement", [Placement(padding=8), Placement(scale=2.0, offset_x=90, offset_y=10)])
def test_the_doubtful_place_is_in_the_middle_of_its_close_up(placement: Placement) -> None:
    plan = RedactionPlan(boxes=(SURE, DOUBT))
    (doubt,) = waiting("0" * 32, source(image(0, (0, 1, 2), placement)), plan, marked).doubts
    assert (doubt.index, doubt.frames, doubt.whole) == (1, 1, False)
    close_up = pixels(doubt.pictures[0])
    middle = close_up[close_up.shape[0] // 2, close_up.shape[1] // 2]
    assert (middle == 255).all()
    assert (close_up[2, 2] == 0).all()


def test_only_pictures_of_frames_in_doubt_are_shown_and_all_of_those() -> None:
    images = [image(n, frames, Placement(padding=8)) for n, frames in enumerate([(0,), (1, 2), (2,)])]
    shown = waiting("0" * 32, source(*images), RedactionPlan(boxes=(DOUBT,)), marked).pictures
    assert [(one.first_frame, one.frames) for one in shown] == [(2, 2), (3, 1)]
    assert len(waiting("0" * 32, source(*images), RedactionPlan(boxes=(WHOLE,)), marked).pictures) == 3


def test_a_tile_that_does_not_reach_the_box_is_no_picture_of_it() -> None:
    tile = image(0, (2,), Placement(scale=4.0, offset_x=0, offset_y=0))
    assert waiting("0" * 32, source(tile), RedactionPlan(boxes=(DOUBT,)), marked).pictures == ()


def test_every_kind_of_evidence_has_words() -> None:
    assert set(evidence._KINDS) == set(EvidenceKind)
    assert why((NAME, NAME)) == "the language service takes it for something personal (name)"
    assert why(WHOLE.evidence) == "please look at the whole picture"
    assert why(()) == "nothing explains this text"
