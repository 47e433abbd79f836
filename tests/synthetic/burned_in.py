"""The generator of images with burned-in text: DICOM objects on pydicom's real images, with the truth about every word.

``generate(seed, number)`` gives the same object every time. A seed fixes nothing but chance; who is named and which
clinical words appear follows from the source (`burned_in_people`): rules are tuned on `DEVELOPMENT` and measured on
`HELD_BACK`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from tests.synthetic.burned_in_backgrounds import background
from tests.synthetic.burned_in_layouts import LAYOUTS, Block, Corner, Kind
from tests.synthetic.burned_in_objects import Encoding, Shown, encoding_for, written
from tests.synthetic.burned_in_people import Chance, Source, choice
from tests.synthetic.burned_in_typefaces import FACES, Mask, blank, word_mask


class HeaderOf(StrEnum):
    """Whose header the object has."""

    OWN = "own"
    BLANK = "blank"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TrueWord:
    """A word that was drawn. `ink` is the part of `box` that the word's strokes cover, as booleans."""

    text: str
    kind: Kind
    frames: tuple[int, ...]
    box: Box
    ink: NDArray[np.bool_]
    height: int
    turn: int


@dataclass(frozen=True, slots=True)
class BurnedIn:
    """One object with its truth."""

    name: str
    content: bytes
    modality: str
    header: HeaderOf
    encoding: Encoding
    area: int
    """Pixels of a frame."""
    words: tuple[TrueWord, ...]


@dataclass(frozen=True, slots=True)
class _Style:
    face: str
    height: int
    contrast: float
    plate: bool


_MODALITIES: Final = ("US", "CT", "MR", "CR", "DX", "MG", "XA", "ES", "OT")
_BORDER: Final = (1, 2, 4, 8, 12)


def generate(seed: int, number: int, source: Source) -> BurnedIn:
    """The `number`-th object of a seed."""
    chance = np.random.default_rng([seed, number])
    modality = _MODALITIES[number % len(_MODALITIES)]
    who = source.identity(chance)
    header = choice(chance, (HeaderOf.OWN, HeaderOf.OWN, HeaderOf.BLANK, HeaderOf.OTHER))
    stated = {HeaderOf.OWN: who, HeaderOf.OTHER: source.identity(chance), HeaderOf.BLANK: None}[header]
    encoding = encoding_for(modality, chance)
    canvas = background(modality, chance, colour=encoding.samples == 3 or encoding.palette)
    shown = _drawn(canvas, LAYOUTS[modality](source, chance, who), chance, encoding.frames)
    area = canvas.shape[0] * canvas.shape[1]
    content = written(f"{seed}.{number}", modality, encoding, Shown(tuple(shown.frames)), stated, chance)
    return BurnedIn(
        f"{seed}-{number:03d}-{modality}",
        content,
        modality,
        header,
        encoding,
        area,
        tuple(shown.words),
    )


@dataclass
class _Scene:
    frames: list[NDArray[np.float32]]
    words: list[TrueWord]


def _drawn(canvas: NDArray[np.float32], blocks: list[Block], chance: Chance, frames: int) -> _Scene:
    """The blocks on every frame; on some cines one block stands on a single frame. Brightness is 0 to 1."""
    scene = _Scene([_moved(canvas, chance, number) for number in range(frames)], [])
    rows, columns = canvas.shape[:2]
    taken = np.zeros((rows, columns), bool)
    style = _style(chance, min(rows, columns))
    alone = int(chance.integers(len(blocks))) if frames > 1 and chance.random() < 0.5 else -1
    for index, block in enumerate(blocks):
        on = (int(chance.integers(frames)),) if index == alone else tuple(range(frames))
        _draw_block(scene, block, style, chance, taken, on)
    return scene


def _style(chance: Chance, side: int) -> _Style:
    low, high = (8, 12) if side < 300 else (8, 18) if side < 700 else (10, 40) if chance.random() < 0.2 else (9, 24)
    return _Style(
        face=choice(chance, FACES),
        height=int(chance.integers(low, high + 1)),
        contrast=float(chance.uniform(0.22, 0.4)) if chance.random() < 0.2 else float(chance.uniform(0.5, 1.0)),
        plate=chance.random() < 0.25,
    )


