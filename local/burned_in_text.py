"""Draw lines of text onto the frames of the sample set, and say where every word is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box

_FONTS: Final = {"sans": cv2.FONT_HERSHEY_SIMPLEX, "duplex": cv2.FONT_HERSHEY_DUPLEX, "plain": cv2.FONT_HERSHEY_PLAIN}


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line to draw: `x`, `y` is the left end of its baseline in pixels, `height` that of a capital letter."""

    text: str
    x: int
    y: int
    height: int = 12
    phi: frozenset[str] = frozenset()
    font: str = "sans"


@dataclass(frozen=True, slots=True)
class DrawnWord:
    """One word that was drawn: its box, and whether it is PHI."""

    text: str
    box: Box
    is_phi: bool


def line(text: str, x: int, y: int, height: int = 12, phi: Iterable[str] | str = (), font: str = "sans") -> TextLine:
    """A line of which the words in `phi` are PHI; ``"*"`` means all of them."""
    words = text.split() if phi == "*" else phi.split() if isinstance(phi, str) else phi
    return TextLine(text, x, y, height, frozenset(words), font)


def draw(frame: NDArray[Any], lines: Sequence[TextLine], value: Any) -> tuple[NDArray[Any], list[DrawnWord]]:
    """A copy of the frame, (rows, columns) or (rows, columns, samples), with the lines drawn in `value`."""
    drawn = np.array(frame, copy=True)
    words: list[DrawnWord] = []
    for item in lines:
        font = _FONTS[item.font]
        scale = cv2.getFontScaleFromHeight(font, item.height, 1)
        thickness = max(1, round(item.height / 14))
        x = item.x
        for word in item.text.split():
            (width, height), below = cv2.getTextSize(word, font, scale, thickness)
            mask = np.zeros(frame.shape[:2], np.uint8)
            cv2.putText(mask, word, (x, item.y), font, scale, 255, thickness, cv2.LINE_8)
            drawn[mask > 0] = value
            box = Box(x, item.y - height, x + width, item.y + below).clipped(frame.shape[1], frame.shape[0])
            if box is not None:
                words.append(DrawnWord(word, box, word in item.phi))
            x += width + max(6, item.height // 2)
    return drawn, words
