"""Ordinary English words: they say nothing of a person where nothing beside them does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from dicom_deid.header.vocabulary import WordKind, kind_of
from dicom_deid.phi.overlay import is_clinical

_EDGES: Final = "()[]{}<>:;,.!?'\"|*#_-/\\+=~ "
_PIECES: Final = re.compile(r"[A-Za-z]+|[\d.,]+|[^A-Za-z\d.,]+")
_PREFIXED: Final = re.compile(
    r"(?:anti|bi|co|de|inter|intra|mono|multi|neo|non|peri|post|pre|re|semi|sub|trans|tri|ultra|uni)-(?P<rest>[a-z]{4,})"
)
"""A word with a prefix and a hyphen (``neo-adjuvant``): in a double name, both parts are names."""
_DERIVED: Final = re.compile(r"(?P<stem>[a-z]{5,})(?:ers?|ors?|ings?)")
_LEAST: Final = 3
"""Letters of the shortest word that a run of letters is taken apart into."""
_BAR: Final = re.compile(r"(?<=[A-Za-z])\|(?=[A-Z0-9])")
"""A blank that OCR read as a bar."""
_CAPITALISED: Final = re.compile(r"[A-Z][a-z]*|[a-z]+|\d[\d.,]*|[^A-Za-z\d]+")
_USUAL: Final = 4
"""Letters that such words have on the average, or more."""


@cache
def _words() -> Mapping[str, bool]:
    """Each word, and whether it is a name too."""
    content = (files(__package__) / "data" / "ordinary.txt").read_text(encoding="ascii")
    return {line.rstrip("?"): line.endswith("?") for line in content.split()}


def is_ordinary(text: str) -> bool:
    """Whether a word, or each word of a compound, is in the dictionary, be it a name too."""
    parts = [part for part in re.split(r"[^A-Za-z]+", text.strip(_EDGES)) if part]
    return bool(parts) and all(part.lower() in _words() for part in parts)


def is_plainly_ordinary(text: str) -> bool:
    """Whether a word is in the dictionary and nobody's name."""
    core = text.strip(_EDGES).lower()
    prefixed = _PREFIXED.fullmatch(core)
    return _words().get(core) is False or (prefixed is not None and _is_word(prefixed["rest"]))


def is_derived(text: str) -> bool:
    """Whether a word is who or what does what a plain word says (``positioner``), or the doing of it (``binning``)."""
    derived = _DERIVED.fullmatch(text.strip(_EDGES).lower())
    return derived is not None and _words().get(derived["stem"]) is False


@lru_cache(maxsize=8192)
def is_run_of_words(text: str) -> bool:
    """Whether a word is several words, numbers and units that OCR read without the blanks between them."""
    core = text.strip(_EDGES)
    if _BAR.search(core):
        return all(is_clinical(part) or is_plainly_ordinary(part) or is_run_of_words(part) for part in _BAR.split(core))
    if _is_capitalised_run(core):
        return True
    pieces = _PIECES.findall(core)
    letters = [piece for piece in pieces if piece.isalpha()]
    if not letters or len(core) > 60 or sum(character.isdigit() for character in core) > 5:
        return False
    runs = [piece for piece in letters if not is_clinical(piece)]
    return all(_taken_apart(piece.lower()) or piece.lower() in _words() for piece in runs) and any(
        len(piece) > _USUAL for piece in letters
    )


def _is_capitalised_run(core: str) -> bool:
    """Whether a word is several words that each begin with a capital (``TomolLayerHeight``), two or more of them long.

    A thin letter at the end of one may be the blank after it.
    """
    pieces = [piece for piece in _CAPITALISED.findall(core) if piece.isalpha()]
    long = sum(len(piece) >= _USUAL for piece in pieces)
    if not core[:1].isupper() or long < 2 or sum(character.isdigit() for character in core) > 5:
        return False
    return all(
        len(piece) == 1
        or any(_is_word(part.lower()) for part in (piece, piece[:-1]) if part == piece or piece[-1] in "il")
        for piece in pieces
    )


def _taken_apart(run: str) -> bool:
    """Whether letters are words one after the other, long ones for the most part."""
    fewest: list[int | None] = [0] + [None] * len(run)
    for end in range(_LEAST, len(run) + 1):
        for begin in range(max(0, end - 24), end - _LEAST + 1):
            before = fewest[begin]
            if before is not None and _is_word(run[begin:end]) and before + 1 < (fewest[end] or 99):
                fewest[end] = before + 1
    count = fewest[-1]
    return count is not None and count > 1 and len(run) >= _USUAL * count


def _is_word(text: str) -> bool:
    return _words().get(text) is False or kind_of(text) in {WordKind.PLAIN, WordKind.SOLO, WordKind.FUNCTION}
