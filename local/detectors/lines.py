"""Lines of text in a picture by RapidOCR, whichever way they run, with every word's own place.

The engine finds lines and reads them; how lines are turned and where words begin is decided here. Its own word boxes
are not used: they forget that a line stood on its head, and fall apart into letters after one full-width comma.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.pixels.text_regions import text_regions

Points = NDArray[np.float64]
"""(4, 2): the corners of a line or word in reading order from its own top left, in image pixels."""

_GLANCE: Final = 0.5
"""Where nothing hints at lines that run up or down, they are looked for in a picture this much smaller."""
_SURE_TURNED: Final = 0.6
_ENLARGE: Final = ((400, 2.0),)
_TALL: Final = 1.5
"""A region this many times higher than wide holds no level line."""
_SURE: Final = 0.9
"""A line read with this confidence is not tried the other way round."""
_GAP: Final = 2.3
"""A distance of more than so many usual ones between two letters is a blank."""
_BLANK: Final = 0.2
"""A blank is this share of the line's height wide or wider."""
_CLEAR: Final = 0.3
"""Less than this share of a blank without strokes is a gap in what is behind the letters."""
_WIDE: Final = frozenset("mwMW@%")
_LEAST: Final = 0.3
"""A line read with less is no text."""


@dataclass(frozen=True, slots=True)
class ReadWord:
    """One word of a line."""

    text: str
    points: Points


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line with its words from left to right; `confidence` is in [0, 1]."""

    text: str
    confidence: float
    points: Points
    words: tuple[ReadWord, ...]

    def scaled(self, factor: float) -> ReadLine:
        """The same line in a picture of another size."""
        words = tuple(ReadWord(word.text, word.points * factor) for word in self.words)
        return ReadLine(self.text, self.confidence, self.points * factor, words)


class LineReader:
    """One RapidOCR engine; its models come in its wheel, nothing is downloaded, and nobody is told."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    @cached_property
    def _engine(self) -> Any:
        # From 1.29 on, ONNX Runtime's wheels for Linux and macOS tell their maker of every model that is run, and leave
        # an identifier in the user's home. This is its full opt-out, and holds only where it is set before the import.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        from rapidocr import RapidOCR

        return RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.max_side_len": 4000,
                "Global.text_score": _LEAST,
                "Global.return_word_box": True,
                "Det.limit_type": "max",
                "Det.limit_side_len": 2400,
                "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
            }
        )

    def lines(self, pixels: NDArray[np.uint8]) -> list[ReadLine]:
        """Every line of an image of (rows, columns, 3): the level ones, then those that run up or down."""
        longest = max(pixels.shape[:2])
        scale = next((factor for limit, factor in _ENLARGE if longest <= limit), 1.0)
        enlarged = _resized(pixels, scale)
        found = self._found(enlarged)
        level = [quad for quad in found if _steepness(quad) <= _TALL]
        read = [line for quad in level if (line := self._read(enlarged, quad))]
        hinted = len(level) < len(found) or any(box.height > box.width for box in text_regions(enlarged))
        turned = 1.0 if hinted else _GLANCE
        for seen in self._found(_resized(np.ascontiguousarray(np.rot90(enlarged)), turned)):
            if _steepness(seen) < 1 / _TALL:
                x, y = seen[:, 0] / turned, seen[:, 1] / turned
                upright = np.stack([enlarged.shape[1] - y, x], axis=1)
                line = None if _is_read(upright, read) else self._read(enlarged, upright)
                read += [line] if line is not None and line.confidence >= _SURE_TURNED else []
        return [line.scaled(1 / scale) for line in read]

    def _found(self, pixels: NDArray[np.uint8]) -> list[Points]:
        boxes = self._engine(pixels, use_det=True, use_cls=False, use_rec=False).boxes
        return [] if boxes is None else [np.asarray(quad, np.float64) for quad in boxes]

    def _read(self, pixels: NDArray[np.uint8], quad: Points) -> ReadLine | None:
        """The line in one region, read as it lies or, where that gives no sense, from its other end."""
        line = self._recognised(pixels, quad)
        if line is not None and line.confidence >= _SURE:
            return line
        other = self._recognised(pixels, np.roll(quad, 2, axis=0))
        return max((found for found in (line, other) if found), key=lambda found: found.confidence, default=None)

    def _recognised(self, pixels: NDArray[np.uint8], quad: Points) -> ReadLine | None:
        width = max(1, round(float(np.linalg.norm(quad[1] - quad[0]))))
        height = max(1, round(float(np.linalg.norm(quad[3] - quad[0]))))
        upright = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        there = cv2.getPerspectiveTransform(quad.astype(np.float32), upright)
        crop = cv2.warpPerspective(
            pixels, there, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        answer = self._engine(crop, use_det=False, use_cls=False, use_rec=True, return_word_box=True)
        if not answer.txts or not answer.txts[0].strip() or float(answer.scores[0]) < _LEAST:
            return None
        back = np.linalg.inv(there.astype(np.float64))
        ink = _ink(np.asarray(crop, np.uint8))
        top, bottom, left, right = _extent(ink)
        words = tuple(
            ReadWord(text, _mapped(back, max(begin, left), min(end, right), top, bottom))
            for text, begin, end in _words(
                answer.txts[0], answer.word_results[0], np.asarray(ink.any(axis=0), bool), _BLANK * height
            )
        )
        text = " ".join(word.text for word in words)
        return ReadLine(text, min(float(answer.scores[0]), 1.0), _mapped(back, left, right, top, bottom), words)


def _steepness(quad: Points) -> float:
    """How many times higher than wide."""
    return float(np.linalg.norm(quad[3] - quad[0]) / max(1e-6, float(np.linalg.norm(quad[1] - quad[0]))))


def _resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    kind = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=kind), np.uint8)