def _moved(canvas: NDArray[np.float32], chance: Chance, number: int) -> NDArray[np.float32]:
    if number == 0:
        return canvas.copy()
    noise = chance.normal(0, 0.012, canvas.shape[:2]).astype(np.float32)
    shifted = np.roll(canvas, number, axis=0)
    moved = shifted + (noise[..., np.newaxis] if canvas.ndim == 3 else noise)
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def _draw_block(
    scene: _Scene, block: Block, style: _Style, chance: Chance, taken: NDArray[np.bool_], on: tuple[int, ...]
) -> None:
    rows, columns = taken.shape
    border, pitch = choice(chance, _BORDER), round(style.height * 1.75)
    gap = blank(style.face, style.height)
    length = rows if block.turn % 2 else columns
    across = columns if block.turn % 2 else rows
    right = block.corner in (Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT)
    bottom = block.corner in (Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT)
    lines = list(block.lines)
    top = across - border - pitch * len(lines) if bottom else border
    if block.corner is Corner.CENTRE:
        top = across // 2
    for number, tokens in enumerate(lines):
        placed: list[tuple[int, Mask, int, Any]] = []
        x = 0
        for token in tokens:
            mask, baseline = word_mask(style.face, token.text, style.height)
            placed.append((x, mask, baseline, token))
            x += mask.shape[1] + gap
        width = x - gap if placed else 0
        start = max(border, length - border - width) if right else border
        base = top + number * pitch + round(style.height * 1.25)
        for x, mask, baseline, token in placed:
            _draw_word(scene, token, mask, (start + x, base - baseline), block.turn, style, taken, on)


def _draw_word(
    scene: _Scene,
    token: Any,
    mask: Mask,
    corner: tuple[int, int],
    turn: int,
    style: _Style,
    taken: NDArray[np.bool_],
    on: tuple[int, ...],
) -> None:
    """Draw a word where it fits whole and nothing else stands; in a colour that differs from what is behind it."""
    rows, columns = taken.shape
    x, y = corner
    turned = np.rot90(mask, -turn)
    height, width = turned.shape
    if turn == 1:
        x, y = columns - y - width, x
    elif turn == 2:
        x, y = columns - x - width, rows - y - height
    elif turn == 3:
        x, y = y, rows - x - height
    near = (slice(max(0, y - 3), y + height + 3), slice(max(0, x - 3), x + width + 3))
    if x < 0 or y < 0 or x + width > columns or y + height > rows or taken[near].any():
        return
    taken[y : y + height, x : x + width] = True
    cover = turned.astype(np.float32) / 255.0
    for number in on:
        frame = scene.frames[number]
        if style.plate:
            frame[near] *= 0.12
        area = frame[y : y + height, x : x + width]
        colour = _colour(area, style)
        part = cover[..., np.newaxis] if frame.ndim == 3 else cover
        frame[y : y + height, x : x + width] = area * (1 - part) + colour * part
    box = Box(x, y, x + width, y + height)
    scene.words.append(TrueWord(token.text, token.kind, on, box, turned > 96, style.height, turn))


def _colour(area: NDArray[np.float32], style: _Style) -> Any:
    """Brighter than what is behind by the contrast, or darker where that is not possible."""
    behind = area if area.ndim == 2 else area.mean(axis=2)
    high, low = float(np.percentile(behind, 90)), float(np.percentile(behind, 10))
    bright = high + style.contrast <= 1.0 or 1.0 - high >= low
    value = min(1.0, high + style.contrast) if bright else max(0.0, low - style.contrast)
    if area.ndim == 2:
        return value
    tints = ((1, 1, 1), (1, 1, 0.55), (0.75, 1, 1), (0.7, 1, 0.7))
    return np.array(tints[style.height % len(tints)], np.float32) * value


def gallery(picture: NDArray[np.uint8], words: tuple[TrueWord, ...], frame: int = 0) -> NDArray[np.uint8]:
    """The picture with outlines around the words of a frame: red PHI, green clinical, grey neither."""
    colours = {Kind.PHI: (255, 60, 60), Kind.CLINICAL: (60, 220, 60), Kind.NEITHER: (150, 150, 150)}
    shown = np.ascontiguousarray(picture)
    for word in words:
        if frame in word.frames:
            b = word.box
            cv2.rectangle(shown, (b.x0 - 1, b.y0 - 1), (b.x1, b.y1), colours[word.kind], 1)
    return shown
