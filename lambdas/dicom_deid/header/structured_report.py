"""Content items of structured reports, by concept and value type (PS3.15 E.3.4 and table E.3.4-1).

The same items stand in the acquisition context, in specimen preparation steps and in waveform annotations. Without
Clean Structured Content the only content tree that is handled is a key object selection: it keeps its references and
codes, and no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from dicom_deid.header.codes import CODE_VALUE, SCHEME, canonical
from dicom_deid.header.content_references import renumber
from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.profiles import Option
from dicom_deid.header.tables import ConceptRule, concept_rules
from dicom_deid.header.values import dummy
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

CONTENT: Final = 0x0040A730
CONTENT_SEQUENCES: Final = frozenset({CONTENT, 0x00400612, 0x00400555})
"""Content Sequence, Specimen Preparation Step Content Item Sequence, Acquisition Context Sequence."""
_VALUE_TYPE: Final = 0x0040A040
_CONCEPT_NAME: Final = 0x0040A043
_MEASURED: Final = 0x0040A300
_NUMERIC: Final = 0x0040A30A
_UNITS: Final = 0x004008EA
_VALUE_TAGS: Final = {
    "TEXT": 0x0040A160,
    "PNAME": 0x0040A123,
    "UIDREF": 0x0040A124,
    "DATE": 0x0040A121,
    "TIME": 0x0040A122,
    "DATETIME": 0x0040A120,
}
_DATED: Final = frozenset({"DATE", "TIME", "DATETIME"})
_VALUES: Final = frozenset(_VALUE_TAGS.values())
_COLUMNS: Final = {
    "uids": Option.RETAIN_UIDS,
    "device": Option.RETAIN_DEVICE_IDENTITY,
    "institution": Option.RETAIN_INSTITUTION_IDENTITY,
    "patient": Option.RETAIN_PATIENT_CHARACTERISTICS,
    "full_dates": Option.RETAIN_LONGITUDINAL_FULL_DATES,
    "modified_dates": Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
    "descriptors": Option.CLEAN_DESCRIPTORS,
}
_AGES: Final = frozenset(
    {("DCM", "121033"), ("LN", "30525-0"), ("LN", "29553-5"), ("SCT", "397669002"), ("SCT", "424144002")}
)
"""Concepts of a person's age; those that E.3.4-1 does not list are treated as Subject Age is."""
_PER_YEAR: Final[Mapping[str, float]] = {"a": 1, "mo": 12, "wk": 52.18, "d": 365.25, "h": 8766, "min": 525960}
_OLDEST: Final = 89


def clean_content(items: list[DataSet], cleaner: Cleaner) -> list[DataSet]:
    """The items of a content sequence that may stay, cleaned, at any depth, in the order they had.

    References by position (PS3.3 C.17.3.2.5) are renumbered where items before their target went; an item that refers
    to one that went goes too.
    """
    cleaned = [_clean_item(item, cleaner) for item in items]
    return renumber(items, cleaned, CONTENT)


def _clean_item(item: DataSet, cleaner: Cleaner) -> DataSet | None:
    """One content item and its children; None where the table or its value type says that it goes."""
    value_type = _first_text(item, _VALUE_TYPE, cleaner)
    concept = _concept(item, cleaner)
    action = _action(concept, value_type, cleaner)
    if action == "X":
        cleaner.count("X")
        return None
    kept = cleaner.redact([element for element in item if element.tag not in _VALUES and element.tag != CONTENT])
    nested = find(item, CONTENT)
    children = [_clean_item(child, cleaner) for child in nested.items or []] if nested is not None else []
    if nested is not None:
        # A child that went leaves a gap here; `renumber` closes it once all positions are known.
        kept.append(Element(CONTENT, "SQ", b"", [child if child is not None else [] for child in children]))
    if value_type in _VALUE_TAGS:
        source = find(item, _VALUE_TAGS[value_type])
        value = _clean_value(source, value_type, action, cleaner) if source is not None else None
        if value is None and source is not None and value_type == "TEXT" and any(children):
            # What was measured or seen of a finding stays, though nothing that was said of it.
            value = _clean_text_value(source, "D", cleaner)
        if value is None:
            cleaner.count("X")
            return None
        kept.append(value)
    elif value_type == "NUM" and concept in _AGES:
        kept = [_capped_age(element, cleaner) for element in kept]
    return sorted(kept, key=lambda element: element.tag)


