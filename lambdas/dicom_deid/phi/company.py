"""What a word is by the words beside it: an initial by a surname, a surname by a given name, half a date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dicom_deid.phi.acquisition_settings import is_about_image
from dicom_deid.phi.findings import EvidenceKind
from dicom_deid.phi.formats import find_formats
from dicom_deid.phi.identity import IdentityKind
from dicom_deid.phi.markers import is_code
from dicom_deid.phi.ordinary import is_ordinary, is_plainly_ordinary, is_run_of_words
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical, may_be_name
from dicom_deid.phi.places import is_of_care
from dicom_deid.phi.spelling import confusable, within
from dicom_deid.phi.terms import EDGES, SIDES, UNITS, is_term

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
_WHOLE: Final = re.compile(r"\d{2,4}")
_ABBREVIATION: Final = 3
_DWELLING: Final = re.compile(r"\d{1,3}/\d{2,4}")
_HOUSE_DIGITS: Final = 5
_BEFORE_HOUSE: Final = 2
"""Words that may stand before a house number: a dwelling and its number."""
_HOUSE: Final = re.compile(r"\d{1,4}(?:[/-]\d{1,4})?[A-Za-z]?")
_DAY: Final = re.compile(r"\d{1,2}")
_YEAR: Final = re.compile(r"(?:18|19|20)\d{2}")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_INITIAL: Final = 0.9
_BESIDE: Final = 0.82


def is_of_person(kind: EvidenceKind, rule: str) -> bool:
    """Whether that evidence says that a word is of a person's name."""
    return (kind, rule) in _PERSON_RULES


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
            core = line[index].strip(EDGES)
            letters = core.replace("-", "").replace("'", "").isalpha()
            if not letters or not (before or after) or (known[index] and len(core) > 1):
                continue
            if len(core) == 1:
                if core.lower() in SIDES and not before and not line[index].endswith("."):
                    continue
                yield index, "initial", _INITIAL
            elif len(core) > 1 and (may_be_name(core) or not is_clinical(core)) and core.lower() not in SIDES:
                known[index] = True
                yield index, "beside-name", _BESIDE


def trailing_initials(line: Sequence[str]) -> Iterator[int]:
    """Indices of single capitals that end a line after a word that nothing knows (``Gul A Z``): no settings."""
    end = len(line)
    while end > 0 and _is_capital(line[end - 1].strip(EDGES)):
        end -= 1
    if 0 < end < len(line):
        before = line[end - 1].strip(EDGES)
        if len(before) > 1 and before.isalpha() and not is_clinical(before):
            yield from range(end, len(line))


def _is_capital(core: str) -> bool:
    """One capital; a lone nought is an O."""
    return len(core) == 1 and (core.isupper() or core == "0")


def with_initials(line: Sequence[str]) -> Iterator[int]:
    """Indices of a whole line that is an unknown word in capitals and one or two single ones (``TROVATO A P``), or a
    surname that is a word, too, and two (``WHITE C P``), unless those are both sides.
    """
    cores = [word.strip(EDGES) for word in line]
    if not 2 <= len(cores) <= 3 or not all(core.isalpha() and core.isupper() for core in cores):
        return
    first, *rest = cores
    unknown = len(first) > 3 and not (is_clinical(first) or is_nearly_clinical(first) or is_plainly_ordinary(first))
    unknown = unknown and not is_run_of_words(first)
    named = len(rest) == 2 and may_be_name(first) and not all(core.lower() in SIDES for core in rest)
    if (unknown or named) and all(len(core) == 1 for core in rest):
        yield from range(len(line))


def loose_numbers(line: Sequence[str]) -> Iterator[int]:
    """Indices of whole numbers in a line without any clinical term, beside a word that nothing knows, and of years
    that stand alone: parts of addresses and dates, no measurements.
    """
    cores = [word.strip(EDGES) for word in line]
    if any(len(core) > 1 and core.isalpha() and is_clinical(core) for core in cores):
        return
    for index, core in enumerate(cores):
        beside = (cores[other] for other in (index - 1, index + 1) if 0 <= other < len(cores))
        unknown = any(len(other) > 2 and other.isalpha() and not is_clinical(other) for other in beside)
        if _WHOLE.fullmatch(core) and (unknown or (len(cores) == 1 and _YEAR.fullmatch(core))):
            yield index


