"""Patient's Age (0010,1010): ages over 89 are one group (HIPAA 164.514(b)(2)(i)(C)), whatever their unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dicom_deid.part10.elements import Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

_YEARS: Final[Mapping[str, float]] = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52, "D": 1 / 365}
_OLDEST: Final = 90
_FORM_LENGTH: Final = 4


def capped(element: Element, cleaner: Cleaner) -> Element:
    """The age as it was, ``090Y`` where it is 90 years or more; empty where it is no age."""
    value = (cleaner.text(element) or [""])[0]
    if len(value) != _FORM_LENGTH or not (value.isascii() and value[:3].isdigit()) or value[3] not in _YEARS:
        return Element(element.tag, "AS", b"")
    if int(value[:3]) * _YEARS[value[3]] >= _OLDEST:
        return Element(element.tag, "AS", b"090Y")
    return Element(element.tag, "AS", value.encode("ascii", "replace"))
