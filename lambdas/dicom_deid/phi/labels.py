"""Fields that say what they hold: ``MRN: 4471``, ``Ref: Dr Okafor``, ``Sonographer KL``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dicom_deid.phi.formats import FormatMatch
from dicom_deid.phi.overlay import is_clinical, may_be_name

_PERSONS: Final = """
    name|patient|pt|pat|patient name|pt name|first name|given name|given names|surname|last name|family name
    |middle name|ref|referrer|referring|ref phys|ref dr|ref md|referring physician|referring doctor|referred by
    |requested by|req phys|sonographer|sono|operator|oper|op|physician|phys|perf phys|performing physician
    |attending|doctor|consultant|tech|technologist|radiographer|radiologist|surgeon|endoscopist|cardiologist|nurse
    |midwife|performed by|reported by|read by|reader|interpreted by|signed by|approved by|md|dr|mother|father
    |next of kin|nok|guardian|student|user|scanned by|examiner
"""
_NUMBERS: Final = """
    mrn|urn|ur|ur no|umrn|pid|id|id no|pat id|patient id|patient no|pat no|pt id|unit no|hn|uhid|nhi|chi|acc
    |acc no|acc nr|accession|accession no|accession number|accn|exam id|exam no|study id|study no|order|order no
    |req no|visit|visit no|case|case no|episode|encounter|medicare|medicare no|ihi|hpi i|hpi o|dva|nhs|nhs no|ssn
    |hosp no|hospital no|ref no|adm|admission no|barcode|phone|ph|tel|telephone|fax|mobile|mob|email|e-mail
    |passport|licence|license|insurance|serial|serial no|sn|s/n
"""
_FACTS: Final = """
    dob|d[.]o[.]b|birth|born|birthdate|birthday|date of birth|birth date|dod|age|sex|gender|height|weight|ht|wt
    |bmi|bsa|address|addr|postcode|suburb|zip|country|race|ethnicity|religion|occupation|language|marital status
    |ward|bed|room|hospital|hosp|site|institution|inst|facility|clinic|dept|department|station|lmp|edd|edc|date
    |study date|exam date|scan date|report date|examined|printed|acquired on|admitted|discharged
