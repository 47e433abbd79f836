"""What may stay of an encoded text, and when all of it may, byte for byte.

The decisions themselves are those of `outside`, `descriptors` and `dates`; here is how they are reached from bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from dicom_deid.header import charset, dates, outside
from dicom_deid.header.ages import is_age
from dicom_deid.header.descriptors import clean_text

_Codecs = tuple[str, ...]
Cleaned = tuple[list[str], list[str]]
"""The values of an element, and what may stay of each."""


def outside_the_table(value: bytes, tag: int, vr: str, codecs: _Codecs, *, descriptors: bool) -> Cleaned | None:
    """What stays of a text that table E.1-1 does not list; None where all of it does, byte for byte.

    Without `descriptors` only code strings and numbers may stay.
    """
    values = charset.decode(value, vr, codecs)
    if descriptors or vr in outside.TERMS:
        cleaned = [outside.clean_value(tag, vr, text) for text in values]
    else:
        cleaned = [""] * len(values)
    return None if cleaned == values and not hides_text(value) else (values, cleaned)


def known_words(value: bytes, vr: str, codecs: _Codecs) -> Cleaned | None:
    """What Clean Descriptors leaves of a text; None where it is all of it, byte for byte."""
    values = charset.decode(value, vr, codecs)
    cleaned = [clean_text(text) for text in values]
    return None if cleaned == values and not hides_text(value) else (values, cleaned)


def is_of_its_vr(value: bytes, tag: int, vr: str) -> bool:
    """Whether a retained value is what its VR says: a date, age, number, defined term; any text of a VR of text is."""
    if vr in dates.VRS or tag == dates.OFFSET_FROM_UTC:
        return moved(value, vr, 0) is not None
    if vr in {"DS", "IS"}:
        return all(outside.matches(tag, vr, text) for text in charset.decode(value, vr, ()))
    if vr == "AS":
        return all(not text or is_age(text) for text in charset.decode(value, vr, ()))
    return vr != "CS" or all(outside.is_code_string(text) for text in charset.decode(value, vr, ()))


def moved(value: bytes, vr: str, days: int) -> bytes | None:
    """The dates of an element moved by whole days, encoded; None where one of its values is none."""
    return _moved_short(value, vr, days) if len(value) <= _LONGEST_DATE else _moved(value, vr, days)


def _moved(value: bytes, vr: str, days: int) -> bytes | None:
    texts = [dates.moved(text, vr, days) for text in charset.decode(value, vr, ("latin-1",))]
    return None if None in texts else "\\".join(text or "" for text in texts).encode("ascii")


_LONGEST_DATE: Final = 32
_moved_short: Final = lru_cache(maxsize=4096)(_moved)
"""The same day stands in several elements of an object."""


def hides_text(value: bytes) -> bool:
    """Whether bytes follow a NULL, which no reader shows."""
    return b"\0" in value.rstrip(b"\0 ")
