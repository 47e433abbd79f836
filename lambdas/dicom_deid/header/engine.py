"""Redact a parsed header by a profile: one rule for each tag, applied to every element, at any depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicom_deid.header import charset, codes, evidence_attributes, private, shape
from dicom_deid.header.attributes import BY_ACTION, Treatment, not_listed, printable
from dicom_deid.header.free_text import moved
from dicom_deid.header.profiles import Action, Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.header.subject import CLASS, INSTANCE, SERIES, STUDY, Subject
from dicom_deid.header.uids import is_structural, is_uid
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Element, Header
from dicom_deid.part10.reader import find
from dicom_deid.pseudonyms import Pseudonymiser

_ITEM_ICON: Final = 0x00880200
_ALWAYS_REMOVED: Final = frozenset(
    {_ITEM_ICON, 0x04000500, 0xFFFAFFFA, 0x04000561, 0x04000550, 0x00080300, 0xFFFCFFFC, 0x00080001}
    | {0x7FE00008, 0x7FE00009, 0x7FE00010}
)
"""Icons, encrypted and original attributes, signatures, private data element characteristics, trailing padding, and
pixels in a place where nobody looks at them: those of the object itself are no element of the header.
"""
_REMOVED_GROUPS: Final = frozenset(
    {0x0000, 0x0002, 0x0004, *range(0x5000, 0x5100, 2), *range(0x6000, 0x6100, 2)},
)
"""Commands, File Meta and directories inside a data set; curves and overlay planes whole (PS3.15 E.1.1)."""
_PROFILES: Final = 64
"""How many profiles' rules are remembered."""


@dataclass(frozen=True, slots=True)
class RedactedHeader:
    """A header that may leave: `dataset` sorted by tag, ready to be encoded. UIDs are those of the output."""

    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    dataset: DataSet
    actions: dict[str, int]
    warnings: tuple[str, ...]

    @property
    def media_storage_uid(self) -> str:
        """(0008,0018) as the data set has it, for File Meta: the source's own under Retain UIDs."""
        element = find(self.dataset, INSTANCE)
        return element.value.rstrip(b"\0 ").decode("ascii", "replace") if element else self.sop_instance_uid


