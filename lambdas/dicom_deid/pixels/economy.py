"""Which frames need text detection of their own: identical ones once, and of a cine those whose text may differ."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dicom_deid.pixels.moving_area import MIN_FRAMES, background, moving_area
from dicom_deid.pixels.rendering import Picture
from dicom_deid.pixels.text_change import Appearance, may_differ_in_text

_SEQUENCE: Final = 128
"""Frames of which one moving area is taken: short enough that another scene soon has its own."""
_SAMPLES: Final = 32
_LOOK_BACK: Final = 8
_MEMORY: Final = 64 * 1024 * 1024
"""What the appearances of analysed frames may take together, in bytes."""

Views = Callable[[bytes], Sequence[Picture]]
"""The pictures of an encoded frame: all that text detection would be shown of it."""


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
    """A frame that goes to text detection (0-based), and every frame whose text it shows, itself first."""

    number: int
    frames: list[int] = field(default_factory=list)


def analysed_frames(
    count: int, read: Callable[[int], bytes], views: Views, report: EconomyReport
) -> Iterator[AnalysedFrame]:
    """Group the frames of an instance by the text they show.

    A frame is spared only where nothing in it may be other text than an analysed frame shows (`text_change`). What
    moves is learnt from samples of each sequence. Memory holds a few frames' appearance, however many frames there are.

    Parameters
    ----------
    count
        Number of frames.
    read
        The encoded bytes of a frame: equal bytes, equal frame.
    """
    if count == 1:
        report.frames = report.distinct = report.analysed = 1
        yield AnalysedFrame(0, [0])
        return
    by_digest: dict[bytes, AnalysedFrame] = {}
    groups: list[AnalysedFrame] = []
    recent: deque[tuple[AnalysedFrame, tuple[Appearance, ...]]] = deque(maxlen=_LOOK_BACK)
    for start in range(0, count, _SEQUENCE):
        sequence = range(start, min(start + _SEQUENCE, count))
        moving: NDArray[np.bool_] | None = None
        for number in sequence:
            content = read(number)
            digest = hashlib.sha256(content).digest()
            report.frames += 1
            known = by_digest.get(digest)
            if known is None:
                report.distinct += 1
                appearances = tuple(Appearance.of(view) for view in views(content))
                if moving is None:
                    moving = _moving(sequence, read, views, appearances[0].bright.shape)
                known = _shown_by(recent, appearances, moving)
                if known is None:
                    known = AnalysedFrame(number)
                    groups.append(known)
                    report.analysed += 1
                    _remember(recent, known, appearances)
                by_digest[digest] = known
            known.frames.append(number)
    yield from groups


def _moving(sequence: range, read: Callable[[int], bytes], views: Views, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What moves in any of the pictures of frames spread over a sequence; nothing where it is too short to tell.

    A window shows movement that the full range leaves in a few dark levels.
    """
    if len(sequence) < MIN_FRAMES:
        return moving_area((), shape)
    chosen = sorted({int(n) for n in np.linspace(sequence.start, sequence.stop - 1, min(_SAMPLES, len(sequence)))})
    by_view: list[list[NDArray[np.float64]]] = []
    for number in chosen:
        for place, view in enumerate(views(read(number))):
            if place == len(by_view):
                by_view.append([])
            by_view[place].append(background(view))
    areas = [moving_area(backgrounds, shape) for backgrounds in by_view]
    return np.asarray(np.logical_or.reduce(areas), np.bool_)


def _shown_by(
    recent: Sequence[tuple[AnalysedFrame, tuple[Appearance, ...]]],
    appearances: tuple[Appearance, ...],
    moving: NDArray[np.bool_],
) -> AnalysedFrame | None:
    for group, theirs in reversed(recent):
        if len(theirs) == len(appearances) and not any(
            may_differ_in_text(one, other, moving) for one, other in zip(theirs, appearances, strict=True)
        ):
            return group
    return None


def _remember(
    recent: deque[tuple[AnalysedFrame, tuple[Appearance, ...]]],
    group: AnalysedFrame,
    appearances: tuple[Appearance, ...],
) -> None:
    recent.append((group, appearances))
    size = sum(appearance.nbytes for appearance in appearances)
    while len(recent) > max(1, _MEMORY // max(1, size)):
        recent.popleft()
