"""Words as masks of ink: outline typefaces, single-stroke lettering and coarse screen fonts."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np
import pymupdf_fonts
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.uint8]
"""(rows, columns) of 0 to 255: how much of the pixel the ink covers."""

_OUTLINES: Final = ("figo", "notos", "notosbo", "ubuntu", "ubuntm", "spacemo", "cascadia", "fimo", "notosit")
_STROKES: Final = ("futural", "rowmans", "futuram", "rowmand", "timesr")
_SCREEN: Final = ("cascadia", "fimo", "notos")
_KINDS: Final = (("outline", _OUTLINES), ("stroke", _STROKES), ("screen", _SCREEN))
FACES: Final = tuple(f"{kind}:{name}" for kind, names in _KINDS for name in names)
"""Every typeface by its name here."""


def word_mask(face: str, text: str, height: int) -> tuple[Mask, int]:
    """A word whose capitals are `height` pixels high, cropped to its ink, and the row of its baseline in the mask."""
    kind, name = face.split(":")
    draw: dict[str, Callable[[], tuple[Mask, int]]] = {
        "outline": lambda: _outlined(name, text, height, smooth=True),
        "screen": lambda: _outlined(name, text, height, smooth=False),
        "stroke": lambda: _stroked(name, text, height),
    }
    mask, baseline = draw[kind]()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return np.zeros((1, 1), np.uint8), 0
    top = int(rows[0])
    return mask[top : rows[-1] + 1, columns[0] : columns[-1] + 1], baseline - top


def blank(face: str, height: int) -> int:
    """Pixels between two words: a whole letter's advance where all letters are equally wide."""
    even = any(name in face for name in ("ubuntm", "spacemo", "cascadia", "fimo", "stroke:"))
    return max(4, round(height * (0.85 if even else 0.5)))


@cache
def _font(name: str, height: int) -> ImageFont.FreeTypeFont:
    """The size whose capitals are `height` pixels high."""
    content = pymupdf_fonts.myfont(name)
    trial = ImageFont.truetype(io.BytesIO(content), 100)
    _, top, _, bottom = trial.getbbox("H", anchor="ls")
    return ImageFont.truetype(io.BytesIO(content), max(6, round(100 * height / (bottom - top))))


def _outlined(name: str, text: str, height: int, *, smooth: bool) -> tuple[Mask, int]:
    font = _font(name, height)
    width = int(font.getlength(text)) + 2 * height
    canvas = Image.new("L" if smooth else "1", (width, 4 * height))
    ImageDraw.Draw(canvas).text((height // 2, 2 * height), text, fill=255 if smooth else 1, font=font, anchor="ls")
    return np.asarray(canvas.convert("L"), np.uint8), 2 * height


@cache
def _lettering(name: str) -> HersheyFonts:
    font = HersheyFonts()
    font.load_default_font(name)
    return font


def _stroked(name: str, text: str, height: int) -> tuple[Mask, int]:
    font = _lettering(name)
    font.normalize_rendering(100)
    points = [p for line in font.lines_for_text("H") for p in line]
    scale = height / max(1e-6, max(y for _, y in points) - min(y for _, y in points))
    baseline_up = min(y for _, y in points)
    lines = [
        [(x * scale, (y - baseline_up) * scale) for x, y in (line[0], line[-1])] for line in font.lines_for_text(text)
    ]
    if not lines:
        return np.zeros((1, 1), np.uint8), 0
    left = min(x for line in lines for x, _ in line)
    right = max(x for line in lines for x, _ in line)
    canvas = np.zeros((4 * height, int(right - left) + 2 * height), np.uint8)
    thickness = max(1, round(height / 12))
    for line in lines:
        a, b = ((round(x - left + height / 2), round(2 * height - y)) for x, y in line)
        cv2.line(canvas, a, b, 255, thickness, cv2.LINE_8)
    return canvas, 2 * height
