"""The instance's own dates in every usual spelling, read with or without separators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from dicom_deid.phi.identity import IdentityKind, IdentityValue
from dicom_deid.phi.spelling import confusable

_DATES: Final = frozenset({IdentityKind.BIRTH_DATE, IdentityKind.DATE})
_FORMS: Final = ("%d%m%Y", "%m%d%Y", "%Y%m%d", "%d%m%y", "%m%d%y", "%y%m%d", "%d%b%Y", "%d%B%Y", "%b%d%Y", "%B%d%Y")
_MORE: Final = ("%Y%b%d", "%d%b%y", "%d%B%y", "%b%d%y")
_MOST_WORDS: Final = 3
"""A date is written in so many words at most."""
_LEAST: Final = 5


def spellings(values: Iterable[IdentityValue]) -> dict[str, str]:
    """Every spelling of the header's dates without separators (`spelling.confusable`) -> the kind of the value."""
    found: dict[str, str] = {}
    for value in values:
        day = _parsed(value.text) if value.kind in _DATES else None
        for form in (*_FORMS, *_MORE) if day else ():
            assert day is not None
            text = day.strftime(form)
            found.setdefault(confusable(text), value.kind.value)
            # 3/4/1956: neither day nor month has its zero.
            bare = form.replace("%d", str(day.day)).replace("%m", str(day.month))
            found.setdefault(confusable(day.strftime(bare)), value.kind.value)
    return {text: kind for text, kind in found.items() if len(text) >= _LEAST}


def date_matches(line: Sequence[str], known: dict[str, str]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Runs of words (indices into the line) that spell one of the dates, and its kind."""
    for begin in range(len(line)):
        text = ""
        for end in range(begin, min(len(line), begin + _MOST_WORDS)):
            text += confusable(line[end])
            kind = known.get(text)
            if kind is not None:
                yield tuple(range(begin, end + 1)), kind


def _parsed(text: str) -> date | None:
    digits = text.replace(".", "")[:8]
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
