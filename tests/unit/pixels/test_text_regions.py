"""What looks like burned-in text, read or not."""

from __future__ import annotations

import numpy as np
import pytest

from dicom_deid.geometry import Box
from dicom_deid.pixels.text_regions import (
    Picture,
    small_text,
    text_of_one_brightness,
    text_regions,
    word_count,
)
from tests.synthetic.burned_in_backgrounds import background
from tests.synthetic.burned_in_typefaces import word_mask


def with_text(text: str, x: int, y: int, height: int, *, turns: int = 0, dark: bool = False) -> tuple[Picture, Box]:
    picture = np.full((240, 320), 180 if dark else 40, np.uint8)
    mask, _ = word_mask("outline:notos", text, height)
    mask = np.rot90(mask, -turns)
    place = (slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1]))
    picture[place] = np.where(mask > 96, 20 if dark else 230, picture[place])
    return np.repeat(picture[..., None], 3, axis=2), Box(x, y, x + mask.shape[1], y + mask.shape[0])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("height", [9, 14])
def test_a_word_is_found_whichever_way_it_runs_bright_or_dark(turns: int, dark: bool, height: int) -> None:
    picture, box = with_text("KOWALSKI", 60, 40, height, turns=turns, dark=dark)
    shared = [region.intersection(box) for region in text_regions(picture)]
    assert sum(part.area for part in shared if part) > 0.7 * box.area


def coloured(paint: tuple[int, int, int], ground: tuple[int, int, int]) -> Picture:
    white, _ = with_text("KOWALSKI", 60, 40, 14)
    return np.where(white > 128, np.array(paint, np.uint8), np.array(ground, np.uint8))


def test_letters_that_differ_in_colour_alone_are_shown_in_that_colour() -> None:
    picture = coloured((116, 84, 116), (0, 170, 0))
    assert text_regions(picture) == ()
    shown = text_of_one_brightness(picture)
    assert shown is not None
    assert text_regions(shown)


def test_letters_that_brightness_shows_are_shown_once() -> None:
    assert text_of_one_brightness(coloured((255, 255, 0), (0, 0, 90))) is None
    flow = (background("US", np.random.default_rng(1), colour=True) * 255).astype(np.uint8)
    assert text_of_one_brightness(flow) is None


def test_smooth_brightness_and_noise_are_no_text() -> None:
    chance = np.random.default_rng(3)
    ramp = np.repeat(np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None], 240, axis=0).repeat(3, axis=2)
    noise = chance.normal(120, 25, (240, 320, 1)).clip(0, 255).astype(np.uint8).repeat(3, axis=2)
    assert text_regions(ramp) == ()
    assert text_regions(noise) == ()


@pytest.mark.parametrize("modality", ["CT", "MR", "XA"])
def test_anatomy_is_hardly_ever_taken_for_text(modality: str) -> None:
    covered = 0.0
    for number in range(3):
        scene = background(modality, np.random.default_rng(number), colour=True)
        picture = (scene * 255).astype(np.uint8)
        covered += sum(box.area for box in text_regions(picture)) / (scene.shape[0] * scene.shape[1])
    assert covered / 3 < 0.01


def test_a_closer_look_cuts_no_word() -> None:
    picture = np.full((300, 900), 20, np.uint8)
    words: list[Box] = []
    for x, (text, height) in zip((8, 120, 300), (("no", 9), ("0921-89688", 20), ("KOWALSKI", 20)), strict=True):
        mask, _ = word_mask("outline:notos", text, height)
        words.append(Box(x, 40, x + mask.shape[1], 40 + mask.shape[0]))
        picture[40 : 40 + mask.shape[0], x : x + mask.shape[1]] = np.where(mask > 96, 220, 20)
    blocks = small_text(np.repeat(picture[..., None], 3, axis=2))
    assert any(block.intersection(words[0]) == words[0] for block in blocks)
    assert all(block.intersection(word) in (None, word) for block in blocks for word in words)


def test_words_are_counted_roughly() -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    mask, _ = word_mask("outline:notos", "words", 12)
    for row in range(10):
        for column in range(6):
            y, x = 10 + 36 * row, 10 + 96 * column
            picture[y : y + mask.shape[0], x : x + mask.shape[1]] = mask[..., None]
    assert 50 <= word_count(picture) <= 80
    assert word_count(np.zeros((400, 600, 3), np.uint8)) == 0
