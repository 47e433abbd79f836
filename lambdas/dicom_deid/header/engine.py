"""Redact a parsed header by a profile: one rule for each tag, applied to every element, at any depth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import is_

from dicom_deid.header import charset, codes, evidence_attributes, own_identifiers, private, shape
from dicom_deid.header.attributes import printable
from dicom_deid.header.free_text import moved
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.header.rules import REMOVED, rules_of, settled_under
from dicom_deid.header.subject import CLASS, INSTANCE, SERIES, STUDY, Subject
from dicom_deid.header.uids import is_structural, is_uid
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Element, Encoding, Header
from dicom_deid.part10.reader import find
from dicom_deid.pseudonyms import Pseudonymiser


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
    redaction = _Redaction(subject, profile, pseudonymiser, header.encoding)
    own = [
        *subject.identifiers(),
        *subject.missing_uids(),
        *evidence_attributes.evidence(profile, claims, header.encoding),
    ]
    stays = redaction.elements(header.dataset)
    by_tag = {element.tag: element for element in own_identifiers.without(stays, subject.own_identifiers(), redaction)}
    by_tag.update((element.tag, element) for element in own)
    dataset = [by_tag[tag] for tag in sorted(by_tag)]
    return RedactedHeader(
        sop_class_uid=subject.source_uid(CLASS),
        study_instance_uid=subject.output_uid(STUDY),
        series_instance_uid=subject.output_uid(SERIES),
        sop_instance_uid=subject.output_uid(INSTANCE),
        dataset=dataset,
        actions=dict(sorted(redaction.counts.items())),
        warnings=tuple(sorted(redaction.warnings)),
    )


class _Redaction:
    """One redaction under way; implements `header.cleaning.Cleaner`."""

    def __init__(self, subject: Subject, profile: Profile, pseudonymiser: Pseudonymiser, encoding: Encoding) -> None:
        self.profile, self.pseudonymiser = profile, pseudonymiser
        self._subject, self._encoding = subject, encoding
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.warnings: set[str] = set()
        self._rules = rules_of(profile)
        self.codecs = charset.encodings(b"")
        self._settled = settled_under(profile, encoding, self.codecs)
        if not subject.known:
            self.warnings.add("subject-is-the-study")
        if subject.lacks_uid:
            self.warnings.add("uid-missing")

    @cached_property
    def _days(self) -> int | None:
        """Whole days by which the subject's dates move: 0 where they stay, None where they go."""
        if self.profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES):
            return 0
        if self.profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES):
            return self.pseudonymiser.shift_days(self._subject.key, *self.profile.date_shift)
        return None

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
        if not codes.is_code_item(dataset):
            return self.elements(dataset)
        pieces = [element.encoded for element in dataset if element.encoded is not None]
        encoded = b"".join(pieces) if len(pieces) == len(dataset) else b""
        settled = self._settled.codes
        if encoded in settled:
            known = settled[encoded]
            return dataset if known is None else list(known)
        cleaned = codes.clean_code_item(dataset, self)
        if encoded and codes.is_fact(dataset, cleaned):
            self._settled.code(encoded, None if cleaned is dataset else cleaned)
        return cleaned

    def elements(self, dataset: DataSet) -> DataSet:
        """Every element by its rule, under the data set's own character set; known-safe private ones join the rest.

        The data set itself where all of it stays.
        """
        inherited = self.codecs, self._settled
        self._decode_as(dataset)
        rules, counts, kept_before = self._rules, self.counts, self._settled.kept
        kept: DataSet = []
        private_elements: DataSet = []
        last, ascending = -1, True
        for element in dataset:
            tag = element.tag
            if tag & 0x10000:
                private_elements.append(element)
                continue
            counted = kept_before.get(element.encoded or b"")
            result: Element | None = element
            if counted is None:
                rule = rules[tag]
                counted = rule.counted
                if rule.treatment is None:
                    result = None
                elif element.vr == rule.vr and (rule.length is None or rule.length == len(element.value)):
                    result = rule.treatment(element, self)
                    if result is element and element.items is None and element.encoded:
                        self._settled.keep(element.encoded, counted)
                else:
                    settled = shape.settled(element)
                    if settled is None:
                        # What has not the shape of its tag goes.
                        self.warnings.add("not-of-the-dictionary" if vr_of(tag) is None else "vr-not-of-the-tag")
                        counted = REMOVED
                    result = rule.treatment(settled, self) if settled else None
            if counted:
                counts[counted] += 1
            if result is not None:
                kept.append(result)
                ascending = ascending and tag > last
                last = tag
        if private_elements and self.profile.has(Option.RETAIN_SAFE_PRIVATE):
            safe = private.safe_elements(private_elements, private.declarations(dataset, self), self)
            ascending = ascending and not safe
            kept += safe
            counts[REMOVED] -= len(safe)
        if private_elements:
            counts[REMOVED] += len(private_elements)
        self.codecs, self._settled = inherited
        if not ascending:
            return self._in_order(kept)
        return dataset if len(kept) == len(dataset) and all(map(is_, kept, dataset)) else kept

    def shift(self, element: Element) -> Element | None:
        days = self._days
        if days is None:
            return None
        value = moved(element.value, element.vr, days)
        if value is None:
            self.warnings.add("date-not-valid")
            return None
        return Element(element.tag, element.vr, value) if days else printable(element, self)

    def _decode_as(self, dataset: DataSet) -> None:
        """Take up the data set's own Specific Character Set, which holds for its items too (PS3.3 C.12.1.1.2)."""
        for element in dataset:
            if element.tag >= charset.SPECIFIC_CHARACTER_SET:
                if element.tag == charset.SPECIFIC_CHARACTER_SET:
                    self.codecs = charset.encodings(element.value)
                    self._settled = settled_under(self.profile, self._encoding, self.codecs)
                return

    def _in_order(self, kept: DataSet) -> DataSet:
        """Ascending by tag, each tag once (PS3.5 7.1): a reader shows only one of two, and hides the other."""
        by_tag: dict[int, Element] = {}
        for element in kept:
            by_tag.setdefault(element.tag, element)
        if len(by_tag) < len(kept):
            self.warnings.add("element-repeated")
        return [by_tag[tag] for tag in sorted(by_tag)]
