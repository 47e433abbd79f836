"""What each action does to one data element: the treatments of table E.1-1, and of what it does not list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING, Final

from dicom_deid.header import charset, evidence_attributes, graphics, icc, outside, structured_report, uids
from dicom_deid.header.ages import capped
from dicom_deid.header.dates import NOT_OF_THE_PATIENT
from dicom_deid.header.free_text import hides_text, is_of_its_vr, known_words, outside_the_table
from dicom_deid.header.profiles import Action, basic_action
from dicom_deid.header.values import TEXT_VRS, dummy
from dicom_deid.part10.dictionary import vr_of
from dicom_deid.part10.elements import DataSet, Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

Treatment = Callable[[Element, "Cleaner"], Element | None]
"""Of an element that has the shape of its tag; None where it goes."""
_AGE: Final = 0x00101010
_TIMESTAMP_BYTES: Final = 16
"""Frame Origin Timestamp (0034,0007) is the one OB that an option keeps; a certified timestamp names its authority."""
_LABEL_LENGTH: Final = 12


def _remove(element: Element, cleaner: Cleaner) -> None:
    return None


def _empty(element: Element, cleaner: Cleaner) -> Element:
    return Element(element.tag, element.vr, b"", [] if element.vr == "SQ" else None)


def _dummy(element: Element, cleaner: Cleaner) -> Element | None:
    if element.tag == structured_report.CONTENT:
        return _clean_content(element, cleaner)
    if element.tag == graphics.ANNOTATIONS:
        items = graphics.dummy_graphics(element.items or [], cleaner)
        return Element(element.tag, "SQ", b"", items) if items else None
    if element.vr == "SQ":
        return Element(element.tag, "SQ", b"", [_dummy_item(item, cleaner) for item in (element.items or [])[:1]])
    if not element.value.strip(b"\0 "):
        return Element(element.tag, element.vr, b"")
    if element.vr == "UI":
        return _remap(element, cleaner)
    return Element(element.tag, element.vr, dummy(element.vr, element.value))


def _dummy_item(item: DataSet, cleaner: Cleaner) -> DataSet:
    """One item that keeps its structure and nothing of its content."""
    result: DataSet = []
    for element in item:
        if element.is_private or not element.tag & 0xFFFF or vr_of(element.tag) is None:
            continue
        replaced = _dummy(element, cleaner)
        if replaced is not None:
            result.append(replaced)
    return result


def _keep(element: Element, cleaner: Cleaner) -> Element | None:
    """Retained, provided that the value is of its VR: a text in the place of a number is not what was meant."""
    vr = element.vr
    if vr == "SQ":
        return _recurse(element, cleaner)
    if vr == "UI":
        return _remap(element, cleaner)
    if vr not in TEXT_VRS:
        return element if vr in outside.NUMERIC_VRS or len(element.value) <= _TIMESTAMP_BYTES else None
    if element.tag == _AGE:
        return capped(element, cleaner)
    if is_of_its_vr(element.value, element.tag, vr):
        return printable(element, cleaner)
    cleaner.warn("value-not-of-its-vr")
    return _basic(element, cleaner)


def _remap(element: Element, cleaner: Cleaner) -> Element | None:
    if element.vr == "SQ":
        return _recurse(element, cleaner)
    if element.vr != "UI":
        return _dummy(element, cleaner)
    tag, value = element.tag, element.value.rstrip(b"\0 ")
    if b"\\" in value or b"\0" in value:
        return cleaner.with_text(element, [_mapped(tag, uid, cleaner) for uid in cleaner.text(element)])
    uid = value.decode("latin-1").strip(" ")
    mapped = _mapped(tag, uid, cleaner)
    return element if mapped == uid else Element(tag, "UI", mapped.encode("ascii"))


def _mapped(tag: int, uid: str, cleaner: Cleaner) -> str:
    return uid if uids.is_structural(tag, uid) else cleaner.uid(uid)


def _recurse(element: Element, cleaner: Cleaner) -> Element | None:
    if element.items is None:
        return _empty(element, cleaner)
    if element.tag in structured_report.CONTENT_SEQUENCES:
        return _clean_content(element, cleaner)
    items = [cleaner.redact(item) for item in element.items]
    if element.encoded is not None and all(map(is_, items, element.items)):
        return element
    return Element(element.tag, "SQ", b"", items)


def _clean_text(element: Element, cleaner: Cleaner) -> Element | None:
    if element.vr == "SQ":
        return _recurse(element, cleaner)
    if element.vr not in TEXT_VRS:
        return _empty(element, cleaner)
    if not element.value.strip(b"\0 "):
        return Element(element.tag, element.vr, b"")
    words = known_words(element.value, element.vr, cleaner.codecs)
    if words is None:
        return element
    cleaned = _cleaned(element, *words, cleaner)
    return cleaned if cleaned.value else _basic(element, cleaner)


def _clean_date(element: Element, cleaner: Cleaner) -> Element | None:
    moved = None if element.tag in NOT_OF_THE_PATIENT else cleaner.shift(element)
    return moved or _basic(element, cleaner)


def _clean_content(element: Element, cleaner: Cleaner) -> Element | None:
    return Element(element.tag, "SQ", b"", structured_report.clean_content(element.items or [], cleaner))


def _clean_graphics(element: Element, cleaner: Cleaner) -> Element | None:
    """Annotations by Clean Graphics; curves and overlays, the column's other rows, hold drawn text: removed."""
    if element.tag != graphics.ANNOTATIONS or element.items is None:
        return None
    items = graphics.clean_graphics(element.items, cleaner)
    return Element(element.tag, "SQ", b"", items) if items else None


