"""Redact a parsed header by a profile: one decision for each data element, at any depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dicom_deid.header import charset, codes, dates, evidence_attributes, outside, private, structured_report, uids
from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.profiles import Action, Option, Profile
from dicom_deid.header.report import Claims
from dicom_deid.header.values import TEXT_VRS, dummy
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Element, Header
from dicom_deid.part10.reader import find
from dicom_deid.pseudonyms import Pseudonymiser

_STUDY, _SERIES, _INSTANCE, _CLASS = 0x0020000D, 0x0020000E, 0x00080018, 0x00080016
_PATIENT_ID, _PATIENT_NAME, _STUDY_ID, _ACCESSION, _BIRTH = 0x00100020, 0x00100010, 0x00200010, 0x00080050, 0x00100030
_AGE: Final = 0x00101010
_ITEM_ICON: Final = 0x00880200
_ALWAYS_REMOVED: Final = frozenset(
    {_ITEM_ICON, 0x04000500, 0xFFFAFFFA, 0x04000561, 0x04000550, 0x00080300, 0xFFFCFFFC, 0x00080001}
)
"""Icons, encrypted and original attributes, signatures, private data element characteristics, trailing padding."""


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


def redact_header(header: Header, profile: Profile, pseudonymiser: Pseudonymiser, claims: Claims) -> RedactedHeader:
    """The header by PS3.15 Annex E: the table first, then default-deny for whatever it does not speak of.

    Nothing outside the elements given is read; what is kept unchanged keeps its encoded bytes.
    """
    redaction = _Redaction(header, profile, pseudonymiser)
    dataset = redaction.redact(header.dataset)
    own = [*redaction.identity(), *evidence_attributes.evidence(profile, claims)]
    replaced = {element.tag for element in own}
    dataset = sorted([e for e in dataset if e.tag not in replaced] + own, key=lambda element: element.tag)
    return RedactedHeader(
        sop_class_uid=redaction.source_uid(_CLASS),
        study_instance_uid=redaction.output_uid(_STUDY),
        series_instance_uid=redaction.output_uid(_SERIES),
        sop_instance_uid=redaction.output_uid(_INSTANCE),
        dataset=dataset,
        actions=dict(sorted(redaction.counts.items())),
        warnings=tuple(sorted(redaction.warnings)),
    )


class _Redaction:
    """One redaction under way; implements `header.cleaning.Cleaner`."""

    def __init__(self, header: Header, profile: Profile, pseudonymiser: Pseudonymiser) -> None:
        self._profile, self._pseudonymiser = profile, pseudonymiser
        self._header = header
        self.counts: Counter[str] = Counter()
        self.warnings: set[str] = set()
        specific = find(header.dataset, charset.SPECIFIC_CHARACTER_SET)
        self._codecs = charset.encodings(specific.value if specific else b"")
        self._subject = self._find_subject()
        self._shift = pseudonymiser.shift_days(self._subject, *profile.date_shift)
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
            Action.CLEAN_GRAPHICS: self._recurse,
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
        if uids.is_structural(0, uid) or self._profile.has(Option.RETAIN_UIDS):
            return uid
        return self._pseudonymiser.uid(uid)

    def count(self, action: str) -> None:
        self.counts[action] += 1

    def source_uid(self, tag: int) -> str:
        """A UID of the source's top level, without padding."""
        element = find(self._header.dataset, tag)
        return (self.text(element) or [""])[0] if element is not None else ""

    def output_uid(self, tag: int) -> str:
        """Its pseudonym, always: keys and names of outputs are pseudonymous even under Retain UIDs."""
        source = self.source_uid(tag)
        return self._pseudonymiser.uid(source or f"missing/{tag:08X}/{self._subject}")

    def identity(self) -> DataSet:
        """Keyed identifiers in place of the ones that were there (PS3.15 E.1: Z allows a dummy value)."""
        found: DataSet = []
        for tag, vr, kind in (
            (_PATIENT_NAME, "PN", "patient"),
            (_PATIENT_ID, "LO", "patient"),
            (_ACCESSION, "SH", "accession"),
            (_STUDY_ID, "SH", "study"),
        ):
            element = find(self._header.dataset, tag)
            if element is None or tag in self._profile.overrides:
                continue
            source = {_STUDY_ID: self.source_uid(_STUDY), _PATIENT_NAME: self._subject, _PATIENT_ID: self._subject}.get(
                tag, (self.text(element) or [""])[0]
            )
            value = self._pseudonymiser.identifier(source, kind) if element.value.strip(b"\0 ") else ""
            found.append(Element(tag, vr, value.encode("ascii")))
        return found

    def redact(self, dataset: DataSet) -> DataSet:
        """Every element by its rule; private elements that are known to be safe join the rest."""
        if codes.is_code_item(dataset):
            return codes.clean_code_item(dataset, self)
        kept: DataSet = []
        has_private = False
        for element in dataset:
            if element.is_private:
                has_private = True
                continue
            result = self._decide(element)
            if result is not None:
                kept.append(result)
        if has_private:
            if self._profile.has(Option.RETAIN_SAFE_PRIVATE):
                kept = sorted([*kept, *private.safe_elements(dataset, self)], key=lambda element: element.tag)
            self.counts["X"] += 1
        return kept

    def shift(self, element: Element) -> Element | None:
        if self._profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES):
            return element if self._well_formed_date(element) else None
        if not self._profile.has(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES):
            return None
        values = self.text(element)
        moved: list[str] = []
        for value in values:
            if element.vr == "TM":
                result = value if dates.is_time(value) else None
            elif element.vr == "DT":
                result = dates.shift_datetime(value, self._shift) if value else value
            else:
                result = dates.shift_date(value, self._shift) if value else value
            if result is None:
                self.warnings.add("date-not-valid")
                return None
            moved.append(result)
        return self.with_text(element, moved)

    def _decide(self, element: Element) -> Element | None:
        tag = element.tag
        if not tag & 0xFFFF or tag in _ALWAYS_REMOVED or tag >> 16 in (0x0000, 0x0002, 0x0004):
            self.counts["X"] += 1
            return None
        if tag in evidence_attributes.OWN_TAGS:
            return None
        action = self._profile.action_of(tag)
        if action is None:
            return self._outside(element)
        if element.vr != vr_of(tag) and not self._plausible(element):
            self.warnings.add("vr-not-of-the-tag")
            self.counts["X"] += 1
            return None
        self.counts[action.value] += 1
        return self._rules[action](element)

    def _plausible(self, element: Element) -> bool:
        """Whether a VR other than the dictionary's may stand: the two of an ambiguous entry, never text for binary."""
        known = vr_of(element.tag)
        if known is None:
            return False
        binary = outside.NUMERIC_VRS | {"OB", "OW"}
        return (element.vr in binary) == (known in binary) and (element.vr == "SQ") == (known == "SQ")

    def _outside(self, element: Element) -> Element | None:
        """An element that table E.1-1 does not name: sequences are recursed, UIDs remapped, text must be known safe."""
        tag, known = element.tag, vr_of(element.tag)
        if known is None:
            self.counts["X"] += 1
            return None
        if element.vr == "SQ":
            return self._recurse(element) if known == "SQ" else None
        if not self._plausible(element) or known == "SQ":
            self.warnings.add("vr-not-of-the-tag")
            return None
        if tag == charset.SPECIFIC_CHARACTER_SET:
            return self._printable(element)
        vr = element.vr
        if vr == "UI":
            return self._remap(element)
        rule = outside.rule_for(tag, known)
        if rule is outside.TextRule.KEEP:
            return element
        if rule is outside.TextRule.DROP:
            self.counts["X"] += 1
            return None if known not in TEXT_VRS else Element(tag, vr, b"")
        values = self.text(element)
        cleaned = [outside.clean_value(tag, known, value) for value in values]
        if known in {"DS", "IS"} and cleaned != values:
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
        if any(cleaned):
            return self.with_text(element, cleaned)
        filler = outside.filler_for(element.tag)
        if filler is outside.Filler.KEYED:
            return self.with_text(element, [self._pseudonymiser.identifier("\\".join(values), "label", 12)])
        return Element(element.tag, element.vr, dummy(element.vr) if filler is outside.Filler.DUMMY else b"")

    def _printable(self, element: Element) -> Element:
        """The element as it was; written anew where bytes follow a NULL, which no reader shows."""
        body = element.value.rstrip(b"\0 ")
        if b"\0" in body:
            return self.with_text(element, self.text(element))
        return element

    def _empty(self, element: Element) -> Element | None:
        return Element(element.tag, element.vr, b"", [] if element.vr == "SQ" else None)

    def _dummy(self, element: Element) -> Element | None:
        if element.vr == "SQ":
            return Element(element.tag, "SQ", b"", [self._dummy_item(item) for item in (element.items or [])[:1]])
        if not element.value.strip(b"\0 "):
            return Element(element.tag, element.vr, b"")
        if element.vr == "UI":
            return self._remap(element)
        return Element(element.tag, element.vr, dummy(element.vr))

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
        if element.vr == "SQ":
            return self._recurse(element)
        if element.tag == _AGE:
            return self._age(element)
        if element.vr == "UI":
            return self._printable(element)
        return self._printable(element) if element.vr in TEXT_VRS else element

    def _age(self, element: Element) -> Element:
        """Ages over 89 are one group (HIPAA 164.514(b)(2)(i)(C)), whatever their unit."""
        years = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52, "D": 1 / 365}
        value = (self.text(element) or [""])[0]
        if len(value) == 4 and value[:3].isdigit() and value[3] in years:
            return element if int(value[:3]) * years[value[3]] < 90 else Element(element.tag, "AS", b"090Y")
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
        if element.tag == structured_report.CONTENT:
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
        return self._vocabulary(element, self.text(element))

    def _clean_date(self, element: Element) -> Element | None:
        if element.tag in dates.NOT_OF_THE_PATIENT:
            basic = Profile().action_of(element.tag) or Action.REMOVE
            return self._rules[basic](element)
        return self.shift(element) or Element(element.tag, element.vr, b"")

    def _clean_content(self, element: Element) -> Element | None:
        return Element(element.tag, "SQ", b"", structured_report.clean_content(element.items or [], self))

    def _well_formed_date(self, element: Element) -> bool:
        check = dates.is_time if element.vr == "TM" else dates.is_date
        return all(not value or check(value) for value in self.text(element))

    def _find_subject(self) -> str:
        """Whose dates move together: the patient's identifier; where there is none, the study."""
        element = find(self._header.dataset, _PATIENT_ID)
        patient = (self.text(element) or [""])[0] if element is not None else ""
        if patient:
            return patient
        self.warnings.add("subject-is-the-study")
        return f"study/{self.source_uid(_STUDY)}"
