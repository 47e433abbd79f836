"""Institutions by what they are called: ``Karrawirra Base Hospital``, ``Northside Imaging Centre``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dicom_deid.phi.formats import FormatMatch
from dicom_deid.phi.ordinary import is_ordinary
from dicom_deid.phi.overlay import is_clinical
from dicom_deid.phi.spelling import similar

_KINDS: Final = (
    r"[A-Z]*HOSPIT\w{1,3}|HOSP|[A-Z]*CLINICS?|[A-Z]*INFIRMARY|SANATORIUM|POLYCLINIC|POLIKLINIK|KLINIK|HOSPICE|UNIVERSITY|INSTITUTE|[A-Z]*RADIOLOGY(?:GROUP)?"
    r"|MEDICAL\s*(?:CENT(?:RE|ER)|CTR|IMAGING|GROUP|PRACTICE|COLLEGE|SCHOOL)|MED\s+(?:CENT(?:RE|ER)|CTR)"
    r"|HEALTH\s?(?:SERVICES?|CARE|CAMPUS|CENT(?:RE|ER)|SYSTEM|NETWORK)|HEALTHCARE|DIAGNOSTIC\s*(?:IMAGING|CENT(?:RE|ER))"
    r"|IMAGING\s+(?:CENT(?:RE|ER)|SERVICES|GROUP|PARTNERS|ASSOCIATES)|DAY\s+SURGERY|SURGERY\s+CENT(?:RE|ER)"
    r"|X-?RAY\s+(?:CLINIC|CENT(?:RE|ER)|GROUP)|HEART\s+CENT(?:RE|ER)|CANCER\s+CENT(?:RE|ER)|NHS\s+(?:TRUST|FOUNDATION)"
)
_CARE: Final = ("RADIOLOGY", "IMAGING", "MEDICAL", "DIAGNOSTIC", "GROUP", "CAMPUS", "HOSPITAL", "SURGERY", "HEALTH")
_BEFORE: Final = r"(?:[A-Z][\w.'’&-]*\s+){0,4}"
_AFTER: Final = r"(?:\s+(?:GROUP|OF|AND|&|TRUST|DEPT|DEPARTMENT|[A-Z][\w'’-]+(?=\s*$))){0,3}"
_DOCUMENT: Final = r"\s+(?:REPORT|PROCEDURE|EXAM|EXAMINATION|STUDY|TEST|QUALITY|AGENT|TECHNIQUE|MODE|PROTOCOL)S?\b"
"""What makes of the words before it a title or a term: ``Diagnostic imaging report``."""
_INSTITUTION: Final = re.compile(rf"\b{_BEFORE}(?:{_KINDS})\b(?!{_DOCUMENT}){_AFTER}", re.IGNORECASE)
_BROKEN: Final = re.compile(
    r"(?:[A-Z][\w.'’-]*\s+){0,3}(?P<place>[A-Z][\w.'’-]{3,})\s+(?:HEALTH|MEDICAL|WOMEN['’]?S|CHILDREN['’]?S|ROYAL|PRIVATE"
    r"|PUBLIC|UNIVERSITY|GENERAL|REGIONAL|DISTRICT|MEMORIAL|COMMUNITY|DAY)\s*",
    re.IGNORECASE,
)
"""The first line of an institution's name that goes on in the next: a place, and the beginning of what it is."""
_SCORE: Final = 0.88


def is_of_care(word: str) -> bool:
    """Whether a word is one that institutions are called by, and so is nothing that an image shows."""
    return any(similar(word, known) for known in _CARE)


def find_institutions(line: str) -> Iterator[FormatMatch]:
    """Names of institutions in one line, with the words before them that make them one of a kind."""
    for match in _INSTITUTION.finditer(line):
        yield FormatMatch(match.start(), match.end(), "institution", _SCORE)
    broken = _BROKEN.fullmatch(line)
    if broken and not (is_clinical(broken["place"]) or is_ordinary(broken["place"])):
        yield FormatMatch(0, len(line), "institution", _SCORE)