def redact_header(header: Header, profile: Profile, pseudonymiser: Pseudonymiser, claims: Claims) -> RedactedHeader:
    """The header by PS3.15 Annex E: the table first, then default-deny for whatever it does not speak of.

    Nothing outside the elements given is read; what is kept unchanged keeps its encoded bytes.
    """
    subject = Subject(header, profile, pseudonymiser)
    redaction = _Redaction(subject, profile, pseudonymiser)
    by_tag = {element.tag: element for element in redaction.elements(header.dataset)}
    for own in (
        subject.identifiers(),
        subject.missing_uids(),
        evidence_attributes.evidence(profile, claims, header.encoding),
    ):
        by_tag.update((element.tag, element) for element in own)
    return RedactedHeader(
        sop_class_uid=subject.source_uid(CLASS),
        study_instance_uid=subject.output_uid(STUDY),
        series_instance_uid=subject.output_uid(SERIES),
        sop_instance_uid=subject.output_uid(INSTANCE),
        dataset=[by_tag[tag] for tag in sorted(by_tag)],
        actions=dict(sorted(redaction.counts.items())),
        warnings=tuple(sorted(redaction.warnings)),
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """What happens to the elements of one tag.

    `treatment` is None where they go; `counted` is the code under which that or the table's action is counted.
    An element of the VR `vr`, and of `length` bytes where that is not None, has the shape of its tag: a longer look
    is needed at any other.
    """

    treatment: Treatment | None
    counted: str = ""
    vr: str | None = None
    length: int | None = None


class _Rules(dict[int, _Rule]):
    """The rule of each standard tag under one profile, found at its first use."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._profile = profile

    def __missing__(self, tag: int) -> _Rule:
        rule = self._found(tag)
        if vr_of(tag) is not None:
            # Tags that nobody knows have no end: only the others are remembered.
            self[tag] = rule
        return rule

    def _found(self, tag: int) -> _Rule:
        if tag in evidence_attributes.OWN_TAGS:
            return _Rule(None)
        action = self._profile.action_of(tag)
        if not tag & 0xFFFF or tag in _ALWAYS_REMOVED or tag >> 16 in _REMOVED_GROUPS or action is Action.REMOVE:
            return _Rule(None, Action.REMOVE.value)
        vr, length = shape.usual(tag)
        if action is None:
            return _Rule(not_listed, "", vr, length)
        return _Rule(BY_ACTION[action], action.value, vr, length)


@lru_cache(maxsize=_PROFILES)
def _rules_of(profile: Profile) -> Mapping[int, _Rule]:
    return _Rules(profile)


class _Redaction:
    """One redaction under way; implements `header.cleaning.Cleaner`."""

    def __init__(self, subject: Subject, profile: Profile, pseudonymiser: Pseudonymiser) -> None:
        self.profile, self.pseudonymiser = profile, pseudonymiser
        self.counts: Counter[str] = Counter()
        self.warnings: set[str] = set()
        self.codecs = charset.encodings(b"")
        self._rules = _rules_of(profile)
        self._shift = pseudonymiser.shift_days(subject.key, *profile.date_shift)
        if not subject.known:
            self.warnings.add("subject-is-the-study")
        if any(not subject.source_uid(tag) for tag in (STUDY, SERIES, INSTANCE)):
            self.warnings.add("uid-missing")

    def text(self, element: Element) -> list[str]:
        return charset.decode(element.value, element.vr, self.codecs)

    def with_text(self, element: Element, values: Sequence[str]) -> Element:
        return Element(element.tag, element.vr, charset.encode(values, self.codecs))

    def uid(self, uid: str) -> str:
        if is_structural(0, uid) or (self.profile.has(Option.RETAIN_UIDS) and is_uid(uid)):
            return uid
        return self.pseudonymiser.uid(uid)

    def count(self, action: str) -> None:
        self.counts[action] += 1

    def warn(self, warning: str) -> None:
        self.warnings.add(warning)

    def redact(self, dataset: DataSet) -> DataSet:
        """An item: a coded entry by the rule for codes, everything else element by element."""
        return codes.clean_code_item(dataset, self) if codes.is_code_item(dataset) else self.elements(dataset)

    def elements(self, dataset: DataSet) -> DataSet:
        """Every element by its rule, under the data set's own character set; known-safe private ones join the rest."""
        codecs = self.codecs
        self.codecs = _codecs_in_force(dataset, codecs)
        rules, counts = self._rules, self.counts
        kept: DataSet = []
        last, ascending, private_elements = -1, True, 0
        for element in dataset:
            tag = element.tag
            if tag & 0x10000:
                private_elements += 1
                continue
            rule = rules[tag]
            treatment = rule.treatment
            if treatment is None:
                if rule.counted:
                    counts[rule.counted] += 1
                continue
            if element.vr != rule.vr or (rule.length is not None and rule.length != len(element.value)):
                settled = self._settled(element)
                if settled is None:
                    continue
                element = settled
            if rule.counted:
                counts[rule.counted] += 1
            result = treatment(element, self)
            if result is not None:
                kept.append(result)
                ascending = ascending and tag > last
                last = tag
        if private_elements and self.profile.has(Option.RETAIN_SAFE_PRIVATE):
            safe = private.safe_elements(dataset, self)
            ascending = ascending and not safe
            kept += safe
            private_elements -= len(safe)
        counts[Action.REMOVE.value] += private_elements
        self.codecs = codecs
        return kept if ascending else self._in_order(kept)

    def shift(self, element: Element) -> Element | None:
        if self.profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES):
            days = 0
        elif self.profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES):
            days = self._shift
        else:
            return None
        value = moved(element.value, element.vr, days)
        if value is None:
            self.warnings.add("date-not-valid")
            return None
        return printable(element, self) if not days else Element(element.tag, element.vr, value)

    def _settled(self, element: Element) -> Element | None:
        """The element in the shape of its tag, or None: then it goes, and the report says so."""
        settled = shape.settled(element)
        if settled is None:
            self.warnings.add("not-of-the-dictionary" if vr_of(element.tag) is None else "vr-not-of-the-tag")
            self.counts[Action.REMOVE.value] += 1
        return settled

    def _in_order(self, kept: DataSet) -> DataSet:
        """Ascending by tag, each tag once (PS3.5 7.1): a reader shows only one of two, and hides the other."""
        by_tag: dict[int, Element] = {}
        for element in kept:
            if by_tag.setdefault(element.tag, element) is not element:
                self.warnings.add("element-repeated")
        return [by_tag[tag] for tag in sorted(by_tag)]


def _codecs_in_force(dataset: DataSet, inherited: tuple[str, ...]) -> tuple[str, ...]:
    """The codecs of the data set's own Specific Character Set, which holds for its items too (PS3.3 C.12.1.1.2)."""
    for element in dataset:
        if element.tag >= charset.SPECIFIC_CHARACTER_SET:
            return charset.encodings(element.value) if element.tag == charset.SPECIFIC_CHARACTER_SET else inherited
    return inherited