def _is_read(quad: Points, lines: Sequence[ReadLine]) -> bool:
    """Whether level lines already stand where this one would be."""
    near, far = quad.min(axis=0), quad.max(axis=0)
    shared = 0.0
    for line in lines:
        width, height = np.minimum(far, line.points.max(axis=0)) - np.maximum(near, line.points.min(axis=0))
        shared += max(0.0, float(width)) * max(0.0, float(height))
    return shared > 0.4 * float(np.prod(far - near))


def _ink(crop: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the strokes in a line's region are, bright or dark: a line may run from black onto bone, where its letters
    stand out less, so that each is compared with those beside it.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    size = max(3, grey.shape[0] // 2)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    strokes = max(
        (cv2.morphologyEx(grey, kind, kernel) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)),
        key=lambda found: float(np.percentile(found, 95)),
    )
    beside = cv2.dilate(strokes.max(axis=0, keepdims=True), np.ones((1, 2 * grey.shape[0] + 1), np.uint8))
    usual = min(255.0, float(np.percentile(strokes, 98)))
    return np.asarray(strokes > np.maximum(12.0, 0.3 * np.minimum(beside, usual)), bool)


def _extent(ink: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Top, bottom, left and right of the strokes: the engine finds a line with room around it, services without.

    The room may hold the feet of the line above: strokes beyond a clear gap are not this line's.
    """
    height, width = ink.shape
    inked = ink.sum(axis=1) >= max(1, 0.004 * width)
    columns = np.flatnonzero(ink.any(axis=0))
    middle = slice(height // 3, height - height // 3)
    if not inked[middle].any() or not columns.size:
        return 0.0, float(height), 0.0, float(width)
    first = height // 3 + int(np.argmax(inked[middle]))
    last = height - height // 3 - 1 - int(np.argmax(inked[middle][::-1]))
    gap = max(2, height // 12)
    while first > 0 and inked[max(0, first - gap) : first].any():
        first -= 1
    while last < height - 1 and inked[last + 1 : last + 1 + gap].any():
        last += 1
    return (
        max(0.0, first - 1.0),
        min(float(height), last + 2.0),
        max(0.0, columns[0] - 1.0),
        min(float(width), columns[-1] + 2.0),
    )


def _words(text: str, found: Any, inked: NDArray[np.bool_], least: float) -> list[tuple[str, float, float]]:
    """Words with their extent along the line, in pixels; `inked` says which columns hold strokes, `least` how wide a
    blank is at least.
    """
    width = inked.size
    letters = [letter for word in found.words for letter in word]
    places = [(column + 0.5) / found.line_txt_len * width for columns in found.word_cols for column in columns]
    groups = _groups(text, len(letters), places, inked, least)
    blanks = [_between(inked, places[one[-1]], places[other[0]], _CLEAR * least) for one, other in pairwise(groups)]
    begins, ends = [0.0, *(end for _, end in blanks)], [*(begin for begin, _ in blanks), float(width)]
    words = (unicodedata.normalize("NFKC", "".join(letters[place] for place in group)) for group in groups)
    return list(zip(words, begins, ends, strict=True))


def _between(inked: NDArray[np.bool_], last: float, first: float, clear: float) -> tuple[float, float]:
    """Where the word before ends and the one after begins. Where strokes of what is behind them fill the blank, neither
    is known, and the two words overlap: a box that ends too late harms less than one that ends too early.
    """
    begin, end = _blank(inked, last, first)
    if end - begin >= clear:
        return begin, end
    return last + 0.6 * (first - last), last + 0.4 * (first - last)


def _blank(inked: NDArray[np.bool_], last: float, first: float) -> tuple[float, float]:
    """Where the blank between two words begins and ends: the longest stretch without strokes between their letters."""
    low, high = max(0, int(last)), min(inked.size, int(np.ceil(first)) + 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], inked[low:high], [True]]).astype(np.int8)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=False))
    if not runs:
        return (last + first) / 2, (last + first) / 2
    begin, end = max(runs, key=lambda run: run[1] - run[0])
    return float(low + begin), float(low + end)


def _groups(text: str, count: int, places: Sequence[float], inked: NDArray[np.bool_], least: float) -> list[list[int]]:
    """Letters by word: a new one begins after a blank that was read, and after a gap without strokes that is one."""
    begins: set[int] = set()
    number = 0
    for character in text:
        if character.isspace():
            begins.add(number)
        else:
            number += 1
    letters = "".join(text.split())
    gap = _GAP * _pitch(places)
    groups: list[list[int]] = []
    for index in range(min(count, len(places))):
        new = index == 0 or index in begins
        if not new:
            wide = 1 + 0.3 * sum(letter in _WIDE for letter in letters[index - 1 : index + 1])
            begin, end = _blank(inked, places[index - 1], places[index])
            new = places[index] - places[index - 1] > gap * wide and end - begin >= least
        if new:
            groups.append([])
        groups[-1].append(index)
    return groups


def _pitch(places: Sequence[float]) -> float:
    """The usual distance between two letters."""
    return float(np.median(np.diff(places))) if len(places) > 1 else 1.0


def _mapped(back: NDArray[np.float64], x0: float, x1: float, y0: float, y1: float) -> Points:
    corners = np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]], np.float64) @ back.T
    return np.asarray(corners[:, :2] / corners[:, 2:], np.float64)