def ordinary_words(line: Sequence[str], evident: Sequence[bool], near_person: bool) -> Iterator[int]:
    """Indices of dictionary words in a line that says nothing of a person: nothing evident or unknown stands beside
    them. One that is a name too needs a term, a setting or a word that is none in its line, and a line beside lines
    about a person needs a clinical term.
    """
    if near_person and not any(is_term(word) for word in line):
        return
    cores = [word.strip(EDGES) for word in line]
    plain = [
        is_clinical(core) or is_nearly_clinical(core) or is_plainly_ordinary(core) or is_run_of_words(core)
        for core in cores
    ]
    known = [fine or is_ordinary(core) for fine, core in zip(plain, cores, strict=True)]
    company = any(fine and core and not here for fine, core, here in zip(plain, cores, evident, strict=True))
    for index, core in enumerate(cores):
        near = [other for other in (index - 1, index + 1) if 0 <= other < len(line)]
        if evident[index] or not known[index] or is_clinical(core) or is_nearly_clinical(core):
            continue
        if all(known[other] and not evident[other] for other in near) and (plain[index] or company):
            yield index


def is_short_line(line: Sequence[str]) -> bool:
    """Whether a line is a house number, or two or three capitals, and nothing else."""
    return len(line) == 1 and bool(_HOUSE.fullmatch(line[0].strip(EDGES)) or is_code(line[0]))


def parts_of_addresses(line: Sequence[str], unknown: Sequence[bool]) -> Iterator[int]:
    """Indices of words of institutions, of years, and of house numbers and single capitals beside words that are PHI or
    unknown, in a line about no image that stands with lines about the patient.
    """
    if is_about_image(line):
        return
    near_word = [here and any(c.isalpha() for c in word) for word, here in zip(line, unknown, strict=True)]
    for index, word in enumerate(line):
        core = word.strip(EDGES)
        beside = any(near_word[other] for other in (index - 1, index + 1) if 0 <= other < len(line))
        alone = is_of_care(core) or _YEAR.fullmatch(core) or (len(line) == 1 and _DWELLING.fullmatch(core))
        initials = len(core) in (1, 2) and core.isupper() and core.isalpha()
        if alone or (beside and (_HOUSE.fullmatch(core) or initials)):
            near_word[index] = True  # What follows a number of an address is its next part.
            yield index


def street_line(line: Sequence[str], named: Sequence[bool]) -> range:
    """Indices of a whole line that is a house number and two or three capitalised words, a name among them and no term
    but the last: ``839 Gerard Squares``, ``Level 4 18 Kristy Intersection``. The kinds of streets have no end.
    """
    cores = [word.strip(EDGES) for word in line]
    numbers = [index for index, core in enumerate(cores) if core.isdigit() and len(core) <= _HOUSE_DIGITS]
    if not numbers or numbers[-1] > _BEFORE_HOUSE:
        return range(0)
    first = numbers[-1] + 1
    words, of_name = cores[first:], named[first:]
    capitalised = all(word.isalpha() and word[:1].isupper() and len(word) > 2 for word in words)
    names = all(here or not is_clinical(word) for word, here in zip(words[:-1], of_name, strict=False))
    if 2 <= len(words) <= 3 and capitalised and names and any(of_name):
        return range(len(line))
    return range(0)


def between_names(line: Sequence[str], of_name: Sequence[bool]) -> Iterator[int]:
    """Indices of numbers and of short words, an abbreviation each, with a name or an unknown word on either side, in a
    line about the patient: ``So 614 Ngo 24 Vo Thi Sau`` is an address.
    """
    for index in range(1, len(line) - 1):
        core = line[index].strip(EDGES)
        short = core.isalpha() and len(core) <= _ABBREVIATION and core.lower() not in UNITS | SIDES
        if (
            of_name[index - 1]
            and of_name[index + 1]
            and (short or _HOUSE.fullmatch(core))
            and line[index][-1:] not in ":#"
        ):
            yield index


def split_dates(line: Sequence[str]) -> Iterator[int]:
    """Indices of words that are a date together: torn apart by a blank that OCR saw, or with a misread month."""
    for index in range(len(line) - 2):
        three = line[index : index + 3]
        day, year = (any(pattern.fullmatch(word.strip(EDGES)) for word in three) for pattern in (_DAY, _YEAR))
        if day and year and any(_is_nearly_month(word.strip(EDGES)) for word in three):
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
