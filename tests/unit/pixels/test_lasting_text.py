"""A word that stays in place is boxed on every frame where its pixels stand, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dicom_deid.geometry import Box, Placement
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass
from dicom_deid.phi.planning import plan
from dicom_deid.pixels import rendering
from dicom_deid.pixels.lasting_text import Place, in_colours, with_lasting
from dicom_deid.pixels.rendering import Picture
from dicom_deid.records import ImageRecord
from tests.synthetic.cines import Frame, lossy, ultrasound, written

ROWS, COLUMNS = 240, 320
AT_REST, ON_SPECKLE = (8, 8), (130, 120)
CINE = ultrasound(12, ROWS, COLUMNS, seed=3)
WHITE, GREY, YELLOW = (255, 255, 255), (150, 150, 150), (255, 255, 120)


class Shown:
    """Pictures of frames, each of which stands for a group of its own, as text detection would be shown them."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.records: list[ImageRecord] = []
        self.content: list[bytes] = []
        self.read: list[int] = []
        for number, frame in enumerate(frames):
            for part, placement in rendering.tiles(np.asarray(frame, np.uint8)):
                height, width = part.shape[:2]
                image = len(self.records)
                self.records.append(ImageRecord(0, image, "image/png", width, height, (number,), placement))
                self.content.append(rendering.encoded(part))

    def picture(self, image: ImageRecord) -> Picture:
        self.read.append(image.image)
        return in_colours(self.content[image.image])

    def boxed(self, *findings: Finding) -> dict[int, list[Box]]:
        """The boxes on each frame."""
        found = with_lasting(findings, self.records, self.picture, rows=ROWS, columns=COLUMNS)
        made = plan(found, rows=ROWS, columns=COLUMNS, frames=len(self.records), policy=Policy())
        return {frame: list(boxes) for frame, boxes in made.redactions().items()}


def box_of(text: str, place: tuple[int, int], height: int) -> Box:
    """What text detection would report of a word, with its margin."""
    blank = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    y, x = np.nonzero(written(blank, text, *place, height, WHITE).max(axis=2))
    return Box(int(x.min()) - 3, int(y.min()) - 2, int(x.max()) + 4, int(y.max()) + 3)


def finding(
    box: Box, image: int, text_class: TextClass = TextClass.PHI, action: Action = Action.REDACT, words: int = 1
) -> Finding:
    evidence = (Evidence(EvidenceKind.HEADER, "patient-name", 1.0),) if text_class is TextClass.PHI else ()
    return Finding(image, tuple(range(words)), (image,), box, text_class, 1.0, evidence, action)


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("colour", [WHITE, YELLOW])
@pytest.mark.parametrize("height", [9, 14, 26])
@pytest.mark.parametrize("place", [AT_REST, ON_SPECKLE])
def test_a_word_that_was_overlooked_on_other_frames_is_boxed_there(
    place: tuple[int, int], height: int, colour: tuple[int, int, int], quality: int | None
) -> None:
    frames = [written(frame, "WIRRABEE", *place, height, colour) for frame in CINE]
    box = box_of("WIRRABEE", place, height)
    boxed = Shown(lossy(frames, quality) if quality else frames).boxed(finding(box, 5))
    assert len(boxed) >= len(CINE) - (0 if place == AT_REST else 2)
    assert {one for boxes in boxed.values() for one in boxes} == {box}


@pytest.mark.parametrize("colour", [WHITE, GREY])
@pytest.mark.parametrize("other", ["", "KOWALSKI"])
@pytest.mark.parametrize("height", [9, 14, 26])
@pytest.mark.parametrize("place", [AT_REST, ON_SPECKLE, (150, 60), (110, 160)])
def test_what_merely_lies_there_on_other_frames_is_not_covered(
    place: tuple[int, int], height: int, other: str, colour: tuple[int, int, int]
) -> None:
    frames = [
        written(frame, "WIRRABEE" if number == 5 else other, *place, height, colour)
        for number, frame in enumerate(CINE)
    ]
    boxed = Shown(lossy(frames)).boxed(finding(box_of("WIRRABEE", place, height), 5))
    assert list(boxed) == [5]


