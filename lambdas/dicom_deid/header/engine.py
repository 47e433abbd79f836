"""Redact a parsed header by a profile: one decision for each data element, at any depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dicom_deid.header import (
    charset,
    codes,
    dates,
    evidence_attributes,
    graphics,
    icc,
    outside,
    private,
    shape,
    structured_report,
    uids,
)
from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.profiles import Action, Option, Profile, basic_action
from dicom_deid.header.report import Claims
from dicom_deid.header.subject import CLASS, INSTANCE, SERIES, STUDY, Subject
from dicom_deid.header.values import TEXT_VRS, dummy
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Element, Header
from dicom_deid.part10.reader import find
from dicom_deid.pseudonyms import Pseudonymiser

_AGE: Final = 0x00101010
_OFFSET_FROM_UTC: Final = 0x00080201
_TIMESTAMP_BYTES: Final = 16
"""Frame Origin Timestamp (0034,0007) is the one OB that an option keeps; a certified timestamp names its authority."""
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
_TERMS: Final = frozenset({"CS", "DS", "IS"})


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
    dataset = redaction.elements(header.dataset)
    own = [*subject.identifiers(), *subject.missing_uids(), *evidence_attributes.evidence(profile, claims)]
    replaced = {element.tag for element in own}
    dataset = sorted([e for e in dataset if e.tag not in replaced] + own, key=lambda element: element.tag)
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

    def __init__(self, subject: Subject, profile: Profile, pseudonymiser: Pseudonymiser) -> None:
        self._profile, self._pseudonymiser = profile, pseudonymiser
        self.counts: Counter[str] = Counter()
        self.warnings: set[str] = set()
        self._codecs = charset.encodings(b"")
        self._shift = pseudonymiser.shift_days(subject.key, *profile.date_shift)
        if not subject.known:
            self.warnings.add("subject-is-the-study")
        if any(not subject.source_uid(tag) for tag in (STUDY, SERIES, INSTANCE)):
            self.warnings.add("uid-missing")
        self._rules: dict[Action, Callable[[Element], Element | None]] = {
            Action.REMOVE: lambda element: None,
            Action.EMPTY: self._empty,
            Action.DUMMY: self._dummy,
            Action.KEEP: self._keep,
            Action.REMAP: self._remap,
            Action.RECURSE: self._recurse,
            Action.CLEAN_TEXT: self._clean_text,
            Action.CLEAN_DATE: self._clean_date,
            Action.CLEAN_CONTENT: self._clean_content,
            Action.CLEAN_GRAPHICS: self._clean_graphics,
        }

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def pseudonymiser(self) -> Pseudonymiser:
        return self._pseudonymiser

    def text(self, element: Element) -> list[str]:
        return charset.decode(element.value, element.vr, self._codecs)

    def with_text(self, element: Element, values: Sequence[str]) -> Element:
        return Element(element.tag, element.vr, charset.encode(values, self._codecs))

    def uid(self, uid: str) -> str:
        if uids.is_structural(0, uid) or (self._profile.has(Option.RETAIN_UIDS) and uids.is_uid(uid)):
            return uid
        return self._pseudonymiser.uid(uid)

    def count(self, action: str) -> None:
        self.counts[action] += 1

    def redact(self, dataset: DataSet) -> DataSet:
        """An item: a coded entry by the rule for codes, everything else element by element."""
        return codes.clean_code_item(dataset, self) if codes.is_code_item(dataset) else self.elements(dataset)

    def elements(self, dataset: DataSet) -> DataSet:
        """Every element by its rule, under the data set's own character set; known-safe private ones join the rest."""
        codecs = self._codecs
        for element in dataset:
            if element.tag >= charset.SPECIFIC_CHARACTER_SET:
                if element.tag == charset.SPECIFIC_CHARACTER_SET:
                    self._codecs = charset.encodings(element.value)
                break
        kept: DataSet = []
        last, ascending, private_elements = -1, True, 0
        for element in dataset:
            if element.is_private:
                private_elements += 1
                continue
            result = self._decide(element)
            if result is not None:
                kept.append(result)
                ascending = ascending and result.tag > last
                last = result.tag
        if private_elements and self._profile.has(Option.RETAIN_SAFE_PRIVATE):
            safe = private.safe_elements(dataset, self)
            ascending = ascending and not safe
            kept += safe
            private_elements -= len(safe)
        self.counts["X"] += private_elements
        self._codecs = codecs
        return kept if ascending else self._in_order(kept)

    def _in_order(self, kept: DataSet) -> DataSet:
        """Ascending by tag, each tag once (PS3.5 7.1): a reader shows only one of two, and hides the other."""
        by_tag: dict[int, Element] = {}
        for element in kept:
            if by_tag.setdefault(element.tag, element) is not element:
                self.warnings.add("element-repeated")
        return [by_tag[tag] for tag in sorted(by_tag)]

    def shift(self, element: Element) -> Element | None:
        if self._profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES):
            return self._printable(element) if self._well_formed_date(element) else None
        if not self._profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES):
            return None
        moved = [dates.moved(value, element.vr, self._shift) for value in self.text(element)]
        if None in moved:
            self.warnings.add("date-not-valid")
            return None
        return self.with_text(element, [value or "" for value in moved])

    def _decide(self, element: Element) -> Element | None:
        tag = element.tag
        if tag in evidence_attributes.OWN_TAGS:
            return None
        group = tag >> 16
        if not tag & 0xFFFF or tag in _ALWAYS_REMOVED or group in _REMOVED_GROUPS:
            self.counts["X"] += 1
            return None
        action = self._profile.action_of(tag)
        if action is Action.REMOVE:
            self.counts["X"] += 1
            return None
        settled = shape.settled(element)
        if settled is None:
            self.warnings.add("not-of-the-dictionary" if vr_of(tag) is None else "vr-not-of-the-tag")
            self.counts["X"] += 1
            return None
        if action is None:
            return self._outside(settled)
        self.counts[action.value] += 1
        return self._rules[action](settled)

    def _outside(self, element: Element) -> Element | None:
        """An element that table E.1-1 does not name: sequences are recursed, UIDs remapped, text must be known safe."""
        tag, vr = element.tag, element.vr
        if vr in outside.NUMERIC_VRS:
            return element
        if vr == "SQ":
            return self._recurse(element)
        if vr == "UI":
            return self._remap(element)
        values = self.text(element) if vr in TEXT_VRS else []
        if tag == charset.SPECIFIC_CHARACTER_SET:
            return self._printable(element) if charset.is_known(element.value) else None
        if tag in evidence_attributes.CLAIMS and values != ["YES"]:
            # A source that says NO was believed by somebody else: only what was verified here may say so.
            return None
        if tag == icc.PROFILE:
            profile = icc.clean_profile(element.value)
            return None if profile is None else Element(tag, vr, profile)
        rule = outside.rule_for(tag, vr)
        if rule is outside.TextRule.KEEP:
            return element
        if rule is outside.TextRule.DROP or vr not in TEXT_VRS:
            self.counts["X"] += 1
            return Element(tag, vr, b"") if vr in TEXT_VRS else None
        if not self._profile.descriptors and vr not in _TERMS:
            return self._cleaned(element, values, [""] * len(values))
        cleaned = [outside.clean_value(tag, vr, value) for value in values]
        if vr in {"DS", "IS"} and cleaned != values:
            self.counts["D"] += 1
            return Element(tag, vr, b"")
        return self._cleaned(element, values, cleaned)

    def _vocabulary(self, element: Element, values: Sequence[str]) -> Element:
        return self._cleaned(element, values, [clean_text(value) for value in values])

    def _cleaned(self, element: Element, values: Sequence[str], cleaned: Sequence[str]) -> Element:
        """The element with what is left of its values; filled where nothing is left and nothing may not be."""
        if list(cleaned) == list(values):
            return self._printable(element)
        self.counts["C"] += 1
        filler = outside.filler_for(element.tag)
        if filler is outside.Filler.KEYED:
            # Not what is left of a value: two labels that others refer to must not become one.
            pairs = zip(values, cleaned, strict=False)
            return self.with_text(element, [value if value == left else self._label(value) for value, left in pairs])
        if any(cleaned):
            return self.with_text(element, cleaned)
        return Element(element.tag, element.vr, dummy(element.vr) if filler is outside.Filler.DUMMY else b"")

    def _label(self, value: str) -> str:
        return self._pseudonymiser.identifier(value, "label", 12)

    def _printable(self, element: Element) -> Element:
        """The element as it was; written anew where bytes follow a NULL, which no reader shows."""
        body = element.value.rstrip(b"\0 ")
        if b"\0" in body:
            return self.with_text(element, self.text(element))
        return element

    def _empty(self, element: Element) -> Element | None:
        return Element(element.tag, element.vr, b"", [] if element.vr == "SQ" else None)

    def _dummy(self, element: Element) -> Element | None:
        if element.tag == structured_report.CONTENT:
            return self._clean_content(element)
        if element.tag == graphics.ANNOTATIONS:
            items = graphics.dummy_graphics(element.items or [], self)
            return Element(element.tag, "SQ", b"", items) if items else None
        if element.vr == "SQ":
            return Element(element.tag, "SQ", b"", [self._dummy_item(item) for item in (element.items or [])[:1]])
        if not element.value.strip(b"\0 "):
            return Element(element.tag, element.vr, b"")
        if element.vr == "UI":
            return self._remap(element)
        return Element(element.tag, element.vr, dummy(element.vr, element.value))

    def _dummy_item(self, item: DataSet) -> DataSet:
        """One item that keeps its structure and nothing of its content."""
        result: DataSet = []
        for element in item:
            if element.is_private or not element.tag & 0xFFFF or vr_of(element.tag) is None:
                continue
            replaced = self._dummy(element)
            if replaced is not None:
                result.append(replaced)
        return result

    def _keep(self, element: Element) -> Element | None:
        """Retained, provided that the value is of its VR: a text in the place of a number is not what was meant."""
        vr = element.vr
        if vr == "SQ":
            return self._recurse(element)
        if element.tag == _AGE:
            return self._age(element)
        if vr == "UI":
            return self._remap(element)
        if vr not in TEXT_VRS:
            return element if vr in outside.NUMERIC_VRS or len(element.value) <= _TIMESTAMP_BYTES else None
        if vr in {"DA", "DT", "TM"} or element.tag == _OFFSET_FROM_UTC:
            well_formed = self._well_formed_date(element)
        elif vr in {"DS", "IS"}:
            well_formed = all(outside.matches(element.tag, vr, value) for value in self.text(element))
        else:
            well_formed = vr != "CS" or all(outside.CODE_STRING.fullmatch(value) for value in self.text(element))
        if well_formed:
            return self._printable(element)
        self.warnings.add("value-not-of-its-vr")
        return self._rules[basic_action(element.tag)](element)

    def _age(self, element: Element) -> Element:
        """Ages over 89 are one group (HIPAA 164.514(b)(2)(i)(C)), whatever their unit."""
        years = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52, "D": 1 / 365}
        value = (self.text(element) or [""])[0]
        if len(value) == 4 and value[:3].isdigit() and value[3] in years:
            return (
                self._printable(element)
                if int(value[:3]) * years[value[3]] < 90
                else Element(element.tag, "AS", b"090Y")
            )
        return Element(element.tag, "AS", b"")

    def _remap(self, element: Element) -> Element | None:
        if element.vr == "SQ":
            return self._recurse(element)
        if element.vr != "UI":
            return self._dummy(element)
        values = self.text(element)
        mapped = [value if uids.is_structural(element.tag, value) else self.uid(value.strip("\0 ")) for value in values]
        return (
            element
            if mapped == values and b"\0" not in element.value.rstrip(b"\0")
            else self.with_text(element, mapped)
        )

    def _recurse(self, element: Element) -> Element | None:
        if element.items is None:
            return self._empty(element)
        if element.tag in structured_report.CONTENT_SEQUENCES:
            return self._clean_content(element)
        items = [self.redact(item) for item in element.items]
        unchanged = all(
            len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
            for new, old in zip(items, element.items, strict=True)
        )
        return element if unchanged and element.encoded is not None else Element(element.tag, "SQ", b"", items)

    def _clean_text(self, element: Element) -> Element | None:
        if element.vr == "SQ":
            return self._recurse(element)
        if element.vr not in TEXT_VRS:
            return self._empty(element)
        if not element.value.strip(b"\0 "):
            return Element(element.tag, element.vr, b"")
        cleaned = self._vocabulary(element, self.text(element))
        return cleaned if cleaned.value else self._rules[basic_action(element.tag)](element)

    def _clean_date(self, element: Element) -> Element | None:
        if element.tag in dates.NOT_OF_THE_PATIENT:
            return self._rules[basic_action(element.tag)](element)
        return self.shift(element) or self._rules[basic_action(element.tag)](element)

    def _clean_content(self, element: Element) -> Element | None:
        return Element(element.tag, "SQ", b"", structured_report.clean_content(element.items or [], self))

    def _clean_graphics(self, element: Element) -> Element | None:
        """Annotations by Clean Graphics; curves and overlays, the column's other rows, hold drawn text: removed."""
        if element.tag != graphics.ANNOTATIONS or element.items is None:
            return None
        items = graphics.clean_graphics(element.items, self)
        return Element(element.tag, "SQ", b"", items) if items else None

    def _well_formed_date(self, element: Element) -> bool:
        return all(dates.moved(value, element.vr, 0) is not None for value in self.text(element))
