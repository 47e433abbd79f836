"""What each word of an image is: PHI by some evidence, clinical, or unmatched; and what is to happen to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dicom_deid.geometry import Box
from dicom_deid.phi.company import (
    beside_names,
    is_of_person,
    is_term,
    is_unit_or_side,
    loose_numbers,
    split_dates,
    trailing_initials,
)
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass, UnmatchedText
from dicom_deid.phi.formats import FormatMatch, find_formats
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.labels import find_labelled
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical, joins
from dicom_deid.phi.own_header import OwnHeader
from dicom_deid.phi.places import find_institutions
from dicom_deid.phi.reading import PlacedWord, ReadingText, read_in_order
from dicom_deid.phi.unread import unread_parts
from dicom_deid.phi.words import DetectedText, PhiSpan, Word
from dicom_deid.records import ImageRecord

_MARGIN_ALONG = 0.3
"""Of the letter height, added at both ends of a word: OCR misses half a letter there."""
_MARGIN_ACROSS = 0.18
"""Of the letter height, added above and below: descenders and blur reach beyond what OCR reports."""
_FORMAT_STRONG = frozenset({"medicare", "healthcare-identifier", "nhs-number"})


def assess(
    image: ImageRecord, detected: DetectedText, spans: Sequence[PhiSpan], identity: HeaderIdentity, policy: Policy
) -> tuple[Finding, ...]:
    """Every word, barcode and unread text-like region of one image, each with its evidence.

    Parameters
    ----------
    image
        Its placement maps image pixels to frame pixels.
    spans
        What the PHI detector said of `read_in_order(detected.words).text`.
    """
    reading = read_in_order(detected.words)
    evidence = _evidence(reading, spans, identity)
    company = _company(reading, evidence)
    findings = [
        _finding(image, placed, evidence.get(placed.word.id, ()), policy, company.get(placed.word.id))
        for placed in reading.words
    ]
    findings += [_region(image, box, EvidenceKind.BARCODE, "barcode", policy) for box in image.barcodes]
    words = [image.placement.to_frame(placed.word.quad.bounds) for placed in reading.words]
    for region in image.regions:
        for unread in unread_parts(region, words):
            findings.append(_region(image, unread, EvidenceKind.REGION, "unread-text", policy))
    return tuple(findings)


def _evidence(
    reading: ReadingText, spans: Iterable[PhiSpan], identity: HeaderIdentity
) -> dict[int, tuple[Evidence, ...]]:
    """By word id, without doubles, strongest first."""
    found: defaultdict[int, dict[tuple[EvidenceKind, str], float]] = defaultdict(dict)

    def note(placed: PlacedWord, kind: EvidenceKind, rule: str, score: float) -> None:
        known = found[placed.word.id]
        known[kind, rule] = max(known.get((kind, rule), 0.0), score)

    own = OwnHeader(identity)
    lines = _lines(reading)
    for line in lines:
        for match in own.matches([placed.word.text for placed in line]):
            for index in match.words:
                note(line[index], EvidenceKind.HEADER, match.rule, 1.0)
        begin = line[0].begin
        text = reading.text[begin : line[-1].end]
        for kind, known in _patterns(text):
            for placed in reading.words_of(begin + known.begin, begin + known.end):
                note(placed, kind, known.rule, 1.0 if known.rule in _FORMAT_STRONG else known.score)
        for index in split_dates([placed.word.text for placed in line]):
            note(line[index], EvidenceKind.FORMAT, "date", 0.9)
    for span in spans:
        for placed in reading.words_of(span.begin, span.end):
            note(placed, EvidenceKind.COMPREHEND, span.kind.lower(), min(max(span.score, 0.0), 1.0))
    for line in lines:
        named = [any(is_of_person(kind, rule) for kind, rule in found.get(placed.word.id, ())) for placed in line]
        for index, rule, score in beside_names([placed.word.text for placed in line], named):
            note(line[index], EvidenceKind.NAME, rule, score)
    return {
        word: tuple(
            Evidence(kind, rule, score)
            for (kind, rule), score in sorted(known.items(), key=lambda item: (-item[1], item[0]))
        )
        for word, known in found.items()
    }


def _patterns(text: str) -> Iterator[tuple[EvidenceKind, FormatMatch]]:
    """What a line says by its form alone."""
    for known in find_formats(text):
        yield EvidenceKind.FORMAT, known
    for known in find_institutions(text):
        yield EvidenceKind.FORMAT, known
    for known in find_labelled(text):
        yield EvidenceKind.LABEL, known


def _lines(reading: ReadingText) -> list[list[PlacedWord]]:
    lines: defaultdict[int, list[PlacedWord]] = defaultdict(list)
    for placed in reading.words:
        lines[placed.line].append(placed)
    return list(lines.values())


def _company(reading: ReadingText, evidence: Mapping[int, object]) -> dict[int, TextClass]:
    """What the words beside it make of a word that has no evidence of its own.

    One that says nothing alone (``of``, ``free``) is clinical beside clinical ones, away from PHI; a capital at the end
    of a line, or a number, is as unknown as the unknown word before it.
    """
    found: dict[int, TextClass] = {}
    for line in _lines(reading):
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
    return found


def _finding(
    image: ImageRecord,
    placed: PlacedWord,
    evidence: tuple[Evidence, ...],
    policy: Policy,
    company: TextClass | None,
) -> Finding:
    word = placed.word
    text_class, score = _classify(word, evidence, company)
    if text_class is TextClass.CLINICAL and not evidence:
        evidence = (Evidence(EvidenceKind.VOCABULARY, "overlay", 0.0),)
    return Finding(
        image=image.image,
        word_ids=(word.id,),
        frames=image.frames,
        box=_box(image, word),
        text_class=text_class,
        score=score,
        evidence=evidence,
        action=_action(text_class, score, policy),
    )


def _classify(word: Word, evidence: tuple[Evidence, ...], company: TextClass | None) -> tuple[TextClass, float]:
    score = max((item.score for item in evidence), default=0.0)
    labels_only = {item.kind for item in evidence} <= {EvidenceKind.LABEL, EvidenceKind.COMPREHEND}
    if evidence and not (labels_only and is_unit_or_side(word.text)):
        return TextClass.PHI, score
    if company is not None:
        return company, 0.0
    if is_clinical(word.text) or is_nearly_clinical(word.text):
        return TextClass.CLINICAL, 0.0
    return TextClass.UNMATCHED, 0.0


def _action(text_class: TextClass, score: float, policy: Policy) -> Action:
    if text_class is TextClass.PHI:
        return Action.REDACT if score >= policy.threshold else Action.REVIEW
    if text_class is TextClass.CLINICAL:
        return Action.KEEP
    return {
        UnmatchedText.REDACT: Action.REDACT,
        UnmatchedText.REVIEW: Action.REVIEW,
        UnmatchedText.KEEP: Action.KEEP,
    }[policy.unmatched]


def _box(image: ImageRecord, word: Word) -> Box:
    box = image.placement.to_frame(word.quad.bounds)
    letter = min(box.width, box.height)
    along, across = (max(2, round(letter * share)) for share in (_MARGIN_ALONG, _MARGIN_ACROSS))
    return box.grown(along, across) if box.width >= box.height else box.grown(across, along)


def _region(image: ImageRecord, box: Box, kind: EvidenceKind, rule: str, policy: Policy) -> Finding:
    text_class = TextClass.PHI if kind is EvidenceKind.BARCODE else TextClass.UNMATCHED
    score = 1.0 if kind is EvidenceKind.BARCODE else 0.0
    return Finding(
        image=image.image,
        word_ids=(),
        frames=image.frames,
        box=box,
        text_class=text_class,
        score=score,
        evidence=(Evidence(kind, rule, score),),
        action=_action(text_class, score, policy),
    )