def _clean_value(source: Element, value_type: str, action: str | None, cleaner: Cleaner) -> Element | None:
    """The value of an item that stays; None where nothing may stand for it, and the item goes."""
    if action == "K" and value_type in {"TEXT", "UIDREF"}:
        return cleaner.with_text(source, cleaner.text(source))
    if value_type == "TEXT":
        return _clean_text_value(source, action, cleaner)
    if value_type == "PNAME":
        return cleaner.with_text(source, [dummy("PN").decode("ascii")])
    if value_type == "UIDREF":
        return cleaner.with_text(source, [cleaner.uid(uid) for uid in cleaner.text(source)])
    dated = cleaner.profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES) or cleaner.profile.has(
        Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
    )
    moved = cleaner.shift(source) if dated and action != "D" else None
    if moved is None and action == "D":
        return Element(source.tag, source.vr, dummy(source.vr))
    return moved


def _clean_text_value(source: Element, action: str | None, cleaner: Cleaner) -> Element | None:
    if action == "D":
        return cleaner.with_text(source, [dummy("UT").decode("ascii")])
    if not (cleaner.profile.has(Option.CLEAN_STRUCTURED_CONTENT) and cleaner.profile.descriptors):
        return None
    cleaner.count("C")
    text = clean_text("\r\n".join(cleaner.text(source)))
    return cleaner.with_text(source, [text]) if text else None


def _capped_age(element: Element, cleaner: Cleaner) -> Element:
    """An age of more than 89 years becomes 90 years, whatever its unit (declared, as for Patient's Age)."""
    if element.tag != _MEASURED:
        return element
    return Element(_MEASURED, "SQ", b"", [_capped_item(item, cleaner) for item in element.items or []])


def _capped_item(item: DataSet, cleaner: Cleaner) -> DataSet:
    units = find(item, _UNITS)
    unit = _first_text(units.items[0], CODE_VALUE, cleaner) if units is not None and units.items else "a"
    capped: DataSet = []
    for element in item:
        if element.tag == _NUMERIC:
            per_year = _PER_YEAR.get(unit, 1)
            try:
                old = float(_first_text([element], _NUMERIC, cleaner) or 0) / per_year > _OLDEST
            except ValueError:
                old = True
            if old:
                capped.append(cleaner.with_text(element, [f"{(_OLDEST + 1) * per_year:g}"]))
                continue
        elif element.tag in (0x0040A161, 0x0040A162, 0x0040A163):
            # Floating point and rational forms of the same number would tell it again.
            continue
        capped.append(element)
    return capped


def _action(concept: tuple[str, str], value_type: str, cleaner: Cleaner) -> str | None:
    """What table E.3.4-1 says of the concept under the profile: X, D, K or C; None where it does not list it.

    A concept that is listed with another value type follows the row it has: the identification is in the concept.
    """
    rule = concept_rules().get((*concept, value_type)) or _of_any_type().get(concept)
    if rule is None and concept in _AGES:
        rule = _of_any_type()["DCM", "121033"]
    return _resolve(rule, cleaner) if rule is not None else None


@cache
def _of_any_type() -> Mapping[tuple[str, str], ConceptRule]:
    return {(rule.scheme, rule.value): rule for rule in concept_rules().values()}


def _resolve(rule: ConceptRule, cleaner: Cleaner) -> str:
    said = {code for column, code in rule.options.items() if cleaner.profile.has(_COLUMNS[column])}
    for code in ("C", "K"):
        if code in said:
            return code
    return "D" if "D" in rule.basic else "X"


def _concept(item: DataSet, cleaner: Cleaner) -> tuple[str, str]:
    """(scheme, value) of the item's concept name, older SNOMED identifiers by the one they have today."""
    name = find(item, _CONCEPT_NAME)
    if name is None or not name.items:
        return ("", "")
    return canonical(_first_text(name.items[0], SCHEME, cleaner), _first_text(name.items[0], CODE_VALUE, cleaner))


def _first_text(dataset: DataSet, tag: int, cleaner: Cleaner) -> str:
    element = find(dataset, tag)
    return (cleaner.text(element) or [""])[0] if element is not None else ""
