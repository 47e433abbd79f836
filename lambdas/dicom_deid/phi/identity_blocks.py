"""Blocks of lines about the patient: what is unknown in such a block is about the patient too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dicom_deid.phi.acquisition_settings import is_about_image
from dicom_deid.phi.blocks import lines_of, neighbours
from dicom_deid.phi.classification import classify
from dicom_deid.phi.company import between_names, is_of_person, is_short_line, parts_of_addresses
from dicom_deid.phi.findings import Evidence, EvidenceKind, TextClass
from dicom_deid.phi.markers import is_side_marker
from dicom_deid.phi.overlay import is_clinical
from dicom_deid.phi.places import is_of_care
from dicom_deid.phi.reading import PlacedWord, ReadingText

_SURE: Final = 0.8
"""Evidence of this score makes a line one about the patient."""
_IN_BLOCK: Final = 0.81
"""The score of what is PHI by its block alone: above the usual threshold, below all other evidence."""


def evidence_by_block(
    reading: ReadingText, evidence: Mapping[int, tuple[Evidence, ...]], company: Mapping[int, TextClass]
) -> dict[int, tuple[Evidence, ...]]:
    """Evidence for what nothing knows in a line with PHI, or in one directly above or below such a line.

    Numbers and single letters beside what is PHI so, in a line without any term, go with it.
    """
    lines = lines_of(reading)
    of_person = [
        any(item.score >= _SURE for placed in line for item in evidence.get(placed.word.id, ()))
        and not is_side_marker([placed.word.text for placed in line])
        for line in lines
    ]
    found: dict[int, tuple[Evidence, ...]] = {}
    for number, (line, beside) in enumerate(zip(lines, neighbours(lines), strict=True)):
        texts = [placed.word.text for placed in line]
        near = [
            index for other in beside if of_person[other] for index in _above_or_below(line, lines[other], evidence)
        ]
        if is_about_image(texts) and not of_person[number]:
            allowed = set(near)
        elif of_person[number] or any(of_person[other] for other in beside):
            allowed = set(range(len(line)))
        else:
            continue
        unknown = [
            classify(placed.word, evidence.get(placed.word.id, ()), company.get(placed.word.id))[0]
            is TextClass.UNMATCHED
            for placed in line
        ]
        evident = [bool(evidence.get(placed.word.id)) for placed in line]
        around = [other for other in beside if of_person[other]]
        if not allowed.issuperset(range(len(line))):
            small = {index for index in allowed if is_of_care(texts[index])}
        elif len(around) > 1 and is_short_line(texts):
            small = set(range(len(line)))
        else:
            small = set(parts_of_addresses(texts, [a or b for a, b in zip(unknown, evident, strict=True)]))
        unknown = [here and index in allowed for index, here in enumerate(unknown)]
        taken = {*small, *(index for index, here in enumerate(unknown) if here)}
        of_name = [
            index in taken or any(is_of_person(item.kind, item.rule) for item in evidence.get(placed.word.id, ()))
            for index, placed in enumerate(line)
        ]
        for index in {*taken, *between_names(texts, of_name)}:
            if not evident[index]:
                found[line[index].word.id] = (Evidence(EvidenceKind.LABEL, "in-identity-block", _IN_BLOCK),)
    return found


def _above_or_below(
    line: Sequence[PlacedWord], other: Sequence[PlacedWord], evidence: Mapping[int, object]
) -> list[int]:
    """Indices of the words at an end of a line that begins or ends where a line of evident words does, and of those
    before it that nothing knows: OCR joined two columns.
    """
    if not all(placed.word.id in evidence for placed in other):
        return []
    here, there = [placed.word.quad.bounds for placed in line], [placed.word.quad.bounds for placed in other]
    slack = 0.8 * (here[-1][3] - here[-1][1])
    found = []
    if abs(here[-1][2] - there[-1][2]) < slack:
        index = len(line) - 1
        while index >= 0 and (not is_clinical(line[index].word.text) or is_of_care(line[index].word.text)):
            found.append(index)
            index -= 1
    return found
