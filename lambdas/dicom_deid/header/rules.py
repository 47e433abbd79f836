"""What a profile does with each tag, found once; and what it settled before, to settle it alike.

Tables and profiles are asked once per tag, not once per element: a header has thousands of elements and few tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicom_deid.header import evidence_attributes, shape
from dicom_deid.header.attributes import BY_ACTION, Treatment, not_listed, treatment_outside
from dicom_deid.header.profiles import Action, Profile
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Encoding

REMOVED: Final = Action.REMOVE.value
_ITEM_ICON: Final = 0x00880200
_ALWAYS_REMOVED: Final = frozenset(
    {_ITEM_ICON, 0x04000500, 0xFFFAFFFA, 0x04000561, 0x04000550, 0x00080300, 0xFFFCFFFC, 0x00080001}
    | {0x7FE00001, 0x7FE00002, 0x7FE00003, 0x7FE00008, 0x7FE00009, 0x7FE00010}
)
"""Icons, encrypted and original attributes, signatures, private data element characteristics, trailing padding; offsets
and lengths of frames, which are not those of the output; and pixels in a place where nobody looks at them: those of the
object itself are no element of the header.
"""
_REMOVED_GROUPS: Final = frozenset(
    {0x0000, 0x0002, 0x0004, *range(0x5000, 0x5100, 2), *range(0x6000, 0x6100, 2)},
)
"""Commands, File Meta and directories inside a data set; curves and overlay planes whole (PS3.15 E.1.1)."""
_PROFILES: Final = 64
_LONGEST: Final = 128
_MOST: Final = 16_384


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to the elements of one tag.

    `treatment` is None where they go; `counted` is the code under which that or the table's action is counted.
    An element of the VR `vr`, and of `length` bytes where that is not None, has the shape of its tag: a longer look
    is needed at any other.
    """

    treatment: Treatment | None
    counted: str = ""
    vr: str | None = None
    length: int | None = None


class _Rules(dict[int, Rule]):
    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._profile = profile

    def __missing__(self, tag: int) -> Rule:
        rule = self._found(tag)
        if vr_of(tag) is not None:
            # Tags that nobody knows have no end: only the others are remembered.
            self[tag] = rule
        return rule

    def _found(self, tag: int) -> Rule:
        if tag in evidence_attributes.OWN_TAGS:
            return Rule(None)
        action = self._profile.action_of(tag)
        if not tag & 0xFFFF or tag in _ALWAYS_REMOVED or tag >> 16 in _REMOVED_GROUPS or action is Action.REMOVE:
            return Rule(None, REMOVED)
        vr, length = shape.usual(tag)
        if action is None:
            return Rule(treatment_outside(tag, vr) if vr else not_listed, "", vr, length)
        return Rule(BY_ACTION[action], action.value, vr, length)


@lru_cache(maxsize=_PROFILES)
def rules_of(profile: Profile) -> Mapping[int, Rule]:
    """The rule of each standard tag under a profile, found at its first use."""
    return _Rules(profile)


class Settled:
    """What happened to elements and coded entries before, by their bytes.

    An element that stays whole, and a coded entry of a known scheme, depend on nothing but their bytes, the profile,
    the character set and the encoding, and the objects of a series repeat most of theirs. Short ones only, and so
    many: no file fills the memory.
    """

    __slots__ = ("codes", "kept")

    def __init__(self) -> None:
        self.kept: dict[bytes, str] = {}
        """Elements that stay whole, each with the code under which it is counted; empty where it is not."""
        self.codes: dict[bytes, DataSet | None] = {}
        """Coded entries by the bytes of all their elements, and what is left of each; None where all of it stays."""

    def keep(self, encoded: bytes, counted: str) -> None:
        """Remember an element that stays whole."""
        if len(encoded) <= _LONGEST:
            if len(self.kept) >= _MOST:
                self.kept.clear()
            self.kept[encoded] = counted

    def code(self, encoded: bytes, cleaned: DataSet | None) -> None:
        """Remember what is left of a coded entry."""
        if len(encoded) <= _LONGEST:
            if len(self.codes) >= _MOST:
                self.codes.clear()
            self.codes[encoded] = cleaned


@lru_cache(maxsize=_PROFILES)
def settled_under(profile: Profile, encoding: Encoding, codecs: tuple[str, ...]) -> Settled:
    """What this process settled before under the same circumstances."""
    return Settled()
