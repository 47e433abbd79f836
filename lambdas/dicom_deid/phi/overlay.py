"""Text that scanners burn in and that identifies nobody: sides, views, depths, gains, indices, measurements."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from unicodedata import normalize

from dicom_deid.header.vocabulary import WordKind, is_safe_word, kind_of
from dicom_deid.phi.spelling import confusable, within

_UNITS: Final = (
    "mm|cm|m|ml|cc|l|mg|g|ms|msec|us|s|sec|min|hz|khz|mhz|kv|kvp|ma|mas|mgy|gy|uSv|mSv|mt|bpm|fps|db|deg|hu|mm/s|cm/s"
    "|m/s|mm2|cm2|cm3|mm3|ml/s|ml/min|l/min|mmhg|kg/m2|px|bit|x|d|v|w|t|%|°|c|f"
)
_NUMBER: Final = re.compile(
    rf"[<>~=+±-]*\d{{1,4}}(?:[.,]\d{{1,4}})?(?:{_UNITS})?(?:[/x:*-]\d{{1,4}}(?:[.,]\d{{1,3}})?(?:{_UNITS})?){{0,2}}",
    re.I,
)
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.:]\d{1,3})?)?(?:am|pm)?", re.I)
_SETTING: Final = re.compile(rf"([A-Za-z]{{1,6}})[:=.]?-?\d{{1,4}}(?:[.,]\d{{1,3}})?(?:%|{_UNITS})?", re.I)
_EQUIPMENT: Final = re.compile(r"(?:ct|mr|us|xr|dx|cr|rf|nm|pt|mg|xa)\d{2,4}", re.I)
"""A modality and a number of more than one digit is a room or a machine, no setting."""
_WINDOW: Final = re.compile(r"(?:W[WL]?|C)[:=]?\d{1,5}[/,;]?(?:W[WL]?|L|C)[:=]?-?\d{1,5}", re.I)
"""Window width and level without a blank: ``W400L40``."""
_RUN_TOGETHER: Final = re.compile(r"[A-Za-z]+|\d{1,4}(?:[.,]\d{1,3})?|[%°/:.=-]+")
_EDGES: Final = "()[]{}<>:;,.!?'\"|*#_-/\\+=~"
_ENDINGS: Final = re.compile(
    r"[a-z]{3,}(?:ation|ization|isation|ulation|ography|oscopy|ectomy|otomy|ostomy|plasty|ometry|ology|ological)s?"
)
"""Endings of terms, which no name of the census's list has in a word of this length."""
_FUZZY_LENGTH: Final = 4
_FUZZY_ERROR: Final = 8


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
    if _NUMBER.fullmatch(core) or _CLOCK.fullmatch(core) or _WINDOW.fullmatch(core):
        return True
    if _EQUIPMENT.fullmatch(core):
        return False
    if not core.isascii() and len(core) >= _FUZZY_LENGTH and core.isalpha():
        # OCR adds accents; a name's accent may be its own.
        plain = "".join(character for character in normalize("NFKD", core) if character.isascii())
        return len(plain) == len(core) and kind_of(plain) is WordKind.PLAIN
    lower = core.lower()
    if lower in _words() or is_safe_word(core) or _ENDINGS.fullmatch(lower):
        return True
    setting = _SETTING.fullmatch(core)
    if setting and _is_term(setting[1]):
        return True
    parts = [part for part in re.split(r"[^A-Za-z0-9.]+", core) if part]
    if len(parts) > 1 and all(is_clinical(part) for part in parts):
        return True
    return _is_run_together(core)


def joins(text: str) -> bool:
    """Whether a word says nothing alone, or is a name too, and so stays only beside a clinical word."""
    return kind_of(text.strip(_EDGES + " ")) in {WordKind.FUNCTION, WordKind.NEIGHBOUR}


def may_be_name(text: str) -> bool:
    """Whether a clinical word is a person's name too, and is one beside a name (``Foot``, ``Long``)."""
    return kind_of(text.strip(_EDGES + " ")) in {WordKind.SOLO, WordKind.NEIGHBOUR}


@lru_cache(maxsize=8192)
def is_nearly_clinical(text: str) -> bool:
    """Whether a word is one of the vocabulary but for look-alike letters, or a long one but for one OCR error.

    Short words may have no other error: ``Mittal`` is a name and ``mitral`` a valve.
    """
    read = confusable(text)
    if len(read) < _FUZZY_LENGTH or sum(character.isdigit() for character in text) > 1:
        return False
    allowed = 1 if len(read) >= _FUZZY_ERROR else 0
    return any(within(read, known, allowed) for known in _confusable_words(len(read)))


@cache
def _confusable_words(length: int) -> tuple[str, ...]:
    return tuple(word for word in map(confusable, sorted(_words() | _plain_words())) if abs(len(word) - length) <= 1)


@cache
def _plain_words() -> frozenset[str]:
    """Words of the header's vocabulary that are nobody's name."""
    content = (files("dicom_deid.header") / "data" / "vocabulary.txt").read_text(encoding="ascii")
    return frozenset(word for word in content.split() if word[-1] not in "~?,")


def _is_term(word: str) -> bool:
    return word.lower() in _words() or is_safe_word(word)


def _is_run_together(core: str) -> bool:
    """Settings that OCR read without blanks (``MI1.4TIS0.3``), or two plain terms (``CAROTIDARTERY``)."""
    pieces = _RUN_TOGETHER.findall(core)
    if len(pieces) > 2 and "".join(pieces) == core:
        words = [piece for piece in pieces if piece[0].isalpha()]
        digits = sum(character.isdigit() for character in core)
        enough = len(words) > 1 or (len(words) == 1 and any("." in piece for piece in pieces if piece[0].isdigit()))
        return digits <= 8 and enough and all(len(word) > 1 and _is_term(word) for word in words)
    if not core.isalpha():
        # A term and a technical word with a digit (``SAGT2``): no name has one.
        terms = (cut for cut in range(3, len(core) - 1) if core[:cut].isalpha() and _is_term(core[:cut]))
        return any(core[cut].isalpha() and core[cut:].isalnum() and is_safe_word(core[cut:]) for cut in terms)
    cuts = range(5, len(core) - 4)
    return any(kind_of(core[:cut]) is kind_of(core[cut:]) is WordKind.PLAIN for cut in cuts)
