"""Fields that say what they hold: ``MRN: 4471``, ``Ref: Dr Okafor``, ``Sonographer KL``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dicom_deid.phi.formats import FormatMatch

_PERSONS: Final = """
    name|patient|pt|pat|patient name|ref|referrer|referring|referred by|requested by|sonographer|sono|operator|oper|op
    |physician|phys|doctor|consultant|tech|technologist|radiographer|radiologist|surgeon|nurse|performed by|read by|md
"""
_NUMBERS: Final = """
    mrn|urn|ur|ur no|pid|id|pat id|patient id|pt id|acc|acc no|accession|accn|exam id|exam no|study id|order
    |order no|visit|case|case no|episode|medicare|ihi|dva|nhs|nhs no|ssn|hosp no|ref no|adm|barcode|phone|tel|fax|mobile
"""
_FACTS: Final = """
    dob|d[.]o[.]b|birth|born|birthdate|date of birth|birth date|age|sex|gender|height|weight|ht|wt|bmi|address|addr|ward
    |hospital|site|institution|clinic|station|lmp|edd|edc|date|study date|exam date|scan date|examined
"""


def _alternatives() -> str:
    """Every label, the longest first: ``patient id`` before ``patient``."""
    labels = [label.strip() for group in (_PERSONS, _NUMBERS, _FACTS) for label in group.split("|")]
    return "|".join(sorted(labels, key=len, reverse=True))


_LABEL: Final = re.compile(
    rf"(?<![A-Za-z])(?P<label>{_alternatives()})(?P<mark>\s*[#:=]+\s*|\.?\s*[:#]\s*)", re.IGNORECASE
)
_TITLE: Final = re.compile(
    r"(?<![A-Za-z])(?:DR|DRS|MR|MRS|MS|MISS|PROF|PROFESSOR|NURSE)\b\.?\s+"
    r"(?P<name>[A-Z][A-Za-z'’.-]*(?:\s+[A-Z][A-Za-z'’-]+){0,2})",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    r"(?<![A-Za-z])(?:MRN|URN|DOB|ACC|PID|MEDICARE|IHI|DVA|SSN)\.?\s+(?P<value>\S*\d\S*(?:\s\S*\d\S*)?)", re.IGNORECASE
)


def find_labelled(line: str) -> Iterator[FormatMatch]:
    """The values of labelled fields in one line, without the labels; a value ends where the next label begins."""
    labels = list(_LABEL.finditer(line))
    for number, match in enumerate(labels):
        end = labels[number + 1].start() if number + 1 < len(labels) else len(line)
        value = line[match.end() : end].rstrip()
        if value:
            yield FormatMatch(match.end(), match.end() + len(value), "labelled-value", 0.95)
    for match in _TITLE.finditer(line):
        yield FormatMatch(match.start(), match.end(), "titled-person", 0.9)
    for match in _BARE.finditer(line):
        yield FormatMatch(match.start("value"), match.end("value"), "labelled-value", 0.95)
