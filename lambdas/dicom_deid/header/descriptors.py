"""Clean Descriptors (PS3.15 E.3.5): keep the words that are known to be safe, drop every other."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.*+%]*|[^A-Za-z0-9\s]|\s+")
_NUMBER: Final = r"\d{1,4}(?:\.\d{1,3})?"
_MEASURE: Final = re.compile(
    rf"{_NUMBER}(?:mm|cm|m|ml|cc|l|mg|g|kg|s|ms|sec|min|hz|khz|mhz|kv|kvp|ma|mas|mgy|gy|mbq|deg|d|x|%|t)", re.IGNORECASE
)
_SMALL_NUMBER: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_SPINE: Final = re.compile(r"[ctls]\d{1,2}", re.IGNORECASE)
_KERNEL: Final = re.compile(r"(?:[a-z]{1,2}\d{2}[a-z]?|f[lc]\d\d?)", re.IGNORECASE)
_JOINERS: Final = frozenset("-/+&,()_.:")


@cache
def _vocabulary() -> frozenset[str]:
    content = (files(__package__) / "data" / "vocabulary.txt").read_text(encoding="ascii")
    return frozenset(content.split())


def is_safe_word(word: str) -> bool:
    """Whether a single word is of the vocabulary, a measurement, a vertebra or a reconstruction kernel."""
    lower = word.lower().rstrip(".")
    if lower in _vocabulary():
        return True
    return any(pattern.fullmatch(word) for pattern in (_MEASURE, _SMALL_NUMBER, _SPINE, _KERNEL))


@lru_cache(maxsize=4096)
def clean_text(text: str) -> str:
    """The text without every word that is not known to be safe, and without what follows a dropped word up to a break.

    ``CT chest abdomen pelvis - 55F Dr. Smith`` becomes ``CT chest abdomen pelvis``. A number standing next to a dropped
    word goes with it: it may be an age, a date or part of an identifier.
    """
    tokens = _TOKEN.findall(text)
    words = [token for token in tokens if token[0].isalnum()]
    if not words:
        return ""
    safe = [is_safe_word(word) for word in words]
    kept = [
        is_safe and not (word[0].isdigit() and _beside_dropped(safe, index))
        for index, (word, is_safe) in enumerate(zip(words, safe, strict=True))
    ]
    if all(kept):
        return "".join(token for token in tokens if token.isspace() or token[0].isalnum() or token in _JOINERS).strip()
    pieces: list[str] = []
    number = 0
    pending = ""
    for token in tokens:
        if not token[0].isalnum():
            if pieces and (token.isspace() or token in _JOINERS):
                pending += token
            continue
        if kept[number]:
            pieces += [_join(pending) if pieces else "", token]
            pending = ""
        else:
            pending = " "
        number += 1
    return "".join(pieces).strip()


def _join(between: str) -> str:
    """What stood between two kept words; one blank where something was dropped there."""
    return between or " "


def _beside_dropped(safe: list[bool], index: int) -> bool:
    before = index > 0 and not safe[index - 1]
    after = index + 1 < len(safe) and not safe[index + 1]
    return before or after
