"""The words that may stay in text: terms of anatomy, views, technique and procedures, and what each needs to stay.

`data/vocabulary.txt` holds one word a line, reviewed against lists of names; `data/terms.txt` the defined terms of code
strings (PS3.3) and `data/README.md` how both were made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final


class WordKind(Enum):
    """What a word needs around it to stay."""

    PLAIN = ""
    """Stays anywhere: it is nobody's name."""
    SOLO = "~"
    """A body part that is somebody's name too: stays alone or in known company, not beside a dropped word only."""
    NEIGHBOUR = "?"
    """A name too, or too general: stays beside a plain word."""
    FUNCTION = ","
    """Joins words that stay; says nothing alone."""


_LONGEST: Final = 64
"""Letters of the longest word that is looked up: a value of LO, longer than any word or compound of words."""
_MARKS: Final = {kind.value: kind for kind in WordKind}
_MEASURE: Final = re.compile(
    r"\d{1,4}(?:\.\d{1,4})?"
    r"(?:mm|cm|cc|ml|mg|mcg|ug|s|sec|secs|ms|msec|min|mins|hz|khz|mhz|kv|kvp|kev|mev|ma|mas|[mcu]?gy|mbq|mci|t|deg|iso|x)",
    re.IGNORECASE,
)
_MATRIX: Final = re.compile(r"\d{1,4}(?:\.\d{1,3})?(?:x\d{1,4}(?:\.\d{1,3})?){1,2}(?:mm)?", re.IGNORECASE)
_TECHNICAL: Final = re.compile(
    r"[cltsp]\d{1,2}|b(?:\d{1,3}|[1-9]\d00|\d{2}50)|[bhiqu]\d{2}[sfdh]?|[bhiq][rvs]?\d{2}[dfs]?"
    r"|t[12](?:[a-z]{0,2}|tfe|ffe|tse|fse|gre|tir)|[234]d|\dscan|\d{1,2}tr|r\d|v\d[rl]?|fp\d|ch\d{1,2}"
    r"|[ip]?(?:gtv|ctv|itv|ptv|prv)[np]?\d{0,4}",
    re.IGNORECASE,
)
"""Vertebrae, b-values, convolution kernels, relaxation weightings, leads, target volumes. Never ``55F``, ``M55``."""
_PIECES: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@cache
def _words() -> Mapping[str, WordKind]:
    content = (files(__package__) / "data" / "vocabulary.txt").read_text(encoding="ascii")
    return {line.rstrip("~?,"): _MARKS[line[-1:] if line[-1:] in "~?," else ""] for line in content.split()}


@cache
def code_string_terms() -> frozenset[str]:
    """Defined terms and enumerated values of code strings, and the words that they are made of."""
    return frozenset((files(__package__) / "data" / "terms.txt").read_text(encoding="ascii").splitlines())


def kind_of(word: str) -> WordKind | None:
    """What the word needs to stay; None for one that is not known. Case does not matter.

    A compound (``ChestPA``, ``t1w``) is known where all its parts are plain words of three letters or more, with at
    most three digits in a row.
    """
    return _kind_of(word) if len(word) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _kind_of(word: str) -> WordKind | None:
    kind = _words().get(word.lower())
    if kind is not None:
        return kind
    if _MEASURE.fullmatch(word) or _MATRIX.fullmatch(word) or _TECHNICAL.fullmatch(word):
        return WordKind.PLAIN
    pieces = _PIECES.findall(word)
    if len(pieces) < 2 or "".join(pieces) != word:
        return None
    known = all(len(piece) <= 3 if piece.isdigit() else _is_plain_piece(piece) for piece in pieces)
    return WordKind.PLAIN if known and any(not piece.isdigit() for piece in pieces) else None


def _is_plain_piece(piece: str) -> bool:
    return len(piece) > 2 and _words().get(piece.lower()) is WordKind.PLAIN


def is_safe_word(word: str) -> bool:
    """Whether a single word, whatever stands beside it, is of the vocabulary, a measurement or a technical term."""
    return kind_of(word) in {WordKind.PLAIN, WordKind.SOLO}
