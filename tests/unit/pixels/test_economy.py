"""Every frame is examined: a frame is spared only where its text is that of an analysed one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from dicom_deid.pixels.economy import AnalysedFrame, EconomyReport, analysed_frames
from local.burned_in_text import draw, line

Frame = NDArray[Any]
ROWS, COLUMNS = 240, 320


def background(frames: int, *, moving: bool = True, seed: int = 7) -> list[Frame]:
    """An ultrasound-like sector that moves, without text."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(frames):
        canvas = np.zeros((ROWS, COLUMNS), np.uint8)
        texture = cv2.GaussianBlur(chance.integers(0, 160, (ROWS, COLUMNS)).astype(np.uint8), (0, 0), 3)
        shift = 3 * number if moving else 0
        mask = np.zeros_like(canvas)
        cv2.ellipse(mask, (COLUMNS // 2 + shift % 9, 40), (110, 170), 90, -40, 40, 255, -1)
        canvas[mask > 0] = texture[mask > 0]
        canvas[:40] = 0
        found.append(np.repeat(canvas[..., None], 3, axis=2))
    return found


def lossy(frames: Sequence[Frame], quality: int = 85) -> list[Frame]:
    """As JPEG coding leaves them: noise around every edge, another in each frame."""
    return [
        np.asarray(imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(frame, level=quality - n % 3)))
        for n, frame in enumerate(frames)
    ]


def groups(frames: Sequence[Frame]) -> tuple[list[AnalysedFrame], EconomyReport]:
    report = EconomyReport()
    found = list(analysed_frames(((n, f.tobytes(), f) for n, f in enumerate(frames)), report))
    return found, report


def shown_alone(found: Sequence[AnalysedFrame], number: int) -> bool:
    """Whether the text detector is asked about this very frame."""
    return any(group.frames[0] == number for group in found)


def with_text(frame: Frame, text: str, x: int = 8, y: int = 24, height: int = 10) -> Frame:
    return draw(frame, [line(text, x, y, height)], (230, 230, 230))[0]


def test_every_frame_belongs_to_exactly_one_analysed_frame() -> None:
    found, report = groups(background(20))
    assert sorted(frame for group in found for frame in group.frames) == list(range(20))
    assert (report.frames, report.analysed) == (20, len(found))
    assert report.spared == 20 - len(found)


def test_identical_frames_are_analysed_once() -> None:
    frames = [background(1)[0]] * 50
    found, report = groups(frames)
    assert (len(found), report.distinct) == (1, 1)


def test_a_cine_of_a_hundred_frames_under_a_static_overlay_needs_few_images() -> None:
    frames = lossy([with_text(frame, "CITIZEN JAN 12/03/1956") for frame in background(100)])
    assert groups(frames)[1].analysed <= 5


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("height", [8, 12])
@pytest.mark.parametrize("place", [(8, 24), (200, 232)])
def test_text_on_one_single_frame_is_not_missed(noisy: bool, height: int, place: tuple[int, int]) -> None:
    frames = background(30)
    frames[17] = with_text(frames[17], "CITIZEN JAN", *place, height)
    frames = lossy(frames) if noisy else frames
    found, _ = groups(frames)
    assert any(17 in group.frames and shown_alone(found, group.frames[0]) and group.frames == [17] for group in found)


def test_text_that_changes_one_letter_is_another_text() -> None:
    frames = background(10, moving=False)
    frames = [with_text(frame, "MRN 44810" if n < 9 else "MRN 44870") for n, frame in enumerate(frames)]
    found, _ = groups(lossy(frames))
    assert shown_alone(found, 9)


def test_a_blinking_text_is_seen_on_and_off() -> None:
    frames = [with_text(f, "CITIZEN") if n % 2 else f for n, f in enumerate(background(12, moving=False))]
    found, _ = groups(lossy(frames))
    with_name = {frame for group in found if group.frames[0] % 2 for frame in group.frames}
    assert with_name == {1, 3, 5, 7, 9, 11}


def test_a_scrolling_text_is_analysed_at_every_step() -> None:
    frames = [with_text(f, "CITIZEN JAN", 4 + 12 * n) for n, f in enumerate(background(12, moving=False))]
    assert groups(frames)[1].analysed == 12


def test_a_running_timestamp_is_analysed_whenever_it_changes() -> None:
    frames = [with_text(f, f"10:15:{n // 3:02d}") for n, f in enumerate(background(18, moving=False))]
    found, _ = groups(lossy(frames))
    assert len(found) >= 6
    for second in range(6):
        assert any(set(group.frames) <= set(range(3 * second, 3 * second + 3)) for group in found)


def test_the_pictures_of_a_group_have_one_size() -> None:
    small, large = background(1)[0][:100], background(1)[0]
    assert len(groups([small, large])[0]) == 2
