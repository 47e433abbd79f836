"""Content items of structured reports, by concept and value type (PS3.15 E.3.4 and table E.3.4-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dicom_deid.header.codes import CODE_VALUE, SCHEME
from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.profiles import Option
from dicom_deid.header.tables import concept_rules
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

CONTENT: Final = 0x0040A730
_VALUE_TYPE: Final = 0x0040A040
_CONCEPT_NAME: Final = 0x0040A043
_TEXT_VALUE: Final = 0x0040A160
_PERSON_NAME: Final = 0x0040A123
_UID_VALUE: Final = 0x0040A124
_DATED: Final = {"DATE": 0x0040A121, "TIME": 0x0040A122, "DATETIME": 0x0040A120}
_VALUES: Final = frozenset({_TEXT_VALUE, _PERSON_NAME, _UID_VALUE, *_DATED.values()})
_DIGITAL_ALIASES: Final[Mapping[str, str]] = {"SRT": "SCT", "SNM3": "SCT", "99SDM": "SCT"}
_COLUMNS: Final = {
    "uids": Option.RETAIN_UIDS,
    "device": Option.RETAIN_DEVICE_IDENTITY,
    "institution": Option.RETAIN_INSTITUTION_IDENTITY,
    "patient": Option.RETAIN_PATIENT_CHARACTERISTICS,
    "full_dates": Option.RETAIN_LONGITUDINAL_FULL_DATES,
    "modified_dates": Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
    "descriptors": Option.CLEAN_DESCRIPTORS,
}


def clean_content(items: list[DataSet], cleaner: Cleaner) -> list[DataSet]:
    """The items of a Content Sequence that may stay, cleaned, at any depth."""
    cleaned = (_clean_item(item, cleaner) for item in items)
    return [item for item in cleaned if item is not None]


def _clean_item(item: DataSet, cleaner: Cleaner) -> DataSet | None:
    value_type = _first_text(item, _VALUE_TYPE, cleaner)
    action = _action(item, cleaner)
    if action == "X":
        cleaner.count("X")
        return None
    general = cleaner.redact([e for e in item if e.tag not in _VALUES and e.tag != CONTENT])
    value = _clean_value(item, value_type, action, cleaner)
    if value is None and value_type in {"TEXT", "PNAME", "UIDREF", *_DATED}:
        return None
    children = find(item, CONTENT)
    if children is not None and children.items is not None:
        general.append(Element(CONTENT, "SQ", b"", clean_content(children.items, cleaner)))
    if value is not None:
        general.append(value)
    return sorted(general, key=lambda element: element.tag)


def _clean_value(item: DataSet, value_type: str, action: str | None, cleaner: Cleaner) -> Element | None:
    if value_type == "TEXT":
        element = find(item, _TEXT_VALUE)
        if element is None:
            return None
        text = clean_text(" ".join(cleaner.text(element))) if action in {None, "C", "K"} else ""
        return cleaner.with_text(element, [text]) if text else None
    if value_type == "UIDREF":
        element = find(item, _UID_VALUE)
        return cleaner.with_text(element, [cleaner.uid(uid) for uid in cleaner.text(element)]) if element else None
    if value_type in _DATED:
        element = find(item, _DATED[value_type])
        dated = cleaner.profile.has(Option.RETAIN_LONGITUDINAL_FULL_DATES) or cleaner.profile.has(
            Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
        )
        return cleaner.shift(element) if element is not None and dated and action != "D" else None
    return None


def _action(item: DataSet, cleaner: Cleaner) -> str | None:
    """What table E.3.4-1 says of the item's concept under the profile; None where it does not list it."""
    name = find(item, _CONCEPT_NAME)
    if name is None or not name.items:
        return None
    scheme = _first_text(name.items[0], SCHEME, cleaner)
    value = _first_text(name.items[0], CODE_VALUE, cleaner)
    rule = concept_rules().get((_DIGITAL_ALIASES.get(scheme, scheme), value))
    if rule is None:
        return None
    said = {code for column, code in rule.options.items() if cleaner.profile.has(_COLUMNS[column])}
    if "C" in said:
        return "C"
    if "K" in said:
        return "K"
    return "X" if rule.basic in {"X", "X/D"} else "D"


def _first_text(dataset: DataSet, tag: int, cleaner: Cleaner) -> str:
    element = find(dataset, tag)
    return (cleaner.text(element) or [""])[0] if element is not None else ""
