"""Private elements: all removed, or under Retain Safe Private those that are known to be safe (PS3.15 E.3.10).

Known are the rows of table E.3.10-1, and what the object itself declares safe in (0008,0300) under a creator that the
dictionary knows; of both only values that can hold no free text.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.outside import CODE_STRING, NUMERIC_VRS, is_code_string, matches
from dicom_deid.header.tables import safe_private_elements
from dicom_deid.header.values import NUMBER_BYTES
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find
from dicom_deid.part10.standard_tables import private_creators

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

CHARACTERISTICS: Final = 0x00080300
_GROUP: Final = 0x00080301
_CREATOR: Final = 0x00080302
_STATUS: Final = 0x00080303
_NONIDENTIFYING: Final = 0x00080304
_ACTIONS: Final = 0x00080305
_IDENTIFYING: Final = 0x00080306
_ACTION: Final = 0x00080307

_DECLARABLE: Final = NUMERIC_VRS | {"CS", "DS", "IS"}
"""VRs in which a declaration of the object is believed."""

_Place = tuple[int, int]
"""Group, and block within the group (the byte gg of (gggg,xx00))."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What (0008,0300) says of one block."""

    safe: bool
    nonidentifying: frozenset[int]
    identifying: frozenset[int]

    def allows(self, number: int) -> bool:
        """Whether the element may stay by the declaration alone."""
        return (self.safe or number in self.nonidentifying) and number not in self.identifying


Declarations = Mapping[tuple[int, str], Declaration]
"""By group and creator."""


def safe_elements(elements: DataSet, declared: Declarations, cleaner: Cleaner) -> list[Element]:
    """The private elements of one level that may stay, with the creators of their blocks.

    A block that two creators claim, or none, keeps nothing.
    """
    creators = _creators(elements, cleaner)
    blocks = {
        group << 8 | block: (creator, _listed(creator, group), declared.get((group, creator)))
        for (group, block), creator in creators.items()
    }
    kept: list[Element] = []
    used: set[_Place] = set()
    for element in elements:
        known = blocks.get(element.tag >> 8)
        if known is None or element.tag & 0xFFFF < 0x1000:
            continue
        creator, listed, declaration = known
        number = element.tag & 0xFF
        vr = listed.get(number)
        if declaration is not None:
            if number in declaration.identifying:
                continue
            if vr is None and declaration.allows(number):
                vr = element.vr if _is_believed(element, creator, cleaner) else None
        safe = _safe(element, vr, cleaner) if vr else None
        if safe is not None:
            kept.append(safe)
            used.add((element.tag >> 16, element.tag >> 8 & 0xFF))
    for group, block in used:
        # Written anew from the table's own spelling: whatever stood around it in the file is gone.
        kept.append(Element(group << 16 | block, "LO", creators[(group, block)].encode("ascii", "replace")))
    return kept


@cache
def _by_creator() -> Mapping[tuple[str, int], Mapping[int, str]]:
    """Table E.3.10-1 by creator and group: element number -> VR."""
    found: dict[tuple[str, int], dict[int, str]] = {}
    for (creator, group, number), vr in safe_private_elements().items():
        found.setdefault((creator, group), {})[number] = vr
    return found


def _listed(creator: str, group: int) -> Mapping[int, str]:
    return _by_creator().get((creator, group), {})


def _creators(elements: DataSet, cleaner: Cleaner) -> Mapping[_Place, str]:
    found: dict[_Place, str] = {}
    claims: Counter[_Place] = Counter()
    for element in elements:
        if element.tag & 0xFF00 == 0 and element.tag & 0xFF >= 0x10:
            place = (element.tag >> 16, element.tag & 0xFF)
            claims[place] += 1
            found[place] = (cleaner.text(Element(element.tag, "LO", element.value)) or [""])[0]
    return {place: name for place, name in found.items() if claims[place] == 1 and name}


def declarations(dataset: DataSet, cleaner: Cleaner) -> Declarations:
    """Private Data Element Characteristics by (group, creator); a block declared twice is believed in nothing."""
    sequence = find(dataset, CHARACTERISTICS)
    found: dict[tuple[int, str], Declaration] = {}
    for item in (sequence.items or []) if sequence is not None else []:
        creator, status = _text(item, _CREATOR, cleaner), _text(item, _STATUS, cleaner)
        actions = find(item, _ACTIONS)
        identifying = {
            number
            for action in ((actions.items or []) if actions is not None else [])
            if _text(action, _ACTION, cleaner) != "K"
            for number in _numbers(action, _IDENTIFYING)
        }
        for group in _numbers(item, _GROUP):
            known = found.get((group, creator))
            found[(group, creator)] = Declaration(
                safe=status == "SAFE" and known is None,
                nonidentifying=frozenset() if known else frozenset(_numbers(item, _NONIDENTIFYING)),
                identifying=frozenset(identifying | (known.identifying if known else frozenset())),
            )
    return found


def _text(dataset: DataSet, tag: int, cleaner: Cleaner) -> str:
    element = find(dataset, tag)
    return (cleaner.text(element) or [""])[0] if element is not None else ""


def _numbers(dataset: DataSet, tag: int) -> tuple[int, ...]:
    """The values of a US element, by the low byte where they name elements of a block; little endian.

    The values are group numbers or element numbers: under big endian they name other elements, which keeps nothing.
    """
    element = find(dataset, tag)
    if element is None or len(element.value) % 2:
        return ()
    values = struct.unpack(f"<{len(element.value) // 2}H", element.value)
    return values if tag == _GROUP else tuple(value & 0xFF for value in values)


def _is_believed(element: Element, creator: str, cleaner: Cleaner) -> bool:
    """Whether a declaration may be believed: the creator is a known one, and the value a number or a defined term."""
    if element.vr not in _DECLARABLE:
        return False
    return creator in private_creators() and (element.vr != "CS" or all(map(is_code_string, cleaner.text(element))))


def _safe(element: Element, vr: str, cleaner: Cleaner) -> Element | None:
    """The element under the VR of the table, if its value is of that VR and can hold no free text."""
    if element.vr not in (vr, "UN"):
        return None
    typed = Element(element.tag, vr, element.value, element.items, element.encoded if element.vr == vr else None)
    if vr in NUMERIC_VRS:
        return typed if len(typed.value) % NUMBER_BYTES[vr] == 0 else None
    if vr in {"CS", "DS", "IS"}:
        values = cleaner.text(typed)
        good = all(CODE_STRING.fullmatch(value) if vr == "CS" else matches(0, vr, value) for value in values)
        return cleaner.with_text(typed, values) if good else None
    if vr in {"LO", "SH"}:
        values = cleaner.text(typed)
        return cleaner.with_text(typed, values) if all(clean_text(value) == value for value in values) else None
    if vr == "SQ" and typed.items is not None:
        return Element(typed.tag, "SQ", b"", [cleaner.redact(item) for item in typed.items])
    if vr == "UI":
        return cleaner.with_text(typed, [cleaner.uid(value) for value in cleaner.text(typed)])
    if vr in {"DA", "DT", "TM"}:
        return cleaner.shift(typed)
    return None
