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
from dicom_deid.pixels.display import Display, Window
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.rendering import MAX_PNG_BYTES, MIN_SIDE, Picture


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


def display(*windows: tuple[float, float]) -> Display:
    return Display(tuple(Window(center - width / 2, center + width / 2) for center, width in windows))


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


def lettering(rows: int = 200, columns: int = 300) -> NDArray[np.bool_]:
    letters = np.zeros((rows, columns), np.uint8)
    cv2.putText(letters, "KOWALSKI", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return np.asarray(letters > 128)


INK = lettering()
AROUND = np.asarray(cv2.dilate(INK.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~INK
TISSUE = (np.random.default_rng(4).normal(400, 60, INK.shape).clip(150, 700)).astype(np.int32)


def written_on(values: NDArray[Any], ink: int) -> NDArray[Any]:
    return np.where(INK, ink, values)


def with_pixel(values: NDArray[Any], value: int) -> NDArray[Any]:
    found = values.copy()
    found[-1, -1] = value
    return found


def with_rows(values: NDArray[Any], value: int) -> NDArray[Any]:
    found = values.copy()
    found[-60:] = value
    return found


HIDDEN: dict[str, tuple[NDArray[Any], Display]] = {
    "one bright pixel": (with_pixel(written_on(TISSUE, 900), 65535), display()),
    "one bright pixel on a flat field": (with_pixel(written_on(np.full(INK.shape, 100), 400), 65535), display()),
    "padding far below": (with_rows(written_on(TISSUE - 500, 400), -32768), display()),
    "32 bits": (with_pixel(written_on(TISSUE, 900).astype(np.int64), 2**32 - 1), display()),
    "few values beside many far away": (
        np.where(np.arange(200)[:, None] > 120, np.arange(300) * 100 + 20000, written_on(np.full(INK.shape, 300), 900)),
        display(),
    ),
    "a window that shows other values": (with_pixel(written_on(TISSUE, 900), 65535), display((30000, 60000))),
    "the second of two windows": (
        written_on(np.where(np.arange(300) > 150, TISSUE * 80, 300), 420),
        display((30000, 60000), (400, 400)),
    ),
}


@pytest.mark.parametrize(("values", "shown"), HIDDEN.values(), ids=list(HIDDEN))
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_text_that_the_full_range_hides_is_shown_too(values: NDArray[Any], shown: Display, photometric: str) -> None:
    bits = 32 if values.dtype == np.int64 else 16
    pixels = values.astype(f"{'i' if values.min() < 0 else 'u'}{bits // 8}")
    pictures = rendering.for_text(pixels, described(photometric, bits), shown)
    contrasts = [abs(float(np.median(one[INK])) - float(np.median(one[AROUND]))) for one in pictures]
    assert contrasts[0] < 16
    assert max(contrasts) > 60
    assert len(pictures) <= 3


def test_a_window_on_8_bits_is_tried_where_it_shows_lettering() -> None:
    faint = written_on(np.where(np.arange(300) > 200, 250, 100), 106).astype(np.uint8)
    assert len(rendering.for_text(faint, described(bits=8), display((103, 16)))) == 2
    assert len(rendering.for_text(faint, described(bits=8), display((200, 60)))) == 1


def test_a_frame_that_the_full_range_shows_is_asked_about_once() -> None:
    for values in (written_on(TISSUE, 900), written_on(np.full(INK.shape, 100), 400), TISSUE):
        assert len(rendering.for_text(values.astype(np.uint16), described(), display())) == 1


def test_people_see_what_one_bright_pixel_would_hide() -> None:
    values = HIDDEN["one bright pixel"][0].astype(np.uint16)
    shown = rendering.for_people(values, described(bits=16), display())
    assert float(np.median(shown[INK])) - float(np.median(shown[AROUND])) > 60


def test_deep_colours_are_shown_by_the_bits_they_use() -> None:
    pixels = np.repeat(written_on(np.full(INK.shape, 40), 220)[..., np.newaxis], 3, axis=2).astype(np.uint16)
    shown = rendering.for_text(pixels, described("RGB", 16, 3), display())[0]
    assert shown[INK].min() - shown[~INK].max() > 100


def test_text_that_a_palette_hides_is_shown_by_its_indices() -> None:
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    palette[200] = palette[30]
    indices = written_on(np.full(INK.shape, 30), 200).astype(np.uint8)
    shown = rendering.for_text(indices, described("PALETTE COLOR", 8), Display(palette=palette))
    assert [bool((one[INK] != one[0, 0]).any()) for one in shown] == [False, True]
    visible = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    assert len(rendering.for_text(indices, described("PALETTE COLOR", 8), Display(palette=visible))) == 1


def test_letters_of_a_tenth_of_a_large_picture_are_shown_small_too() -> None:
    page = _blank(3000, 2600)
    cv2.putText(page, "KOWALSKI", (200, 1600), cv2.FONT_HERSHEY_SIMPLEX, 13, (230, 230, 230), 40)
    small = [part for part, placement in rendering.tiles(page) if placement.scale < 1]
    assert len(small) == 1
    assert max(small[0].shape[:2]) < 1000
    plain = _blank(3000, 2600)
    cv2.putText(plain, "KOWALSKI", (200, 1600), cv2.FONT_HERSHEY_SIMPLEX, 1, (230, 230, 230), 2)
    assert all(placement.scale >= 1 for _, placement in rendering.tiles(plain))


def test_people_see_the_window() -> None:
    shown = rendering.for_people(RAMP, described(), display((1000, 2000)))
    assert shown[0, 0, 0] == 0
    assert shown[-1, -1, 0] == 255
    half = np.full((2, 2), 1000, np.uint16)
    assert abs(int(rendering.for_people(half, described(), display((1000, 2000)))[0, 0, 0]) - 127) <= 1


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