def _basic(element: Element, cleaner: Cleaner) -> Element | None:
    """What the Basic Profile does: an option's cleaning left nothing."""
    return BY_ACTION[basic_action(element.tag)](element, cleaner)


BY_ACTION: Final[Mapping[Action, Treatment]] = {
    Action.REMOVE: _remove,
    Action.EMPTY: _empty,
    Action.DUMMY: _dummy,
    Action.KEEP: _keep,
    Action.REMAP: _remap,
    Action.RECURSE: _recurse,
    Action.CLEAN_TEXT: _clean_text,
    Action.CLEAN_DATE: _clean_date,
    Action.CLEAN_CONTENT: _clean_content,
    Action.CLEAN_GRAPHICS: _clean_graphics,
}


def not_listed(element: Element, cleaner: Cleaner) -> Element | None:
    """An element that table E.1-1 does not name: sequences are recursed, UIDs remapped, text must be known safe."""
    return treatment_outside(element.tag, element.vr)(element, cleaner)


def treatment_outside(tag: int, vr: str) -> Treatment:
    """What happens to elements of a VR under a tag that the table does not name."""
    if vr == "SQ":
        return _recurse
    if vr == "UI":
        return _remap
    if tag in _SPECIAL:
        return _SPECIAL[tag]
    rule = outside.rule_for(tag, vr)
    if rule is outside.TextRule.KEEP:
        return _stay
    if rule is outside.TextRule.DROP or vr not in TEXT_VRS:
        return _emptied if vr in TEXT_VRS else _dropped
    return _known


def _stay(element: Element, cleaner: Cleaner) -> Element:
    return element


def _emptied(element: Element, cleaner: Cleaner) -> Element:
    cleaner.count(Action.REMOVE)
    return Element(element.tag, element.vr, b"")


def _dropped(element: Element, cleaner: Cleaner) -> None:
    cleaner.count(Action.REMOVE)


def _known(element: Element, cleaner: Cleaner) -> Element:
    tag, vr = element.tag, element.vr
    left = outside_the_table(element.value, tag, vr, cleaner.codecs, descriptors=cleaner.profile.descriptors)
    if left is None:
        return element
    if vr in {"DS", "IS"} and left[0] != left[1]:
        cleaner.count(Action.DUMMY)
        return Element(tag, vr, b"")
    return _cleaned(element, *left, cleaner)


def _character_set(element: Element, cleaner: Cleaner) -> Element | None:
    return printable(element, cleaner) if charset.is_known(element.value) else None


def _claim(element: Element, cleaner: Cleaner) -> Element | None:
    """A source that says NO was believed by somebody else: only what was verified here may say so."""
    return printable(element, cleaner) if cleaner.text(element) == ["YES"] else None


def _colours(element: Element, cleaner: Cleaner) -> Element | None:
    profile = icc.clean_profile(element.value)
    return None if profile is None else Element(element.tag, element.vr, profile)


_SPECIAL: Final[Mapping[int, Treatment]] = {
    charset.SPECIFIC_CHARACTER_SET: _character_set,
    icc.PROFILE: _colours,
    **dict.fromkeys(evidence_attributes.CLAIMS, _claim),
}


def _cleaned(element: Element, values: Sequence[str], cleaned: Sequence[str], cleaner: Cleaner) -> Element:
    """The element with what is left of its values; filled where nothing is left and nothing may not be."""
    if cleaned == values:
        return printable(element, cleaner)
    cleaner.count("C")
    filler = outside.filler_for(element.tag)
    if filler is outside.Filler.KEYED:
        # Not what is left of a value: two labels that others refer to must not become one.
        pairs = zip(values, cleaned, strict=True)
        return cleaner.with_text(element, [text if text == left else label(text, cleaner) for text, left in pairs])
    if any(cleaned):
        return cleaner.with_text(element, cleaned)
    return Element(element.tag, element.vr, dummy(element.vr) if filler is outside.Filler.DUMMY else b"")


def label(text: str, cleaner: Cleaner) -> str:
    """A keyed label in the place of one that other elements refer to: equal ones stay equal in a domain."""
    return cleaner.pseudonymiser.identifier(text, "label", _LABEL_LENGTH)


def printable(element: Element, cleaner: Cleaner) -> Element:
    """The element as it was; written anew where bytes follow a NULL, which no reader shows."""
    return cleaner.with_text(element, cleaner.text(element)) if hides_text(element.value) else element
