"""What the file itself says about its de-identification (PS3.15 E.1 and E.3, PS3.3 C.12.1.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from dicom_deid import __version__
from dicom_deid.header.profiles import EDITION, MEANINGS, Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.writer import encode

DERIVATION: Final = 0x00082111
DERIVATION_DESCRIPTION: Final = "burned-in text removed"
"""(0008,2111) of an object whose pixels changed (PS3.3 C.7.6.1.1.3)."""
PATIENT_IDENTITY_REMOVED: Final = 0x00120062
METHOD: Final = 0x00120063
METHOD_CODES: Final = 0x00120064
BURNED_IN: Final = 0x00280301
RECOGNIZABLE: Final = 0x00280302
DATES_MODIFIED: Final = 0x00280303
CONTRIBUTING_EQUIPMENT: Final = 0x0018A001
OWN_TAGS: Final = frozenset({PATIENT_IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED, CONTRIBUTING_EQUIPMENT})
"""Attributes that are written anew: whatever the source said of an earlier de-identification is replaced."""
_EARNED: Final = frozenset({Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES})
"""Options that a header alone cannot fulfil, whatever the profile asks for."""
CLAIMS: Final = frozenset({BURNED_IN, RECOGNIZABLE})
"""Attributes whose NO is a claim: it is written where a check earned it."""


@lru_cache(maxsize=64)
def evidence(profile: Profile, claims: Claims, encoding: Encoding) -> tuple[Element, ...]:
    """The attributes that state what was done, encoded; claims about pixels only where the caller verified them."""
    return tuple(
        Element(element.tag, element.vr, element.value, element.items, encode([element], encoding))
        for element in _statements(profile, claims)
    )


def _statements(profile: Profile, claims: Claims) -> DataSet:
    codes = [code for code in profile.codes if code not in _EARNED]
    elements = [
        _text(PATIENT_IDENTITY_REMOVED, "CS", "YES"),
        _text(METHOD, "LO", *method(profile)),
        _text(DATES_MODIFIED, "CS", _dates(profile)),
        Element(CONTRIBUTING_EQUIPMENT, "SQ", b"", [_equipment()]),
    ]
    if claims.pixels_cleaned:
        codes.append(Option.CLEAN_PIXEL_DATA)
        elements.append(_text(BURNED_IN, "CS", "NO"))
    if claims.pixels_changed:
        elements.append(_text(DERIVATION, "ST", DERIVATION_DESCRIPTION))
    if claims.visual_features_cleaned:
        codes.append(Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES)
        elements.append(_text(RECOGNIZABLE, "CS", "NO"))
    items = [code_item(code, "DCM", MEANINGS[code]) for code in sorted(set(codes))]
    return [*elements, Element(METHOD_CODES, "SQ", b"", items)] if items else elements


def method(profile: Profile) -> tuple[str, ...]:
    """The values of De-identification Method, each at most 64 characters."""
    return (f"dicom-deid {__version__}", EDITION, f"profile {profile.name} {profile.digest[:16]}")


def code_item(value: str, scheme: str, meaning: str) -> DataSet:
    """A coded entry (PS3.3 8.8)."""
    return [_text(0x00080100, "SH", value), _text(0x00080102, "SH", scheme), _text(0x00080104, "LO", meaning[:64])]


def _equipment() -> DataSet:
    """Contributing Equipment without a DateTime: nothing in an output depends on the clock."""
    purpose = Element(0x0040A170, "SQ", b"", [code_item("109104", "DCM", "De-identifying Equipment")])
    return [
        _text(0x00080070, "LO", "dicom-deid"),
        _text(0x00181020, "LO", __version__),
        purpose,
    ]


def _dates(profile: Profile) -> str:
    if profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES):
        return "UNMODIFIED"
    if profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES):
        return "MODIFIED"
    return "REMOVED"


def _text(tag: int, vr: str, *values: str) -> Element:
    return Element(tag, vr, "\\".join(values).encode("ascii"))
