"""Text that scanners burn in and that identifies nobody: sides, views, depths, gains, indices, measurements."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from dicom_deid.header.descriptors import is_safe_word
from dicom_deid.phi.spelling import confusable, within

_UNITS: Final = (
    "mm|cm|m|ml|cc|l|mg|g|ms|s|sec|min|hz|khz|mhz|kv|kvp|ma|mas|mgy|gy|uSv|mSv|bpm|fps|db|deg|hu|mm/s|cm/s|m/s|cm2|ml/s"
    "|mmhg|px|bit|x|d|v|w|t|%|°|c|f"
)
_NUMBER: Final = re.compile(
    rf"[<>~=+±-]?\d{{1,4}}(?:[.,]\d{{1,3}})?(?:{_UNITS})?(?:[/x:*-]\d{{1,4}}(?:[.,]\d{{1,3}})?(?:{_UNITS})?){{0,2}}",
    re.I,
)
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.:]\d{1,3})?)?(?:am|pm)?", re.I)
_SETTING: Final = re.compile(r"([A-Za-z]{1,5})[:=.]?-?\d{1,4}(?:[.,]\d{1,3})?%?")
_EDGES: Final = "()[]{}<>:;,.!?'\"|*#_-/\\+=~"
_FUZZY_LENGTH: Final = 6


@cache
def _words() -> frozenset[str]:
    content = (files(__package__) / "data" / "overlay.txt").read_text(encoding="ascii")
    return frozenset(content.split())


@lru_cache(maxsize=8192)
def is_clinical(text: str) -> bool:
    """Whether one word, as OCR read it, is of the overlay vocabulary, a measurement, a setting or a clock time."""
    core = text.strip(_EDGES + " ")
    if not core:
        return True
    if _NUMBER.fullmatch(core) or _CLOCK.fullmatch(core):
        return True
    lower = core.lower()
    if lower in _words() or is_safe_word(core):
        return True
    setting = _SETTING.fullmatch(core)
    if setting and setting[1].lower() in _words():
        return True
    parts = [part for part in re.split(r"[^A-Za-z0-9.]+", core) if part]
    return len(parts) > 1 and all(is_clinical(part) for part in parts)


@lru_cache(maxsize=8192)
def is_nearly_clinical(text: str) -> bool:
    """Whether a longer word is one OCR error away from the overlay vocabulary."""
    read = confusable(text)
    if len(read) < _FUZZY_LENGTH or sum(character.isdigit() for character in text) > 1:
        return False
    return any(within(read, known, 1) for known in _confusable_words(len(read)))


@cache
def _confusable_words(length: int) -> tuple[str, ...]:
    return tuple(word for word in map(confusable, sorted(_words())) if abs(len(word) - length) <= 1)
