"""Dummy values: of the right VR, valid, and the same for everybody (PS3.15 E.1, action D)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

DUMMY_TEXT: Final = "ANONYMIZED"
_TEXT: Final[Mapping[str, str]] = {
    "AE": DUMMY_TEXT,
    "AS": "000Y",
    "CS": DUMMY_TEXT,
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "LO": DUMMY_TEXT,
    "LT": DUMMY_TEXT,
    "PN": DUMMY_TEXT,
    "SH": DUMMY_TEXT,
    "ST": DUMMY_TEXT,
    "TM": "000000",
    "UC": DUMMY_TEXT,
    "UR": "about:blank",
    "UT": DUMMY_TEXT,
}
NUMBER_BYTES: Final[Mapping[str, int]] = {
    "AT": 4,
    "FD": 8,
    "FL": 4,
    "OB": 2,
    "OD": 8,
    "OF": 4,
    "OL": 4,
    "OV": 8,
    "OW": 2,
    "SL": 4,
    "SS": 2,
    "SV": 8,
    "UL": 4,
    "UN": 2,
    "US": 2,
    "UV": 8,
}
"""Bytes of one value of a binary VR (PS3.5 table 6.2-1)."""

_MOST_VALUES: Final = 64
TEXT_VRS: Final = frozenset(_TEXT)
SINGLE_VALUED: Final = frozenset({"LT", "ST", "UT", "UR"})
"""VRs in which a backslash is a character of the text (PS3.5 6.2)."""


def dummy(vr: str, source: bytes = b"") -> bytes:
    """An encoded value of that VR that says nothing; every character is of the default repertoire.

    As many values as `source` holds, so that an attribute of several values keeps its multiplicity.
    """
    if vr in _TEXT:
        return _dummy_text(vr, 1 if vr in SINGLE_VALUED else min(source.count(b"\\") + 1, _MOST_VALUES))
    size = NUMBER_BYTES.get(vr, 2)
    return bytes(size * max(1, len(source) // size)) if vr not in {"OB", "OW", "UN"} else bytes(2)


@cache
def _dummy_text(vr: str, count: int) -> bytes:
    return "\\".join([_TEXT[vr]] * count).encode("ascii")
