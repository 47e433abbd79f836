"""What a word is by the words beside it: an initial by a surname, a surname by a given name, half a date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dicom_deid.phi.findings import EvidenceKind
from dicom_deid.phi.formats import find_formats
from dicom_deid.phi.identity import IdentityKind
from dicom_deid.phi.overlay import is_clinical, may_be_name
from dicom_deid.phi.spelling import confusable, within

_PERSON_RULES: Final = frozenset(
    {
        (EvidenceKind.HEADER, IdentityKind.PATIENT_NAME.value),
        (EvidenceKind.HEADER, IdentityKind.PERSON_NAME.value),
        (EvidenceKind.LABEL, "labelled-person"),
        (EvidenceKind.LABEL, "titled-person"),
        (EvidenceKind.LABEL, "person"),
        (EvidenceKind.COMPREHEND, "name"),
    }
)
_UNITS: Final = frozenset(
    {"mm", "cm", "mhz", "khz", "hz", "db", "fps", "kv", "kvp", "ma", "mas", "bpm", "ml", "ms", "deg", "%"}
)
_SIDES: Final = frozenset({"l", "r", "lt", "rt", "left", "right"})
_WHOLE: Final = re.compile(r"\d{2,4}")
_DAY: Final = re.compile(r"\d{1,2}")
_YEAR: Final = re.compile(r"(?:18|19|20)\d{2}")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_INITIAL: Final = 0.9
_BESIDE: Final = 0.82
_EDGES: Final = ".:,;()[]/-^ "


def is_of_person(kind: EvidenceKind, rule: str) -> bool:
    """Whether that evidence says that a word is of a person's name."""
    return (kind, rule) in _PERSON_RULES


def is_unit_or_side(text: str) -> bool:
    """Words that even a labelled field or a language model does not make PHI: sides, units, punctuation."""
    core = text.strip(_EDGES).lower()
    return not core or core in _UNITS or core in _SIDES


def is_term(text: str) -> bool:
    """Whether a word is a clinical one of letters, three or more, and no name: good company."""
    core = text.strip(_EDGES)
    return len(core) > 2 and core.isalpha() and is_clinical(core) and not may_be_name(core)


def beside_names(line: Sequence[str], named: Sequence[bool]) -> Iterator[tuple[int, str, float]]:
    """Indices of words that a name beside them makes a part of the name, with a rule and a score.

    A single letter is an initial; a side letter is one only after the name. A word that nothing knows, or that is a
    name as well as a clinical word, is the rest of the name.
    """
    known = list(named)
    for order in (range(len(line)), range(len(line) - 1, -1, -1)):
        for index in order:
            before = index > 0 and known[index - 1]
            after = index + 1 < len(line) and known[index + 1]
            core = line[index].strip(_EDGES)
            letters = core.replace("-", "").replace("'", "").isalpha()
            if not letters or not (before or after) or (known[index] and len(core) > 1):
                continue
            if len(core) == 1:
                if core.lower() in _SIDES and not before and not line[index].endswith("."):
                    continue
                yield index, "initial", _INITIAL
            elif len(core) > 1 and (may_be_name(core) or not is_clinical(core)) and core.lower() not in _SIDES:
                known[index] = True
                yield index, "beside-name", _BESIDE


def trailing_initials(line: Sequence[str]) -> Iterator[int]:
    """Indices of single capitals that end a line after a word that nothing knows (``Gul A Z``): no settings."""
    end = len(line)
    while end > 0 and len(line[end - 1].strip(_EDGES)) == 1 and line[end - 1].strip(_EDGES).isupper():
        end -= 1
    if 0 < end < len(line):
        before = line[end - 1].strip(_EDGES)
        if len(before) > 1 and before.isalpha() and not is_clinical(before):
            yield from range(end, len(line))


def loose_numbers(line: Sequence[str]) -> Iterator[int]:
    """Indices of whole numbers in a line without any clinical term, beside a word that nothing knows, and of years
    that stand alone: parts of addresses and dates, no measurements.
    """
    cores = [word.strip(_EDGES) for word in line]
    if any(len(core) > 1 and core.isalpha() and is_clinical(core) for core in cores):
        return
    for index, core in enumerate(cores):
        beside = (cores[other] for other in (index - 1, index + 1) if 0 <= other < len(cores))
        unknown = any(len(other) > 2 and other.isalpha() and not is_clinical(other) for other in beside)
        if _WHOLE.fullmatch(core) and (unknown or (len(cores) == 1 and _YEAR.fullmatch(core))):
            yield index


def split_dates(line: Sequence[str]) -> Iterator[int]:
    """Indices of words that are a date together: torn apart by a blank that OCR saw, or with a misread month."""
    for index in range(len(line) - 2):
        three = line[index : index + 3]
        day, year = (any(pattern.fullmatch(word.strip(_EDGES)) for word in three) for pattern in (_DAY, _YEAR))
        if day and year and any(_is_nearly_month(word.strip(_EDGES)) for word in three):
            yield from range(index, index + 3)
    for index in range(len(line) - 1):
        joined = line[index] + line[index + 1]
        cut = len(line[index])
        if len(joined) <= 14 and any(
            match.rule == "date" and match.begin < cut < match.end for match in find_formats(joined)
        ):
            yield index
            yield index + 1


def _is_nearly_month(word: str) -> bool:
    """Three letters that are a month but for one of them, or a longer word that begins so."""
    begin = confusable(word)[:3]
    return word[:1].isalpha() and len(begin) == 3 and any(within(begin, confusable(month), 1) for month in _MONTHS)
