"""Text outside table E.1-1: for each attribute a reviewed rule, and dropped where nobody reviewed it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class TextRule(StrEnum):
    """What may stay of a value that the table does not speak of."""

    KEEP = "keep"
    PATTERN = "pattern"
    VOCABULARY = "vocabulary"
    DROP = "drop"


NUMERIC_VRS: Final = frozenset({"AT", "FD", "FL", "OD", "OF", "OL", "OV", "SL", "SS", "SV", "UL", "US", "UV"})
"""Binary numbers: no room for text that a person reads."""

CODE_STRING: Final = re.compile(r"[A-Z0-9_ ]{0,16}")
_NUMBER_STRING: Final = {
    "DS": re.compile(r" *[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)? *"),
    "IS": re.compile(r" *[+-]?[0-9]{0,12} *"),
}

_USER_TYPED_CODE_STRINGS: Final = frozenset(
    {
        0x00700080,  # Content Label
        0x00700008,  # Content Date is DA; the label of the graphic layer follows
        0x00700002,  # Graphic Layer
        0x00281200,  # Gray Lookup Table Data, retired
        0x00080300,  # Private Data Element Characteristics
        0x00720062,  # Selector CS Value
        0x00820010,  # Assessment Type, free
        0x04000020,  # MAC ID
    }
)
_DROPPED: Final = frozenset(
    {
        0x00282000,  # ICC Profile: carries text; see `icc`
        0x00100033,
        0x00100034,  # alternative calendar dates
        0x00080119,
        0x00080120,
        0x0008010E,
        0x00081190,
        0x0040E010,
        0x0040E001,
        0x04000120,
        0x04000520,
        0x00420011,
    }
)
_BINARY_KEPT: Final = frozenset(
    {
        0x00281101,
        0x00281102,
        0x00281103,
        0x00281201,
        0x00281202,
        0x00281203,
        0x00281204,
        0x00281221,
        0x00281222,
        0x00281223,
        0x00283006,
        0x54000110,
        0x54000112,
        0x5400100A,
        0x54001010,
        0x00660016,
        0x00660023,
        0x00660024,
        0x00660025,
        0x00660029,
        0x00660040,
        0x00660041,
        0x00660042,
        0x00660043,
        0x00409212,
        0x7FE00001,
        0x7FE00002,
    }
)
"""OB and OW that hold tables, samples or meshes."""

_PATTERNS: Final[Mapping[int, re.Pattern[str]]] = {
    0x00180024: re.compile(r"[*_]{0,2}[a-z]{1,6}\d?[a-z]{0,4}\d{0,2}(?:_?[a-z0-9#.]{1,10})?"),  # Sequence Name
    0x00189005: re.compile(r"[*_]{0,2}[a-z]{1,6}\d?[a-z]{0,4}\d{0,2}(?:_?[a-z0-9#.]{1,10})?"),  # Pulse Sequence Name
    0x00180085: re.compile(r"\d{0,3}[A-Z][a-z]?|\^?\d{1,3}\^?[A-Z][a-z]?"),  # Imaged Nucleus
    0x00181210: re.compile(r"[A-Z]{1,2}\d{2}[a-z]?(?:\d)?"),  # Convolution Kernel
    0x00541101: re.compile(r"(?:measured|calculated|none)?,?[ a-zA-Z0-9.,=/+-]{0,4}"),  # Attenuation Correction Method
    0x00209056: re.compile(r"\d{1,4}"),  # Stack ID
    0x00281054: re.compile(r"HU|US|MGML|Z_EFF|ED|EDW|HU_MOD|PCT|OD|BQML|CNTS|STDDEV|normalized"),  # Rescale Type
    0x00541001: re.compile(r"[A-Z0-9/%]{1,10}"),
    0x00420012: re.compile(r"(?:application|text|image|model)/[a-z0-9.+-]{1,40}"),
    0x00480106: re.compile(r"\d{1,3}"),
}


def rule_for(tag: int, vr: str) -> TextRule:
    """The rule for a standard element that neither E.1-1 nor an override names.

    Unlisted OB, OW, UN, dates, times, ages, person names, URIs and application entities are dropped; other text keeps
    what the vocabulary knows.
    """
    if tag in _DROPPED or tag in _USER_TYPED_CODE_STRINGS:
        return TextRule.DROP
    if vr in NUMERIC_VRS or tag in _BINARY_KEPT:
        return TextRule.KEEP
    if tag in _PATTERNS or vr in {"CS", "DS", "IS"}:
        return TextRule.PATTERN
    if vr in {"LO", "SH", "ST", "LT", "UC", "UT"}:
        return TextRule.VOCABULARY
    return TextRule.DROP


def matches(tag: int, vr: str, value: str) -> bool:
    """Whether a value has the form that its rule `PATTERN` asks for."""
    pattern = _PATTERNS.get(tag) or _NUMBER_STRING.get(vr) or CODE_STRING
    return pattern.fullmatch(value) is not None
