"""Coded entries (PS3.3 section 8): what a code may keep of its value and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dicom_deid.header.descriptors import clean_text
from dicom_deid.part10.elements import DataSet, Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

CODE_VALUE: Final = 0x00080100
SCHEME: Final = 0x00080102
SCHEME_VERSION: Final = 0x00080103
MEANING: Final = 0x00080104
LONG_VALUE: Final = 0x00080119
URN_VALUE: Final = 0x00080120
PARTS: Final = frozenset({CODE_VALUE, SCHEME, SCHEME_VERSION, MEANING, LONG_VALUE, URN_VALUE, 0x00080101, 0x00080108})

REGISTERED: Final[Mapping[str, re.Pattern[str]]] = {
    "DCM": re.compile(r"\d{5,6}|[A-Z]{2,6}"),
    "SCT": re.compile(r"\d{6,18}"),
    "SRT": re.compile(r"[A-Z]-[0-9A-F]{4,6}"),
    "SNM3": re.compile(r"[A-Z]-[0-9A-F]{4,6}"),
    "99SDM": re.compile(r"[A-Z]-[0-9A-F]{4,6}"),
    "LN": re.compile(r"\d{1,7}-\d"),
    "RADLEX": re.compile(r"RID\d{1,6}"),
    "FMA": re.compile(r"\d{1,7}"),
    "UMLS": re.compile(r"C\d{7}"),
    "NCIt": re.compile(r"C\d{1,7}"),
    "I10": re.compile(r"[A-Z]\d{2}(?:\.\d{1,4})?"),
    "BARI": re.compile(r"[A-Z]{1,3}-?[0-9.]{1,6}|\d{1,6}"),
    "IBSI": re.compile(r"[0-9A-Z]{4}"),
}
"""Coding schemes of PS3.16 table 8-1, and the form of their values; a value of another form is treated as local."""
_VERSION: Final = re.compile(r"[0-9.]{1,16}|\d{8}")
_UCUM_ATOMS: Final = re.compile(
    r"(?:1|10\*-?\d{1,2}|%|\[?(?:arb|iU|ppm|ppb|hnsf|pH|degF|in_i|ft_i)'?U?\]?|\{[a-z ]{1,16}\}"
    r"|(?:da|[YZEPTGMkhdcmunpfazy])?(?:m|s|g|L|l|Hz|Bq|Gy|Sv|A|V|W|J|N|Pa|K|Cel|mol|eV|rad|sr|C|F|T|Ohm|cd|lm|lx|B|bit|By)"
    r"|min|h|d|wk|mo|a|deg|u|mm\[Hg\])(?:-?\d)?"
)


def is_code_item(item: DataSet) -> bool:
    """Whether the item is a coded entry."""
    return any(element.tag in (CODE_VALUE, LONG_VALUE, URN_VALUE) for element in item)


def clean_code_item(item: DataSet, cleaner: Cleaner) -> DataSet:
    """The coded entry with what is safe of it; elements that are not part of the code follow the general rules.

    A value of a registered scheme in that scheme's form stays; its meaning stays as far as the vocabulary knows all of
    it, else the value takes its place. A value of any other scheme becomes a keyed code: equal codes stay equal.
    """
    texts = {element.tag: (cleaner.text(element) or [""])[0] for element in item if element.tag in PARTS}
    scheme, value = texts.get(SCHEME, ""), texts.get(CODE_VALUE, "")
    if _known(scheme, value):
        kept = {CODE_VALUE: value, SCHEME: scheme}
        version = texts.get(SCHEME_VERSION, "")
        if version and _VERSION.fullmatch(version):
            kept[SCHEME_VERSION] = version
        meaning = texts.get(MEANING, "")
        kept[MEANING] = meaning if meaning and clean_text(meaning) == meaning else value
    else:
        text = value or texts.get(LONG_VALUE, "") or texts.get(URN_VALUE, "")
        keyed = cleaner.pseudonymiser.identifier(f"{scheme}\0{text}", "code", 12)
        kept = {CODE_VALUE: keyed, SCHEME: "99DEID", MEANING: keyed}
        cleaner.count("C")
    others = cleaner.redact([element for element in item if element.tag not in PARTS])
    coded = [
        Element(tag, "LO" if tag == MEANING else "SH", text.encode("ascii", "replace")) for tag, text in kept.items()
    ]
    return sorted([*coded, *others], key=lambda element: element.tag)


def _known(scheme: str, value: str) -> bool:
    if scheme == "UCUM":
        return bool(value) and all(_UCUM_ATOMS.fullmatch(part) for part in re.split(r"[./]", value.strip("()")) if part)
    pattern = REGISTERED.get(scheme)
    return pattern is not None and pattern.fullmatch(value) is not None
