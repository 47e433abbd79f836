"""Confidentiality profiles: the Basic Profile with any legal set of options (PS3.15 Annex E)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property

from dicom_deid.errors import ConfigurationError
from dicom_deid.header.tables import EDITION as EDITION
from dicom_deid.header.tables import PRIVATE_ROW, attribute_rules


class Option(StrEnum):
    """The options of PS3.15 E.3, by their code of CID 7050."""

    CLEAN_PIXEL_DATA = "113101"
    CLEAN_RECOGNIZABLE_VISUAL_FEATURES = "113102"
    CLEAN_GRAPHICS = "113103"
    CLEAN_STRUCTURED_CONTENT = "113104"
    CLEAN_DESCRIPTORS = "113105"
    RETAIN_LONGITUDINAL_FULL_DATES = "113106"
    RETAIN_LONGITUDINAL_MODIFIED_DATES = "113107"
    RETAIN_PATIENT_CHARACTERISTICS = "113108"
    RETAIN_DEVICE_IDENTITY = "113109"
    RETAIN_UIDS = "113110"
    RETAIN_SAFE_PRIVATE = "113111"
    RETAIN_INSTITUTION_IDENTITY = "113112"


MEANINGS: Mapping[str, str] = {
    "113100": "Basic Application Confidentiality Profile",
    Option.CLEAN_PIXEL_DATA: "Clean Pixel Data Option",
    Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES: "Clean Recognizable Visual Features Option",
    Option.CLEAN_GRAPHICS: "Clean Graphics Option",
    Option.CLEAN_STRUCTURED_CONTENT: "Clean Structured Content Option",
    Option.CLEAN_DESCRIPTORS: "Clean Descriptors Option",
    Option.RETAIN_LONGITUDINAL_FULL_DATES: "Retain Longitudinal Temporal Information Full Dates Option",
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "Retain Longitudinal Temporal Information Modified Dates Option",
    Option.RETAIN_PATIENT_CHARACTERISTICS: "Retain Patient Characteristics Option",
    Option.RETAIN_DEVICE_IDENTITY: "Retain Device Identity Option",
    Option.RETAIN_UIDS: "Retain UIDs Option",
    Option.RETAIN_SAFE_PRIVATE: "Retain Safe Private Option",
    Option.RETAIN_INSTITUTION_IDENTITY: "Retain Institution Identity Option",
}
"""Code meanings of CID 7050 (PS3.16)."""

_COLUMNS: Mapping[str, Option] = {
    "safe_private": Option.RETAIN_SAFE_PRIVATE,
    "uids": Option.RETAIN_UIDS,
    "device": Option.RETAIN_DEVICE_IDENTITY,
    "institution": Option.RETAIN_INSTITUTION_IDENTITY,
    "patient": Option.RETAIN_PATIENT_CHARACTERISTICS,
    "full_dates": Option.RETAIN_LONGITUDINAL_FULL_DATES,
    "modified_dates": Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
    "descriptors": Option.CLEAN_DESCRIPTORS,
    "structured_content": Option.CLEAN_STRUCTURED_CONTENT,
    "graphics": Option.CLEAN_GRAPHICS,
}


class Action(StrEnum):
    """What happens to one attribute."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP = "K"
    REMAP = "U"
    RECURSE = "X/Z/U*"
    CLEAN_TEXT = "C"
    CLEAN_DATE = "C-date"
    CLEAN_CONTENT = "C-content"
    CLEAN_GRAPHICS = "C-graphics"


_BASIC: Mapping[str, Action] = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.REMAP,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.RECURSE,
}
"""Combined codes (DESIGN 6): X/Z gives zero length, any code with D a dummy value of the right VR."""

_STUDY_REFERENCES = frozenset({"00081110", "00081111"})
"""Referenced Study and Performed Procedure Step Sequence: X/Z in the table; remapped like the other references, since
an empty sequence is not valid where the attribute is Type 3."""

_DEVICE_TEXTS = frozenset(
    {
        0x00080070,  # Manufacturer
        0x00081090,  # Manufacturer's Model Name
        0x00181016,  # Secondary Capture Device Manufacturer
        0x00181018,  # Secondary Capture Device Manufacturer's Model Name
        0x00181019,  # Secondary Capture Device Software Versions
        0x00181020,  # Software Versions
        0x0018702A,  # Detector Manufacturer Name
        0x0018702B,  # Detector Manufacturer's Model Name
    }
)
"""Texts outside the table that say what the device is: whole under Retain Device Identity, else as far as known."""

_CLEANS: Mapping[str, Action] = {
    "modified_dates": Action.CLEAN_DATE,
    "structured_content": Action.CLEAN_CONTENT,
    "graphics": Action.CLEAN_GRAPHICS,
}


