"""The VR of a tag, from pydicom's generated dictionary and the table's own tags that it does not know."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from dicom_deid.part10.standard_tables import DICTIONARY, REPEATERS

LONG_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""VRs with a reserved field and a 32-bit length in explicit encodings (PS3.5 table 7.1-1)."""
KNOWN_VRS: Final = LONG_VRS | frozenset(
    (
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FD",
        "FL",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    )
)
_AMBIGUOUS: Final = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "US", "NONE": "UN"}


def _repeating() -> tuple[tuple[int, dict[int, str]], ...]:
    """Repeating groups and elements by the bits that tell them: (mask, {tag under the mask: VR})."""
    found: dict[int, dict[int, str]] = {}
    for text, entry in REPEATERS.items():
        mask = int("".join("0" if digit == "x" else "F" for digit in text), 16)
        found.setdefault(mask, {}).setdefault(int(text.replace("x", "0"), 16), entry[0])
    return tuple(found.items())


_REPEATING: Final = _repeating()


@lru_cache(maxsize=8192)
def vr_of(tag: int) -> str | None:
    """The VR the dictionary gives a standard tag, or None where it knows none; ambiguous ones by their usual form."""
    if tag & 0x10000:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else None
    if not tag & 0xFFFF:
        return "UL"
    entry = DICTIONARY.get(tag)
    if entry is not None:
        return _AMBIGUOUS.get(entry[0], entry[0])
    for mask, tags in _REPEATING:
        vr = tags.get(tag & mask)
        if vr is not None:
            return _AMBIGUOUS.get(vr, vr)
    from dicom_deid.header.tables import extra_vr

    return extra_vr(tag)
