"""Clean Descriptors (PS3.15 E.3.5): keep the words that are known to be safe, drop every other."""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from itertools import pairwise
from typing import Final

from dicom_deid.header.vocabulary import WordKind, is_safe_word, kind_of

__all__ = ["clean_text", "is_safe_word"]

_LONGEST: Final = 512
_CHAIN: Final = 8
"""Words in need of company that may stand between a word and the plain one that vouches for it."""
_TOKEN: Final = re.compile(r"\d+\.\d+[^\W_]*|[^\W_]+")
_BARE_NUMBER: Final = re.compile(r"\d{1,2}(?:\.\d{1,3})?|\d{1,2}0")
_KEPT_SEPARATORS: Final = frozenset(" -/+&,()_.:^*%=\r\n")
_EDGES: Final = " -/+&,_.:^*%=\r\n"
_PLAIN_GAP: Final = re.compile(r"[ _]+")
_NAME_GAP: Final = re.compile(r"[,^=]")
_RUN_BREAK: Final = re.compile(r"[\r\n;]")


def clean_text(text: str) -> str:
    """The text without every word that is not known to be safe.

    ``CT chest abdomen pelvis - 55F Dr. Smith`` becomes ``CT chest abdomen pelvis``. A bare number stays only between
    words that stay, and not next to another (dates, phone and record numbers); a word that is also a name stays only
    in the company of one that is not. A text of known words only comes back as it was.
    """
    return _clean_short(text) if len(text) <= _LONGEST else _clean(text)


def _clean(text: str) -> str:
    matches = list(_TOKEN.finditer(text))
    if not matches:
        return ""
    words = [match.group() for match in matches]
    gaps = [text[first.end() : second.start()] for first, second in pairwise(matches)]
    kinds = [_Kind.of(word) for word in words]
    kept = _settle(kinds, gaps)
    if not any(kept):
        return ""
    before, after = text[: matches[0].start()].strip(), text[matches[-1].end() :].strip()
    if all(kept) and all(_KEPT_SEPARATORS.issuperset(part) for part in (*gaps, before, after)):
        return text.strip()
    pieces = [_separator(before, adjacent=True) if kept[0] else ""]
    last: int | None = None
    for index, word in enumerate(words):
        if not kept[index]:
            continue
        if last is not None:
            pieces.append(_separator(gaps[last], adjacent=index == last + 1))
        pieces.append(word)
        last = index
    if kept[-1]:
        pieces.append(_separator(after, adjacent=True))
    return _tidy("".join(pieces))


_clean_short: Final = lru_cache(maxsize=4096)(_clean)
"""Short texts are the ones that repeat; long ones would fill the memory."""


class _Kind:
    """Kinds of tokens: those of words, bare numbers, and what is not known."""

    NUMBER: Final = "number"
    UNKNOWN: Final = "unknown"

    @staticmethod
    def of(word: str) -> WordKind | str:
        kind = kind_of(word)
        if kind is not None:
            return kind
        return _Kind.NUMBER if _BARE_NUMBER.fullmatch(word) and word.isascii() else _Kind.UNKNOWN


def _settle(kinds: list[WordKind | str], gaps: list[str]) -> list[bool]:
    """Which tokens stay: unknown ones go, then whatever needs company and lost it, until nothing changes."""
    kept = [kind != _Kind.UNKNOWN for kind in kinds]
    for index in range(len(kinds) - 1):
        if kinds[index] == kinds[index + 1] == _Kind.NUMBER:
            kept[index] = kept[index + 1] = False
    # What a token needs lies within a chain's length of it: only there a dropped one is felt, and work stays linear.
    waiting = deque(range(len(kinds)))
    while waiting:
        index = waiting.popleft()
        if kept[index] and not _may_stay(index, kinds[index], kinds, kept, gaps):
            kept[index] = False
            waiting.extend(range(max(0, index - _CHAIN), min(len(kinds), index + _CHAIN + 1)))
    return kept


def _may_stay(index: int, kind: WordKind | str, kinds: list[WordKind | str], kept: list[bool], gaps: list[str]) -> bool:
    if kind is WordKind.PLAIN:
        return True
    beside = [place for place in (index - 1, index + 1) if 0 <= place < len(kinds)]
    lost = [place for place in beside if not kept[place]]
    if kind == _Kind.NUMBER:
        return bool(beside) and not lost
    if kind is WordKind.FUNCTION:
        return len(beside) == 2 and not lost and not _RUN_BREAK.search(gaps[index - 1] + gaps[index])
    known = [place for place in beside if _vouches(place, index, kinds, kept)]
    strangers = [place for place in lost if kinds[place] == _Kind.UNKNOWN]
    if kind is WordKind.SOLO:
        if not strangers:
            return bool(known) or (not lost and all(kinds[place] is not WordKind.NEIGHBOUR for place in beside))
        # ``CT Foot Smith`` is a foot, ``CT chest - Foot^Gertrude`` is not.
        return bool(known) and all(
            _PLAIN_GAP.fullmatch(gaps[min(index, place)])
            if place in known
            else not _NAME_GAP.search(gaps[min(index, place)])
            for place in beside
        )
    return bool(known) and not strangers


def _vouches(place: int, index: int, kinds: list[WordKind | str], kept: list[bool]) -> bool:
    """Whether the neighbour at `place` is a plain word, or a chain of words in need of company that leads to one."""
    step = place - index
    for distance in range(_CHAIN):
        here = place + distance * step
        if not 0 <= here < len(kinds) or not kept[here] or kinds[here] == _Kind.NUMBER:
            return False
        if kinds[here] is WordKind.PLAIN:
            return True
    return False


def _separator(gap: str, *, adjacent: bool) -> str:
    if not adjacent:
        return "\r\n" if "\n" in gap else " "
    return "".join(sign if sign in _KEPT_SEPARATORS else " " for sign in gap)


def _tidy(text: str) -> str:
    """Without the signs and brackets that dropped words leave behind."""
    if text.count("(") != text.count(")"):
        text = text.replace("(", " ").replace(")", " ")
    return re.sub(r"[ \t]{2,}", " ", text.replace("()", "")).strip(_EDGES)
