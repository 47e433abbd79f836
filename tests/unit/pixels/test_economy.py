"""Every frame is examined: a frame is spared only where its text is that of an analysed one."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dicom_deid.pixels.economy import AnalysedFrame, EconomyReport, analysed_frames
from local.burned_in_text import draw, line
from tests.synthetic.cines import Frame, lossy, ultrasound, written

ROWS, COLUMNS = 240, 320
WHITE, YELLOW, CYAN, BLACK = (230, 230, 230), (255, 255, 0), (0, 255, 255), (0, 0, 0)
ON_ANATOMY, ON_BLACK, AT_THE_EDGE = (120, 110), (8, 24), (60, 170)


@functools.cache
def background(frames: int, *, moving: bool = True, seed: int = 7) -> tuple[Frame, ...]:
    """An ultrasound sector whose tissue moves, or one picture of it, without text."""
    return tuple(ultrasound(frames if moving else 1, ROWS, COLUMNS, seed=seed) * (1 if moving else frames))


def groups(frames: Sequence[Frame]) -> tuple[list[AnalysedFrame], EconomyReport]:
    report = EconomyReport()
    return list(analysed_frames(len(frames), lambda n: frames[n].tobytes(), _views_of(frames), report)), report


def _views_of(frames: Sequence[Frame]) -> Callable[[bytes], list[Frame]]:
    by_content = {frame.tobytes(): frame for frame in frames}
    return lambda content: [by_content[content]]


def shown_alone(found: Sequence[AnalysedFrame], number: int) -> bool:
    """Whether the text detector is asked about this very frame."""
    return any(group.number == number for group in found)


def with_text(frame: Frame, text: str, x: int = 8, y: int = 24, height: int = 10) -> Frame:
    return draw(frame, [line(text, x, y, height)], WHITE)[0]


def test_every_frame_belongs_to_exactly_one_analysed_frame() -> None:
    found, report = groups(background(20))
    assert sorted(frame for group in found for frame in group.frames) == list(range(20))
    assert all(group.frames[0] == group.number for group in found)
    assert (report.frames, report.analysed) == (20, len(found))
    assert report.spared == 20 - len(found)


def test_identical_frames_are_analysed_once() -> None:
    found, report = groups([background(1)[0]] * 50)
    assert (len(found), report.distinct) == (1, 1)


def test_what_moves_in_any_of_a_frames_pictures_moves() -> None:
    """Over the full range the tissue is all but black; a second picture shows it, and it is not text there either."""
    bright = [with_text(frame, "CITIZEN JAN") for frame in background(60)]
    dark = [np.where(frame > 225, frame, frame // 16).astype(np.uint8) for frame in bright]
    pictures = {frame.tobytes(): [shown, frame] for frame, shown in zip(bright, dark, strict=True)}
    report = EconomyReport()
    found = list(analysed_frames(60, lambda n: bright[n].tobytes(), lambda content: pictures[content], report))
    assert len(found) <= 5
    named = list(bright)
    named[41] = with_text(bright[41], "SMITH", *ON_ANATOMY, 14)
    pictures[named[41].tobytes()] = [dark[41], named[41]]
    assert shown_alone(
        list(analysed_frames(60, lambda n: named[n].tobytes(), lambda content: pictures[content], report)), 41
    )


@pytest.mark.parametrize("quality", [95, 85, 70])
def test_a_cine_of_a_hundred_frames_under_a_static_overlay_needs_few_images(quality: int) -> None:
    frames = lossy([with_text(frame, "CITIZEN JAN 12/03/1956") for frame in background(100)], quality)
    report = groups(frames)[1]
    assert report.distinct == 100
    assert report.analysed <= 5


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("height", [8, 12])
@pytest.mark.parametrize("place", [ON_BLACK, (200, 232), ON_ANATOMY, AT_THE_EDGE])
def test_text_on_one_single_frame_is_not_missed(noisy: bool, height: int, place: tuple[int, int]) -> None:
    frames = list(background(30))
    frames[17] = with_text(frames[17], "CITIZEN JAN", *place, height)
    found, _ = groups(lossy(frames) if noisy else frames)
    assert any(group.frames == [17] for group in found)


@pytest.mark.parametrize(
    ("height", "colour"),
    [*itertools.product([12, 20, 32, 60], [WHITE, YELLOW, CYAN]), *itertools.product([20, 32, 60], [BLACK])],
)
def test_no_size_and_no_colour_of_text_hides_on_moving_anatomy(height: int, colour: tuple[int, int, int]) -> None:
    frames = list(background(30))
    frames[11] = written(frames[11], "SMITH JOHN", 70, 100, height, colour)
    found, _ = groups(lossy(frames))
    assert any(group.frames == [11] for group in found)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotated_text_on_one_frame_is_not_missed(turns: int) -> None:
    frames = list(background(30))
    turned = np.ascontiguousarray(np.rot90(frames[13], -turns))
    turned = with_text(turned, "SMITH", turned.shape[1] // 2 - 20, turned.shape[0] // 2 - 20)
    frames[13] = np.ascontiguousarray(np.rot90(turned, turns))
    found, _ = groups(lossy(frames))
    assert any(group.frames == [13] for group in found)


@pytest.mark.parametrize("seed", range(6))
def test_a_name_of_three_letters_anywhere_on_one_frame_is_not_missed(seed: int) -> None:
    chance = np.random.default_rng(seed)
    frames, number = list(background(30)), int(chance.integers(1, 30))
    x, y = int(chance.integers(0, COLUMNS - 60)), int(chance.integers(12, ROWS))
    frames[number] = with_text(frames[number], "LEE", x, y, int(chance.integers(10, 18)))
    found, _ = groups(lossy(frames))
    assert any(group.frames == [number] for group in found)


@pytest.mark.parametrize("moving", [False, True])
def test_text_that_changes_one_letter_is_another_text(moving: bool) -> None:
    frames = [
        with_text(frame, "MRN 44810" if n < 9 else "MRN 44870") for n, frame in enumerate(background(10, moving=moving))
    ]
    assert shown_alone(groups(lossy(frames))[0], 9)


@pytest.mark.parametrize("place", [ON_BLACK, ON_ANATOMY])
def test_another_name_is_another_text(place: tuple[int, int]) -> None:
    frames = [
        with_text(frame, "CITIZEN JAN" if n < 17 else "SMITH JOHN", *place) for n, frame in enumerate(background(30))
    ]
    found, _ = groups(lossy(frames))
    assert all(set(group.frames) <= set(range(17)) or set(group.frames) <= set(range(17, 30)) for group in found)


@pytest.mark.parametrize("place", [ON_BLACK, ON_ANATOMY])
def test_a_blinking_text_is_seen_on_and_off(place: tuple[int, int]) -> None:
    frames = [with_text(f, "CITIZEN", *place) if n % 2 else f for n, f in enumerate(background(24))]
    found, _ = groups(lossy(frames))
    with_name = {frame for group in found if group.number % 2 for frame in group.frames}
    assert with_name == set(range(1, 24, 2))


@pytest.mark.parametrize("row", [24, 130])
def test_a_scrolling_text_is_analysed_at_every_step(row: int) -> None:
    frames = [with_text(f, "CITIZEN JAN", 4 + 12 * n, row) for n, f in enumerate(background(18))]
    assert groups(lossy(frames))[1].analysed == 18


@pytest.mark.parametrize("moving", [False, True])
def test_a_running_timestamp_is_analysed_whenever_it_changes(moving: bool) -> None:
    frames = [with_text(f, f"10:15:{n // 3:02d}") for n, f in enumerate(background(30, moving=moving))]
    found, _ = groups(lossy(frames))
    for second in range(10):
        assert any(set(group.frames) <= set(range(3 * second, 3 * second + 3)) for group in found)


def test_another_scene_later_in_the_cine_is_analysed() -> None:
    page = with_text(np.full((ROWS, COLUMNS, 3), 20, np.uint8), "REPORT OF CITIZEN JAN", 20, 60, 12)
    frames = [*background(20), page, *background(20, seed=8)]
    assert any(group.frames == [20] for group in groups(lossy(frames))[0])


def test_pages_of_text_are_all_analysed() -> None:
    chance = np.random.default_rng(3)
    pages = []
    for _ in range(12):
        page = np.zeros((ROWS, COLUMNS, 3), np.uint8)
        for row in range(16, ROWS, 16):
            page = with_text(page, " ".join(str(chance.integers(1000, 99999)) for _ in range(5)), 6, row, 8)
        pages.append(page)
    assert groups(lossy(pages))[1].analysed == 12


def test_the_pictures_of_a_group_have_one_size() -> None:
    small, large = background(1)[0][:100], background(1)[0]
    assert len(groups([small, large])[0]) == 2
