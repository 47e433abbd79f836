"""What may stay of an encoded text, decided once for equal values: the objects of a series repeat most of them.

The decisions themselves are those of `outside`, `descriptors` and `dates`; here is how they are reached from bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar, cast

from dicom_deid.header import charset, dates, outside
from dicom_deid.header.descriptors import clean_text

_LONGEST: Final = 256
"""Bytes of the longest value whose decision is remembered: memory stays bounded whatever a file holds."""
_REMEMBERED: Final = 8192
_Codecs = tuple[str, ...]
Cleaned = tuple[tuple[str, ...], tuple[str, ...]]
"""The values of an element, and what may stay of each."""
_Decision = TypeVar("_Decision", bound=Callable[..., object])


def _remembered(decision: _Decision) -> _Decision:
    """The decision with a memory for short values; the value is its first argument."""
    memory = lru_cache(maxsize=_REMEMBERED)(decision)

    def decide(value: bytes, *others: object) -> object:
        return memory(value, *others) if len(value) <= _LONGEST else decision(value, *others)

    return cast(_Decision, decide)


@_remembered
def outside_the_table(value: bytes, tag: int, vr: str, codecs: _Codecs, descriptors: bool) -> Cleaned | None:
    """What stays of a text that table E.1-1 does not list; None where all of it does, byte for byte.

    Without `descriptors` only code strings and numbers may stay.
    """
    values = tuple(charset.decode(value, vr, codecs))
    if descriptors or vr in outside.TERMS:
        cleaned = tuple(outside.clean_value(tag, vr, text) for text in values)
    else:
        cleaned = ("",) * len(values)
    return None if cleaned == values and not hides_text(value) else (values, cleaned)


@_remembered
def known_words(value: bytes, vr: str, codecs: _Codecs) -> Cleaned | None:
    """What Clean Descriptors leaves of a text; None where it is all of it, byte for byte."""
    values = tuple(charset.decode(value, vr, codecs))
    cleaned = tuple(clean_text(text) for text in values)
    return None if cleaned == values and not hides_text(value) else (values, cleaned)


@_remembered
def is_of_its_vr(value: bytes, tag: int, vr: str) -> bool:
    """Whether a retained value is what its VR says: a date, a number, a code string; any text of a VR of text is."""
    if vr in dates.VRS or tag == dates.OFFSET_FROM_UTC:
        return all(dates.moved(text, vr, 0) is not None for text in charset.decode(value, vr, ("latin-1",)))
    if vr in {"DS", "IS"}:
        return all(outside.matches(tag, vr, text) for text in charset.decode(value, vr, ()))
    return vr != "CS" or all(outside.CODE_STRING.fullmatch(text) for text in charset.decode(value, vr, ()))


@_remembered
def moved(value: bytes, vr: str, days: int) -> bytes | None:
    """The dates of an element moved by whole days, encoded; None where one of its values is none."""
    texts = [dates.moved(text, vr, days) for text in charset.decode(value, vr, ("latin-1",))]
    return None if None in texts else "\\".join(text or "" for text in texts).encode("ascii")


def hides_text(value: bytes) -> bool:
    """Whether bytes follow a NULL, which no reader shows."""
    return b"\0" in value.rstrip(b"\0 ")
