"""Whether an element has the shape PS3.6 gives its tag.

A text under the tag of a number, or bytes beyond its value multiplicity, would carry what no rule looks at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from dicom_deid.header.outside import NUMERIC_VRS
from dicom_deid.header.values import NUMBER_BYTES, TEXT_VRS
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import Element
from dicom_deid.part10.standard_tables import DICTIONARY

_NUMBERS: Final = NUMERIC_VRS - {"OD", "OF", "OL", "OV"}
"""VRs whose value multiplicity counts numbers; a value of the others is one stream of any length."""
_TEXTUAL: Final = TEXT_VRS | {"UI"}


def settled(element: Element) -> Element | None:
    """The element under a VR that the dictionary allows for its tag; None where its value cannot be of such a VR.

    A text under another VR of text is retyped, so that the rules of the dictionary's VR look at it. Numbers may differ
    in kind (US for SS) but not in size, and never be longer than their value multiplicity allows.
    """
    vrs, count = _expected(element.tag)
    vr = element.vr
    if vr not in vrs:
        known = vrs[0] if vrs else ""
        if vr in _TEXTUAL and known in _TEXTUAL:
            return Element(element.tag, known, element.value)
        if not ({vr, known} <= _NUMBERS and NUMBER_BYTES[vr] == NUMBER_BYTES[known]):
            return None
    if vr in NUMERIC_VRS:
        length, size = len(element.value), NUMBER_BYTES[vr]
        if length % size or (count is not None and vr in _NUMBERS and length not in (0, count * size)):
            return None
    return element


def usual(tag: int) -> tuple[str | None, int | None]:
    """The VR of a tag and, for numbers, the length in bytes: an element that has both needs no longer look.

    No VR where there are several, or where the length depends on how many numbers there are.
    """
    vrs, count = _expected(tag)
    if len(vrs) != 1 or (vrs[0] in NUMERIC_VRS and (count is None or vrs[0] not in _NUMBERS)):
        return None, None
    return vrs[0], count * NUMBER_BYTES[vrs[0]] if count is not None and vrs[0] in _NUMBERS else None


@lru_cache(maxsize=8192)
def _expected(tag: int) -> tuple[tuple[str, ...], int | None]:
    """The VRs of a standard tag, and its value multiplicity where that is one number."""
    entry = DICTIONARY.get(tag)
    if entry is None:
        known = vr_of(tag)
        return ((known,) if known else (), None)
    return tuple(entry[0].split(" or ")), int(entry[1]) if entry[1].isdigit() else None