@dataclass(frozen=True)
class Profile:
    """A legal choice of options.

    Parameters
    ----------
    name
        For reports.
    options
        The options in force; the Basic Profile always is.
    overrides
        Tag to action, stronger than the table. Only X, Z, D, K may be asked for.
    date_shift
        Lowest and highest whole days of the shift of Modified Dates.
    issuers
        Issuing authorities (0010,0021) by which patients are told apart. The first one is meant wherever a file names
        none or another; without any, the patient identifier alone tells.
    descriptors
        Whether descriptive text outside the table may keep what the vocabulary knows; all of it goes otherwise.

    Raises
    ------
    ConfigurationError
        When the options exclude each other, or an override is not allowed.
    """

    name: str = "basic"
    options: frozenset[Option] = frozenset()
    overrides: Mapping[int, Action] = field(default_factory=dict)
    date_shift: tuple[int, int] = (-3650, -1)
    issuers: tuple[str, ...] = ()
    descriptors: bool = True

    def __post_init__(self) -> None:
        dates = {Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}
        if dates <= self.options:
            raise ConfigurationError(
                "Retain Longitudinal Full Dates (113106) and Modified Dates (113107) exclude each other"
            )
        low, high = self.date_shift
        if low > high or (low, high) == (0, 0):
            raise ConfigurationError("date_shift needs a range that holds another day than 0")
        if not set(self.overrides.values()) <= {Action.REMOVE, Action.EMPTY, Action.DUMMY, Action.KEEP}:
            raise ConfigurationError("an override is one of X, Z, D, K")
        if any(tag & 0x10000 for tag in self.overrides):
            raise ConfigurationError("private elements cannot be overridden: Retain Safe Private says which may stay")
        if not self.descriptors and Option.CLEAN_DESCRIPTORS in self.options:
            raise ConfigurationError("a profile without descriptors cannot have Clean Descriptors (113105)")

    def __hash__(self) -> int:
        return hash(self.digest)

    def has(self, option: Option) -> bool:
        """Whether the option is in force."""
        return option in self.options

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of CID 7050: the Basic Profile, then the options in order; what the pixels earn is added later.

        A profile whose overrides keep what the table removes does not conform to the Basic Profile and must not say so.
        """
        kept = {tag for tag, action in self.overrides.items() if action is Action.KEEP}
        conforms = all(self._by_table(tag) in (None, Action.KEEP) for tag in kept)
        return (*(("113100",) if conforms else ()), *sorted(self.options))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that the profile's outputs depend on."""
        content = {
            "edition": EDITION,
            "options": sorted(self.options),
            "overrides": {f"{tag:08X}": action.value for tag, action in sorted(self.overrides.items())},
            "date_shift": list(self.date_shift),
            "issuers": list(self.issuers),
            "descriptors": self.descriptors,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def actions(self) -> Mapping[str, Action]:
        """Table E.1-1 resolved for these options, by the table's own tags. Between options, C beats K."""
        return {tag: self._resolve(tag) for tag in attribute_rules()}

    def action_of(self, tag: int) -> Action | None:
        """What happens to a standard or private tag; None where neither table nor override speaks of it."""
        return self.overrides[tag] if tag in self.overrides else self._by_table(tag)

    def _by_table(self, tag: int) -> Action | None:
        known = self.actions.get(f"{tag:08X}")
        if known is not None:
            return known
        group = tag >> 16
        if group & 1:
            return self.actions[PRIVATE_ROW]
        if 0x5000 <= group <= 0x501E:
            return self.actions["50xxxxxx"]
        if 0x6000 <= group <= 0x601E:
            # Overlay planes go whole (PS3.15 E.1.1): rows and columns of a removed overlay mean nothing.
            return Action.REMOVE
        if tag in _DEVICE_TEXTS and Option.RETAIN_DEVICE_IDENTITY in self.options:
            return Action.KEEP
        return None

    def _resolve(self, tag: str) -> Action:
        rule = attribute_rules()[tag]
        said = {column: code for column, code in rule.options.items() if _COLUMNS[column] in self.options}
        for column, code in said.items():
            if code == "C":
                return _CLEANS.get(column, Action.CLEAN_TEXT)
        if "K" in said.values():
            return Action.KEEP
        return Action.RECURSE if tag in _STUDY_REFERENCES else _BASIC[rule.basic]


@cache
def _basic_profile() -> Profile:
    return Profile()


def basic_action(tag: int) -> Action:
    """What the Basic Profile alone does with a tag: what is left to do where an option's cleaning left nothing."""
    return _basic_profile().action_of(tag) or Action.EMPTY
