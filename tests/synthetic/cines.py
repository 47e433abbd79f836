"""Ultrasound cines: a sector of moving, decorrelating speckle with a beating chamber, and text as overlays show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Frame = NDArray[np.uint8]
"""(rows, columns, 3) RGB."""


def ultrasound(
    frames: int, rows: int = 240, columns: int = 320, *, seed: int = 7, sharpness: float = 1.0
) -> list[Frame]:
    """A log-compressed Rayleigh envelope under a point spread of a few pixels; the tissue beats once in 30 frames.

    With `sharpness` above 1 speckle is finer than the machines' that were looked at.
    """
    chance = np.random.default_rng(seed)
    size = rows / 480
    across, along = 3.0 * size / sharpness + 0.6, 1.6 * size / sharpness + 0.4
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    middle, top = columns / 2, rows * 0.13
    radius, angle = np.hypot(x - middle, y - top), np.arctan2(x - middle, y - top)
    sector = (radius > rows * 0.06) & (radius < rows * 0.78) & (np.abs(angle) < 0.65)
    tissue = cv2.GaussianBlur(chance.normal(size=(rows, columns)).astype(np.float32), (0, 0), rows / 19)
    tissue = (tissue - tissue.min()) / np.ptp(tissue)
    real, imaginary = chance.normal(size=(2, rows, columns)).astype(np.float32)
    found: list[Frame] = []
    for number in range(frames):
        fresh = chance.normal(size=(2, rows, columns)).astype(np.float32)
        real, imaginary = 0.98 * real + 0.2 * fresh[0], 0.98 * imaginary + 0.2 * fresh[1]
        beat = 2 * np.pi * number / 30
        dx, dy = 6 * size * np.sin(beat), 9 * size * np.cos(beat)
        parts = [cv2.GaussianBlur(_moved(part, dx, dy), (0, 0), across, None, along) for part in (real, imaginary)]
        envelope = np.hypot(parts[0], parts[1])
        amplitude = 10 ** ((_moved(tissue, dx, dy) * 40 - 54) / 20)
        wide, high = columns * 0.11 * (1 + 0.1 * np.sin(beat)), rows * 0.09 * (1 + 0.15 * np.sin(beat))
        chamber = np.hypot((x - middle - 30 * size - dx) / wide, (y - rows * 0.55 - dy) / high)
        amplitude = np.where(chamber < 1, amplitude * 0.03, amplitude)
        amplitude = np.where(np.abs(chamber - 1.03) < 0.05, 0.3, amplitude).astype(np.float32)
        echo = envelope / envelope.mean() * cv2.GaussianBlur(amplitude, (0, 0), 1.5)
        grey = np.clip((20 * np.log10(np.maximum(echo, 1e-4)) + 55) / 55, 0, 1) * 235
        shown = cv2.GaussianBlur(np.where(sector, grey, 0).astype(np.float32), (0, 0), 0.7)
        found.append(np.repeat(shown.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return found


def _moved(plane: NDArray[Any], dx: float, dy: float) -> NDArray[Any]:
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return np.asarray(cv2.warpAffine(plane, shift, plane.shape[::-1], borderMode=cv2.BORDER_REFLECT))


def lossy(frames: Sequence[Frame], quality: int = 85) -> list[Frame]:
    """As JPEG coding leaves them: noise around every edge, another in each frame."""
    return [
        np.asarray(imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(frame, level=quality - n % 3, subsampling="420")))
        for n, frame in enumerate(frames)
    ]


def written(frame: Frame, text: str, x: int, y: int, height: int, colour: tuple[int, int, int]) -> Frame:
    """A copy with smooth-edged text; `x`, `y` is its top left corner, `height` the font's size in pixels."""
    image = Image.fromarray(frame)
    ImageDraw.Draw(image).text((x, y), text, fill=colour, font=ImageFont.load_default(height))
    return np.asarray(image)
