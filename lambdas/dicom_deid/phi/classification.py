"""What a word is, by its evidence, by the words beside it, and by itself; and what is to happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dicom_deid.phi.acquisition_settings import words_of_setting
from dicom_deid.phi.blocks import lines_of, neighbours
from dicom_deid.phi.company import loose_numbers, ordinary_words, trailing_initials
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Policy, TextClass, UnmatchedText
from dicom_deid.phi.markers import is_code, is_side_marker
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical, joins
from dicom_deid.phi.reading import ReadingText
from dicom_deid.phi.terms import is_eponym, is_term, is_unit_or_side
from dicom_deid.phi.words import Word

_UNMATCHED: Final[Mapping[UnmatchedText, Action]] = {
    UnmatchedText.REDACT: Action.REDACT,
    UnmatchedText.REVIEW: Action.REVIEW,
    UnmatchedText.KEEP: Action.KEEP,
}


def classify(word: Word, evidence: tuple[Evidence, ...], company: TextClass | None) -> tuple[TextClass, float]:
    """The class of a word and its score in [0, 1]; `company` is its class by the words beside it, if they tell."""
    score = max((item.score for item in evidence), default=0.0)
    labels_only = {item.kind for item in evidence} <= {EvidenceKind.LABEL, EvidenceKind.COMPREHEND}
    code = any(item.rule == "labelled-person" for item in evidence) and is_code(word.text)
    if evidence and (code or not (labels_only and is_unit_or_side(word.text))):
        return TextClass.PHI, score
    if company is not None:
        return company, 0.0
    if is_clinical(word.text) or is_nearly_clinical(word.text) or is_term(word.text):
        return TextClass.CLINICAL, 0.0
    return TextClass.UNMATCHED, 0.0


def classes_by_company(reading: ReadingText, evidence: Mapping[int, object]) -> dict[int, TextClass]:
    """What the words beside it make of a word that has no evidence of its own.

    One that says nothing alone (``of``, ``free``) is clinical beside clinical ones, away from PHI; a capital at the end
    of a line, or a number, is as unknown as the unknown word before it.
    """
    found: dict[int, TextClass] = {}
    lines = lines_of(reading)
    for line in lines:
        texts = [placed.word.text for placed in line]
        for index in (*trailing_initials(texts), *loose_numbers(texts)):
            found[line[index].word.id] = TextClass.UNMATCHED
        for index, placed in enumerate(line):
            near = line[max(0, index - 1) : index + 2]
            if (
                joins(placed.word.text)
                and not any(other.word.id in evidence for other in near)
                and any(is_term(other.word.text) for other in near if other is not placed)
            ):
                found[placed.word.id] = TextClass.CLINICAL
    of_person = [
        any(placed.word.id in evidence for placed in line) and not is_side_marker([placed.word.text for placed in line])
        for line in lines
    ]
    for line, beside in zip(lines, neighbours(lines), strict=True):
        near_person = any(of_person[other] for other in beside)
        for index in ordinary_words(
            [placed.word.text for placed in line], [placed.word.id in evidence for placed in line], near_person
        ):
            found.setdefault(line[index].word.id, TextClass.CLINICAL)
        if not near_person and not any(placed.word.id in evidence for placed in line):
            texts = [placed.word.text for placed in line]
            for index in (*words_of_setting(texts), *([0] if is_eponym(texts) else [])):
                found.setdefault(line[index].word.id, TextClass.CLINICAL)
    return found


def action_on(text_class: TextClass, score: float, policy: Policy) -> Action:
    """What a policy does with text of that class and score."""
    if text_class is TextClass.PHI:
        return Action.REDACT if score >= policy.threshold else Action.REVIEW
    if text_class is TextClass.CLINICAL:
        return Action.KEEP
    return _UNMATCHED[policy.unmatched]
