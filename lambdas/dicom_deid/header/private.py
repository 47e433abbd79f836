"""Private elements: all removed, or under Retain Safe Private those of table E.3.10-1 whose value can hold no text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dicom_deid.header.outside import CODE_STRING, NUMERIC_VRS, matches
from dicom_deid.header.tables import safe_private_elements
from dicom_deid.part10.elements import DataSet, Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

_STRINGS: Final = frozenset({"CS", "DS", "IS"})


def safe_elements(dataset: DataSet, cleaner: Cleaner) -> list[Element]:
    """The private elements of one level that may stay, with the creators of their blocks.

    A block that two creators claim, or none, keeps nothing.
    """
    creators = _creators(dataset, cleaner)
    kept: list[Element] = []
    used: set[tuple[int, int]] = set()
    for element in dataset:
        if not element.is_private or element.tag & 0xFFFF < 0x1000:
            continue
        group, block = element.tag >> 16, element.tag >> 8 & 0xFF
        creator = creators.get((group, block))
        vr = safe_private_elements().get((creator or "", group, element.tag & 0xFF))
        safe = _safe(element, vr, cleaner) if vr else None
        if safe is not None:
            kept.append(safe)
            used.add((group, block))
    for group, block in used:
        # Written anew from the table's own spelling: whatever stood around it in the file is gone.
        kept.append(Element(group << 16 | block, "LO", creators[(group, block)].encode("ascii")))
    return kept


def _creators(dataset: DataSet, cleaner: Cleaner) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    claims: Counter[tuple[int, int]] = Counter()
    for element in dataset:
        if element.is_private and 0x10 <= element.tag & 0xFFFF <= 0xFF:
            place = (element.tag >> 16, element.tag & 0xFF)
            claims[place] += 1
            found[place] = (cleaner.text(Element(element.tag, "LO", element.value)) or [""])[0]
    return {place: name for place, name in found.items() if claims[place] == 1}


def _safe(element: Element, vr: str, cleaner: Cleaner) -> Element | None:
    if element.vr not in (vr, "UN"):
        return None
    typed = Element(element.tag, vr, element.value, element.items, element.encoded if element.vr == vr else None)
    if vr in NUMERIC_VRS:
        return typed
    if vr in _STRINGS:
        values = cleaner.text(typed)
        good = all(CODE_STRING.fullmatch(value) if vr == "CS" else matches(0, vr, value) for value in values)
        return typed if good else None
    if vr == "SQ" and typed.items is not None:
        return Element(typed.tag, "SQ", b"", [cleaner.redact(item) for item in typed.items])
    if vr == "UI":
        return cleaner.with_text(typed, [cleaner.uid(value) for value in cleaner.text(typed)])
    if vr in {"DA", "DT", "TM"}:
        return cleaner.shift(typed)
    return None
