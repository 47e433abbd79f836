"""Which frames need text detection of their own: identical ones once, and of a cine those whose text changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from dicom_deid.geometry import Box
from dicom_deid.pixels.rendering import Picture
from dicom_deid.pixels.text_regions import text_regions

_STROKE: Final = 40
_NOISE: Final = 4
_BLOCK: Final = 16
_LOOK_BACK: Final = 8


@dataclass
class EconomyReport:
    """How many frames there were, how many differed in any byte, and for how many text detection was asked."""

    frames: int = 0
    distinct: int = 0
    analysed: int = 0

    @property
    def spared(self) -> int:
        """Frames that another frame's analysis stands for."""
        return self.frames - self.analysed


@dataclass
class AnalysedFrame:
    """A frame that goes to text detection, and every frame whose text it shows."""

    picture: Picture
    regions: tuple[Box, ...]
    strokes: Picture
    frames: list[int] = field(default_factory=list)


def analysed_frames(pictures: Iterable[tuple[int, bytes, Picture]], report: EconomyReport) -> Iterator[AnalysedFrame]:
    """Group frames by what text they show; frames are (0-based number, encoded bytes, picture).

    A frame is spared only where its stroke map equals that of an analysed frame, block by block: text that appears,
    disappears, moves or changes a letter changes strokes in some block, however small it is. Noise of lossy coding
    stays below the threshold; anatomy that changes sharply is analysed too, which costs time and misses nothing.
    """
    by_digest: dict[bytes, AnalysedFrame] = {}
    groups: list[AnalysedFrame] = []
    for number, content, picture in pictures:
        report.frames += 1
        digest = hashlib.sha256(content).digest()
        known = by_digest.get(digest)
        if known is None:
            report.distinct += 1
            strokes = _stroke_map(picture)
            recent = reversed(groups[-_LOOK_BACK:])
            known = next((group for group in recent if _same_text(group, strokes)), None)
            if known is None:
                known = AnalysedFrame(picture, text_regions(picture), strokes)
                groups.append(known)
                report.analysed += 1
            by_digest[digest] = known
        known.frames.append(number)
    yield from groups


def _stroke_map(picture: Picture) -> Picture:
    """Thin bright and thin dark structures, as text is, one above the other: (2 × rows, columns)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    return np.concatenate([bright, dark]).astype(np.uint8)


def _same_text(group: AnalysedFrame, strokes: Picture) -> bool:
    """Whether no block of the frame shows other strokes than the analysed frame does there."""
    if group.strokes.shape != strokes.shape:
        return False
    changed = cv2.absdiff(group.strokes, strokes) > _STROKE
    if not changed.any():
        return True
    # A few scattered pixels are noise; a stroke of the smallest letter is more than they are.
    rows, columns = (-side % _BLOCK for side in changed.shape)
    padded = np.pad(changed, ((0, rows), (0, columns)))
    blocks = padded.reshape(padded.shape[0] // _BLOCK, _BLOCK, padded.shape[1] // _BLOCK, _BLOCK).sum(axis=(1, 3))
    return int(blocks.max()) <= _NOISE
