"""Patient's Age (0010,1010): ages over 89 are one group (HIPAA 164.514(b)(2)(i)(C)), whatever their unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dicom_deid.part10.elements import Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

_YEARS: Final[Mapping[str, float]] = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52, "D": 1 / 365}
_OLDEST: Final = 90
_FORM: Final = re.compile(r"([0-9]{1,3})([YMWD])")


def is_age(value: str) -> bool:
    """Whether it is a value of AS (PS3.5 table 6.2-1), leading zeros or not."""
    return _FORM.fullmatch(value) is not None


def capped(element: Element, cleaner: Cleaner) -> Element:
    """The age in the form of its VR, ``090Y`` where it is 90 years or more; empty where it is no age.

    Many writers leave leading zeros out: ``22Y`` is 22 years.
    """
    match = _FORM.fullmatch((cleaner.text(element) or [""])[0])
    if match is None:
        return Element(element.tag, "AS", b"")
    number, unit = int(match[1]), match[2]
    if number * _YEARS[unit] >= _OLDEST:
        return Element(element.tag, "AS", b"090Y")
    return Element(element.tag, "AS", f"{number:03d}{unit}".encode("ascii"))
