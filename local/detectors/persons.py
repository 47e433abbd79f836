"""Persons' names in a line of text: by a list of names, and by the company that words keep."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

from dicom_deid.phi.ordinary import is_ordinary, is_plainly_ordinary
from dicom_deid.phi.overlay import is_clinical
from dicom_deid.phi.terms import is_term


@dataclass(frozen=True, slots=True)
class PersonSpan:
    """A half-open span of characters that is, with `score` in [0, 1], a person's name or a part of it."""

    begin: int
    end: int
    score: float


class _Part(Enum):
    """How much a word is a name by itself."""

    NAME = "name"
    MAYBE = "maybe"
    """A name that is an ordinary or clinical word too: a name beside a name."""
    DOUBTFUL = "doubtful"
    """A given name that is a word too: even alone somebody must look."""
    INITIAL = "initial"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Word:
    begin: int
    end: int
    part: _Part


_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_JOINT: Final = re.compile(r"[\s.,^]{1,3}")
"""What may stand between two parts of one name."""
_SETTING: Final = re.compile(r":\s*-?\d+(?:[.,]\d+)?(?!\S*[/-])|(?<![\d/.-])\d+[.,]\d+(?![\d/.-])")
"""A colon and a number, or a decimal number: a setting with its value."""
_NUMBER_LAST: Final = re.compile(r"(?<![\d/.-])\d{1,4}(?:[.,]\d+)?(?:\s\D{1,4})?$")
_HOUSE_NUMBER: Final = re.compile(r"\s*\d{2,4}[A-Za-z]?\s+")
"""A number that begins a line, before a name: a street's."""
_DOUBTFUL: Final = frozenset({"grace", "hope", "rose", "may", "mark", "page", "king", "price", "rich", "joy", "faith"})
_KNOWN: Final = 0.9
_BESIDE: Final = 0.85
_DOUBT: Final = 0.55


def find_persons(line: str) -> Iterator[PersonSpan]:
    """Every word that is a name, and every initial or ordinary word that is one by standing beside it."""
    words = [_Word(match.start(), match.end(), _part(match[0])) for match in _WORD.finditer(line)]
    scores: dict[int, float] = {index: _KNOWN for index, word in enumerate(words) if word.part is _Part.NAME}
    for indices in (range(len(words)), range(len(words) - 1, -1, -1)):
        for index in indices:
            if index not in scores and words[index].part in (_Part.MAYBE, _Part.DOUBTFUL, _Part.INITIAL):
                beside = (other for other in (index - 1, index + 1) if other in scores)
                if any(
                    _joined(line, words, index, other) for other in beside if words[other].part is not _Part.INITIAL
                ):
                    scores[index] = _BESIDE
    if any(_is_nobodys_term(line, word) for word in words):
        # Beside a term that is nobody's name, one that somebody has for a name is a term too: ``trunk``, ``graft``.
        for index in [index for index in scores if _continues_term(line, words, index)]:
            del scores[index]
    names = [index for index in scores if words[index].part is not _Part.INITIAL]
    if len(names) > 1 and any(_is_nobodys_term(line, word) for word in words):
        # ``Peak Blood Velocity``: what is a term as well does not make a lone name two.
        names = [index for index in names if not is_term(line[words[index].begin : words[index].end])]
    if len(names) == 1 and len(words) > 1 and (_SETTING.search(line) or _is_phrase(line, words, names[0])):
        # ``Delta X: 814``, ``Skip 3.5 mm``: a lone name in a setting, or among words, is a word.
        return
    for index, word in enumerate(words):
        if index in scores:
            yield PersonSpan(word.begin, word.end, scores[index])
        elif word.part is _Part.DOUBTFUL:
            yield PersonSpan(word.begin, word.end, _DOUBT)


def _is_nobodys_term(line: str, word: _Word) -> bool:
    """Whether a word is a clinical term that nobody has for a name, or not as it is written: ``cava`` in lower case."""
    text = line[word.begin : word.end]
    return is_term(text) and (word.part is _Part.OTHER or (text.islower() and line[:1].isupper()))


def _continues_term(line: str, words: list[_Word], index: int) -> bool:
    """Whether a name that is a clinical term too stands after terms, the first of which is nobody's name."""
    if words[index].part is not _Part.MAYBE or not is_term(line[words[index].begin : words[index].end]):
        return False
    before = index - 1
    while before >= 0 and _joined(line, words, before, before + 1):
        if not is_term(line[words[before].begin : words[before].end]):
            return False
        if _is_nobodys_term(line, words[before]):
            return True
        before -= 1
    return False


def _is_phrase(line: str, words: list[_Word], name: int) -> bool:
    """Whether a lone name stands among clinical and dictionary words: all of the line, or where it is in the dictionary
    itself or the line ends with a number, those beside it.
    """
    if _HOUSE_NUMBER.fullmatch(line[: words[name].begin]):
        return False
    texts = [line[word.begin : word.end] for word in words]
    others = [text for index, text in enumerate(texts) if index != name]
    if all(len(other) > 2 and _is_plain(other) for other in others):
        return True
    beside = [texts[index] for index in (name - 1, name + 1) if 0 <= index < len(texts)]
    return (
        (is_ordinary(texts[name]) or _NUMBER_LAST.search(line) is not None)
        and any(is_term(other) for other in others)
        and all(len(other) == 1 or _is_plain(other) for other in beside)
    )


def _is_plain(text: str) -> bool:
    return is_term(text) or is_plainly_ordinary(text)


def _joined(line: str, words: list[_Word], one: int, other: int) -> bool:
    first, second = sorted((one, other))
    return _JOINT.fullmatch(line[words[first].end : words[second].begin]) is not None


def _part(text: str) -> _Part:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    if len(text) == 1:
        return _Part.INITIAL if text.isupper() else _Part.OTHER
    if plain in _DOUBTFUL:
        return _Part.DOUBTFUL
    pieces = [piece for piece in re.split(r"[^a-z]+", plain) if len(piece) > 1]
    known = [_names().get(piece) for piece in pieces]
    if not known or not all(known):
        # Of a double name both parts are names: ``Cross-hairs`` and ``antero-posterior`` are words.
        return _Part.OTHER
    return _Part.MAYBE if is_clinical(text) or _Part.NAME not in known else _Part.NAME


@cache
def _names() -> Mapping[str, _Part]:
    content = (files("local.detectors") / "data" / "names.txt").read_text(encoding="ascii")
    return {line.rstrip("?"): _Part.MAYBE if line.endswith("?") else _Part.NAME for line in content.split()}