@pytest.mark.parametrize("contrast", [20, 30, 45, 60])
def test_faint_text_is_not_taken_for_the_anatomy_that_is_the_same_behind_it(contrast: int) -> None:
    still = np.clip(CINE[0].astype(int) * 2 - 40, 0, 200).astype(np.uint8)
    mask = written(np.zeros_like(still), "WIRRABEE", *ON_SPECKLE, 14, WHITE)
    faint = np.asarray(still + mask // 255 * contrast, np.uint8)
    assert list(Shown([faint, still]).boxed(finding(box_of("WIRRABEE", ON_SPECKLE, 14), 0))) == [0]


def test_strokes_that_drown_are_no_longer_the_same() -> None:
    chance = np.random.default_rng(2)
    word = written(np.zeros((20, 90, 3), np.uint8), "WIRRABEE", 4, 2, 14, GREY)
    restless = np.asarray(np.clip(word.astype(int) + chance.normal(0, 90, (20, 90, 1)), 0, 255), np.uint8)
    assert Place.of(word).same_strokes(Place.of(word))
    assert not Place.of(word).same_strokes(Place.of(restless))


def test_no_picture_is_read_where_every_frame_has_the_box() -> None:
    shown = Shown([written(frame, "WIRRABEE", *AT_REST, 14, WHITE) for frame in CINE])
    box = box_of("WIRRABEE", AT_REST, 14)
    boxed = shown.boxed(*(finding(box, number) for number in range(len(CINE))))
    assert len(boxed) == len(CINE)
    assert shown.read == []


def test_a_word_of_which_a_part_was_read_is_covered_whole() -> None:
    shown = Shown([written(frame, "WIRRABEE CITIZEN", *AT_REST, 14, WHITE) for frame in CINE[:2]])
    whole, part = box_of("WIRRABEE CITIZEN", AT_REST, 14), box_of("WIRRABEE", AT_REST, 14)
    assert shown.boxed(finding(whole, 0), finding(part, 1))[1] == [whole]


def test_unknown_text_is_not_carried_over_a_clinical_word_and_phi_is() -> None:
    shown = Shown([written(frame, "Depth", *AT_REST, 14, WHITE) for frame in CINE[:2]])
    box = box_of("Depth", AT_REST, 14)
    read = finding(box, 1, TextClass.CLINICAL, Action.KEEP)
    assert list(shown.boxed(finding(box, 0, TextClass.UNMATCHED), read)) == [0]
    assert list(shown.boxed(finding(box, 0), read)) == [0, 1]


def test_a_word_that_blinks_is_found_when_it_is_back() -> None:
    frames = [
        written(frame, "WIRRABEE" if number % 3 else "", *AT_REST, 14, WHITE) for number, frame in enumerate(CINE[:9])
    ]
    assert list(Shown(frames).boxed(finding(box_of("WIRRABEE", AT_REST, 14), 4))) == [1, 2, 4, 5, 7, 8]


def test_text_in_a_close_up_is_found_in_a_picture_of_another_scale() -> None:
    frames = [written(frame, "WIRRABEE", *AT_REST, 14, WHITE) for frame in CINE[:2]]
    shown = Shown(frames)
    bordered = np.pad(frames[1], ((12, 12), (12, 12), (0, 0)))
    height, width = bordered.shape[:2]
    shown.records[1] = ImageRecord(0, 1, "image/png", width, height, (1,), Placement(scale=1.0, padding=12))
    shown.content[1] = rendering.encoded(bordered)
    assert list(shown.boxed(finding(box_of("WIRRABEE", AT_REST, 14), 0))) == [0, 1]
