"""Pictures for text detection and for people: ranges, tiles, sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dicom_deid.pixels import rendering
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.rendering import MAX_PNG_BYTES, MIN_SIDE, Display, Picture


def described(photometric: str = "MONOCHROME2", bits: int = 12, samples: int = 1) -> PixelDescription:
    return PixelDescription(
        transfer_syntax="1.2.840.10008.1.2.1",
        sop_class="",
        modality="CT",
        photometric=photometric,
        rows=4,
        columns=4,
        frames=1,
        samples=samples,
        bits_allocated=8 if bits == 8 else 16,
        bits_stored=bits,
        signed=False,
        planar=0,
    )


def display(window: tuple[float, float] | None = None, slope: float = 1.0, intercept: float = 0.0) -> Display:
    return Display(window, None, slope, intercept)


RAMP: NDArray[Any] = np.linspace(0, 4000, 64, dtype=np.uint16).reshape(8, 8)


def test_text_is_looked_for_over_the_full_range_and_through_the_window_too() -> None:
    shown = rendering.for_text(RAMP, described(), display((1000, 200)))
    assert len(shown) == 2
    assert shown[0].min() == 0
    assert shown[0].max() == 255
    assert np.unique(shown[1]).size < np.unique(shown[0]).size


def test_a_window_that_shows_the_same_is_not_asked_about_twice() -> None:
    assert len(rendering.for_text(RAMP, described(), display((2000, 4000)))) == 1
    assert len(rendering.for_text(RAMP, described(), display())) == 1


def test_colours_of_one_brightness_are_asked_about_in_grey_too() -> None:
    letters = np.full((60, 200, 3), (0, 170, 0), np.uint8)
    cv2.putText(letters, "KOWALSKI", (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (116, 84, 116), 1)
    shown = rendering.for_text(letters, described("RGB", bits=8, samples=3), display())
    assert len(shown) == 2
    assert np.array_equal(shown[1][..., 0], shown[1][..., 1])


def test_people_see_the_window_in_rescaled_values() -> None:
    shown = rendering.for_people(RAMP, described(), display((0, 2000), slope=1.0, intercept=-1000.0))
    assert shown[0, 0, 0] == 0
    assert shown[-1, -1, 0] == 255
    half = np.full((2, 2), 1000, np.uint16)
    assert abs(int(rendering.for_people(half, described(), display((0, 2000), 1.0, -1000.0))[0, 0, 0]) - 127) <= 1


def test_monochrome1_is_inverted_for_people_and_for_text() -> None:
    for shown in (
        [rendering.for_people(RAMP, described(f"MONOCHROME{kind}"), display()) for kind in (1, 2)],
        [rendering.for_text(RAMP, described(f"MONOCHROME{kind}"), display())[0] for kind in (1, 2)],
    ):
        assert (shown[0] == 255 - shown[1]).all()


def test_ybr_becomes_rgb_and_more_than_8_bits_become_8() -> None:
    red = np.full((4, 4, 3), (76, 85, 255), np.uint8)
    shown = rendering.for_people(red, described("YBR_FULL", 8, 3), display())
    assert abs(shown[0, 0].astype(int) - (254, 0, 0)).max() <= 2
    deep = np.full((4, 4, 3), 65535, np.uint16)
    assert rendering.for_people(deep, described("RGB", 16, 3), display()).max() == 255


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2500), st.integers(1, 2500))
def test_parts_cover_the_picture_meet_the_services_limits_and_map_back(rows: int, columns: int) -> None:
    covered = np.zeros((rows, columns), bool)
    for part, placement in rendering.tiles(np.zeros((rows, columns, 3), np.uint8)):
        height, width = part.shape[:2]
        assert min(height, width) >= MIN_SIDE
        assert max(height, width) <= 2000
        area = placement.to_frame((0, 0, width, height)).clipped(columns, rows)
        assert area is not None
        covered[area.y0 : area.y1, area.x0 : area.x1] = True
    assert covered.all()


def test_neighbouring_parts_share_more_than_a_word() -> None:
    spans = sorted(
        {(place.offset_x, place.offset_x + part.shape[1]) for part, place in rendering.tiles(_blank(1000, 5000))}
    )
    assert len(spans) > 2
    for (_, end), (begin, _) in pairwise(spans):
        assert end - begin >= 240


@pytest.mark.parametrize(("side", "scale"), [(64, 2.0), (800, 2.0), (1000, 1.5), (1500, 1.0)])
def test_small_pictures_are_enlarged_so_that_8_pixel_letters_are_12_or_more(side: int, scale: float) -> None:
    ((part, placement),) = rendering.tiles(_blank(side, side))
    assert placement.scale == scale
    assert part.shape[0] >= side * scale


def test_a_place_in_a_part_is_the_same_place_in_the_frame() -> None:
    picture = _blank(700, 700)
    picture[300:320, 500:560] = 255
    ((part, placement),) = rendering.tiles(picture)
    ys, xs = np.nonzero(part[..., 0] > 128)
    box = placement.to_frame((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    assert abs(np.array([box.x0, box.y0, box.x1, box.y1]) - (500, 300, 560, 320)).max() <= 1


def test_dense_text_is_cut_so_that_one_answer_can_name_its_words() -> None:
    page = _blank(1000, 1000)
    for row in range(30):
        for column in range(8):
            cv2.putText(page, "words", (20 + 120 * column, 30 + 32 * row), 0, 0.7, (255, 255, 255), 1)
    assert len(list(rendering.tiles(page))) > 1


def test_an_image_is_png_unless_that_exceeds_the_services_limit() -> None:
    assert rendering.encoded(_blank(200, 200)).startswith(b"\x89PNG")
    noise = np.random.default_rng(1).integers(0, 256, (1800, 1800, 3)).astype(np.uint8)
    content = rendering.encoded(noise)
    assert content.startswith(b"\xff\xd8")
    assert len(content) <= MAX_PNG_BYTES


def _blank(rows: int, columns: int) -> Picture:
    return np.zeros((rows, columns, 3), np.uint8)
