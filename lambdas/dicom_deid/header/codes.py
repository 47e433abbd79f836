"""Coded entries (PS3.3 section 8): what a code may keep of its value and its meaning.

A code of a registered scheme is a fact about the image; a local code and a free meaning may say anything.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Final

from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.schemes import DIGITAL_ANATOMY, LOCAL_SCHEME, has_form, is_registered
from dicom_deid.part10.elements import DataSet, Element

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

CODE_VALUE: Final = 0x00080100
SCHEME: Final = 0x00080102
SCHEME_VERSION: Final = 0x00080103
MEANING: Final = 0x00080104
LONG_VALUE: Final = 0x00080119
URN_VALUE: Final = 0x00080120
_VALUES: Final = (CODE_VALUE, LONG_VALUE, URN_VALUE)
_VALUE_TAGS: Final = frozenset(_VALUES)
PARTS: Final = frozenset({*_VALUES, SCHEME, SCHEME_VERSION, MEANING, 0x00080101, 0x00080108})
_KEYED_LENGTH: Final = 12
_LOCAL: Final = LOCAL_SCHEME.encode("ascii")
_VERSION: Final = re.compile(r"\d{1,8}(?:\.\d{1,3}){0,3}|\d{4}[A-Z]?|v?\d{1,2}\.\d{1,2}")


@cache
def _lines() -> list[str]:
    """Lines of the codes that PS3.16 uses, in order: scheme, value, meaning; of SNOMED RT identifiers today's code.

    They are searched as they are: to take all apart takes longer than most processes look codes up.
    """
    return (files(__package__) / "data" / "codes.tsv").read_text(encoding="ascii").splitlines()


def _known(scheme: str, value: str) -> tuple[str, str] | None:
    """(meaning, today's value) of a code, or None where our dictionary does not know it."""
    lines = _lines()
    place = bisect_left(lines, f"{scheme}\t{value}\t")
    if place < len(lines):
        found, of, meaning, current = lines[place].split("\t")
        if (found, of) == (scheme, value):
            return meaning, current
    return None


def canonical(scheme: str, value: str) -> tuple[str, str]:
    """The code by today's scheme: SNOMED RT identifiers (SRT, SNM3, 99SDM) by the SCT identifier of their concept."""
    known = _known("SRT", value) if scheme in DIGITAL_ANATOMY else None
    return ("SCT", known[1]) if known is not None else (scheme, value)


def meaning_of(scheme: str, value: str) -> str | None:
    """The meaning that our dictionary gives a code, or None where it does not know the code."""
    known = _known("SRT" if scheme in DIGITAL_ANATOMY else scheme, value)
    return known[0] if known is not None else None


def is_code_item(item: DataSet) -> bool:
    """Whether the item is a coded entry."""
    return not _VALUE_TAGS.isdisjoint([element.tag for element in item])


def is_fact(item: DataSet, cleaned: DataSet) -> bool:
    """Whether an entry is a code alone, and of a scheme that others know: cleaned, it is the same in every domain."""
    alone = all(element.tag in PARTS for element in item)
    return alone and not any(element.tag == SCHEME and element.value.startswith(_LOCAL) for element in cleaned)


def clean_code_item(item: DataSet, cleaner: Cleaner) -> DataSet:
    """The coded entry with what is safe of it; elements that are not part of the code follow the general rules.

    The item itself where all of it stays.

    A code that our dictionary knows, or that has the form of its registered scheme, keeps its value. Its meaning stays
    where it is made of known words; else the dictionary's takes its place, or the value where there is none.
    Everything else becomes a keyed code, whose meaning stays where it is made of known words: equal codes stay equal
    within a domain.
    """
    parts = {element.tag: element for element in item if element.tag in PARTS}
    texts = {tag: (cleaner.text(element) or [""])[0] for tag, element in parts.items()}
    scheme = texts.get(SCHEME, "")
    value = next((texts[tag] for tag in _VALUES if texts.get(tag)), "")
    meaning = texts.get(MEANING, "")
    if not value:
        coded = _uncoded(scheme, meaning)
    elif URN_VALUE not in texts and (meaning_of(scheme, value) is not None or has_form(scheme, value)):
        coded = _registered(texts, scheme, value, meaning if cleaner.profile.descriptors else "")
    else:
        known_words = cleaner.profile.descriptors and meaning and clean_text(meaning) == meaning
        coded = _keyed(scheme, value, meaning if known_words else "", cleaner)
    kept = [_element(tag, text, parts.get(tag), texts.get(tag)) for tag, text in coded.items()]
    others = [element for element in item if element.tag not in PARTS]
    cleaned = sorted([*kept, *(cleaner.redact(others) if others else [])], key=attrgetter("tag"))
    return item if len(cleaned) == len(item) and all(map(is_, cleaned, item)) else cleaned


def keyed(item: DataSet, cleaner: Cleaner) -> DataSet:
    """The coded entry with a keyed code in the place of its own, whatever its scheme; the rest of the item as it is."""
    texts = {element.tag: (cleaner.text(element) or [""])[0] for element in item if element.tag in PARTS}
    value = next((texts[tag] for tag in _VALUES if texts.get(tag)), "")
    coded = _keyed(texts.get(SCHEME, ""), value, "", cleaner)
    others = [element for element in item if element.tag not in PARTS]
    return sorted([*(_element(tag, text, None, None) for tag, text in coded.items()), *others], key=attrgetter("tag"))


def _keyed(scheme: str, value: str, meaning: str, cleaner: Cleaner) -> dict[int, str]:
    code = cleaner.pseudonymiser.identifier(f"{scheme}\0{value}", "code", _KEYED_LENGTH)
    cleaner.count("C")
    return {CODE_VALUE: code, SCHEME: LOCAL_SCHEME, MEANING: meaning or code}


def _registered(texts: Mapping[int, str], scheme: str, value: str, meaning: str) -> dict[int, str]:
    known = meaning_of(scheme, value) or value
    if meaning.casefold() != known.casefold() and not (meaning and clean_text(meaning) == meaning):
        meaning = known
    tag = LONG_VALUE if len(value) > 16 else CODE_VALUE
    coded = {tag: value, SCHEME: scheme, MEANING: meaning[:64]}
    version = texts.get(SCHEME_VERSION, "")
    if _VERSION.fullmatch(version):
        coded[SCHEME_VERSION] = version
    return coded


def _uncoded(scheme: str, meaning: str) -> dict[int, str]:
    """An entry without a value, as Type 2 sequences hold: nothing is made up."""
    coded = {CODE_VALUE: "", SCHEME: scheme if is_registered(scheme) else ""}
    return {**coded, MEANING: clean_text(meaning)} if meaning else coded


def _element(tag: int, text: str, source: Element | None, source_text: str | None) -> Element:
    """The source's own element where its text stays; it was checked to hold nothing else."""
    if source is not None and text == source_text and source.value.rstrip(b"\0 ") == text.encode("ascii", "replace"):
        return source
    vr = {MEANING: "LO", LONG_VALUE: "UC"}.get(tag, "SH")
    return Element(tag, vr, text.encode("ascii", "replace"))