"""
_BARE: Final = "mrn|urn|ur|dob|d.o.b|born|acc|accn|pid|medicare|ihi|dva|ssn|nhs|id|ph|tel|phone|mob"
"""Labels that need no mark before a value with a digit in it."""
_CONFUSED: Final = {"i": "[i1l|]", "l": "[il1|]", "o": "[o0]", "b": "[b8]", "s": "[s5]"}
"""How OCR reads the letters of a label."""


def _alternatives(*groups: str) -> str:
    """Every label, the longest first (``patient id`` before ``patient``), with points and blanks as they come."""
    labels = [label.strip() for group in groups for label in group.split("|")]
    return "|".join(_pattern(label) for label in sorted(labels, key=len, reverse=True))


def _pattern(label: str) -> str:
    plain = label.replace("[.]", ".")
    return "".join({" ": r"[\s.]*", ".": r"\.?"}.get(c) or _CONFUSED.get(c, re.escape(c)) for c in plain)


_LABEL: Final = re.compile(
    rf"(?<![A-Za-z])(?P<label>{_alternatives(_PERSONS, _NUMBERS, _FACTS)})"
    r"(?:\s*[#:=]+\s*|\.?\s*[:#]\s*|\s*no\.?\s*[:#]?\s+(?=\d))",
    re.IGNORECASE,
)
_OF_PATIENT: Final = re.compile(r"age|sex|gender|dob|d\.?o\.?b\.?|birth.*|born|.*date.*", re.IGNORECASE)
_SMALL: Final = re.compile(r"\d{1,3}(?:[.,]\d{1,3})?(?:\s?[A-Za-z/%°]{1,4})?")
_PERSON: Final = re.compile(_alternatives(_PERSONS), re.IGNORECASE)
_TITLE: Final = re.compile(
    r"(?<![A-Za-z])(?P<title>DR|DRS|MR|MRS|MS|MISS|MASTER|PROF|PROFESSOR|NURSE|SISTER|A/?PROF)\b(?:\.\s*|\s+)"
    r"(?P<name>[A-Z][A-Za-z'’^,.-]*(?:\s+[A-Z][A-Za-z'’.-]*){0,2})",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(
    rf"(?<![A-Za-z])(?:{_alternatives(_BARE)})\.?\s+(?P<value>\S*\d\S*(?:\s\S*\d\S*)?)", re.IGNORECASE
)
_CARET: Final = re.compile(r"[^\W\d_][\w'’. -]*\^[\w'’.^-]*(?:\s*\^\s*[\w'’.-]+)*")
_COMMA: Final = re.compile(r"(?<![\w,])(?P<family>[^\W\d_][\w'’-]+)\s?,\s?(?P<given>[^\W\d_][\w'’-]*)(?![\w,])")
_MARKER: Final = re.compile(
    r"(?:L|R|LT|RT|LEFT|RIGHT)\s+(?P<initials>[A-Z]{2,3})|(?P<before>[A-Z]{2,3})\s+(?:L|R|LT|RT)"
    r"|(?:LEFT|RIGHT)(?P<joined>[A-Z]{2,3})"
)

_BESIDE_A_SIDE: Final = frozenset(
    {"AP", "PA", "CC", "ML", "LM", "FB", "AT", "CV", "RL", "RM", "SI", "IS"}
    | {"LV", "RV", "LA", "RA", "PV", "HV", "IJ", "SV", "AO", "GB", "PT", "DP"}
)
"""Projections (CID 4010, 4014, 4015), and chambers, vessels and organs, of two letters that stand beside a side."""


def find_labelled(line: str) -> Iterator[FormatMatch]:
    """The values of labelled fields in one line, without the labels; a value ends where the next label begins."""
    labels = list(_LABEL.finditer(line))
    for number, match in enumerate(labels):
        end = labels[number + 1].start() if number + 1 < len(labels) else len(line)
        value = line[match.end() : end].rstrip()
        if value and not _is_setting(line[: match.start()], match["label"], value):
            rule = "labelled-person" if _PERSON.fullmatch(match["label"]) else "labelled-value"
            yield FormatMatch(match.end(), match.end() + len(value), rule, 0.95)
    for match in _PLAIN.finditer(line):
        yield FormatMatch(match.start("value"), match.end("value"), "labelled-value", 0.95)
    yield from _persons(line)


def _is_setting(before: str, label: str, value: str) -> bool:
    """Whether a label with a small number is the end of a setting's name: ``Pixel Height: 0.3 mm``. An age, a sex or a
    birth date is none, nor is what says that it is the patient's.
    """
    words = before.split()
    if not words or _OF_PATIENT.fullmatch(label) or not before[-1:].isspace():
        return False
    own = _PERSON.fullmatch(words[-1].strip(".,:")) is not None
    return not own and _is_term(words[-1]) and _SMALL.fullmatch(value) is not None


def _persons(line: str) -> Iterator[FormatMatch]:
    """Names by how they are written, whoever they are: with a title, a caret, a comma, or beside a side marker."""
    for match in _TITLE.finditer(line):
        # MR, MS and DR are a modality, milliseconds and a dynamic range as well.
        if not _is_term(match["name"].split()[0]):
            yield FormatMatch(match.start(), match.end(), "titled-person", 0.9)
    for match in _CARET.finditer(line):
        yield FormatMatch(match.start() + _terms_before(match[0]), match.end(), "person", 0.97)
    for match in _COMMA.finditer(line):
        family, given = match["family"], match["given"]
        if not (_is_term(family) or _is_term(given)) and not (is_clinical(family) and is_clinical(given)):
            yield FormatMatch(match.start(), match.end(), "person", 0.85)
    marker = _MARKER.fullmatch(line.strip())
    initials = marker and (marker["initials"] or marker["before"] or marker["joined"])
    if initials and (not is_clinical(initials) or (len(initials) == 2 and initials not in _BESIDE_A_SIDE)):
        begin = line.index(initials)
        yield FormatMatch(begin, begin + len(initials), "marker-initials", 0.8)


def _terms_before(name: str) -> int:
    """Characters of the clinical words that stand before a name with a caret: the end of another column."""
    family = list(re.finditer(r"\S+", name[: name.index("^")]))
    terms = 0
    while terms < len(family) - 1 and _is_term(family[terms][0]):
        terms += 1
    return family[terms].start()


def _is_term(word: str) -> bool:
    """Whether a word is clinical and nobody's name; single letters are initials."""
    core = word.strip(".,")
    return len(core) > 1 and is_clinical(core) and not may_be_name(core)
