"""What each word of an image is: PHI by some evidence, clinical, or unmatched; and what is to happen to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass, UnmatchedText
from dicom_deid.phi.formats import find_formats
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.labels import find_labelled
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical
from dicom_deid.phi.own_header import OwnHeader
from dicom_deid.phi.reading import PlacedWord, ReadingText, read_in_order
from dicom_deid.phi.words import DetectedText, PhiSpan, Word
from dicom_deid.records import ImageRecord

_MARGIN = 0.2
"""Of the letter height, added on every side: descenders and blur reach beyond what OCR reports."""
_READ_SHARE = 0.15
"""A text-like region of which at least this share is covered by words counts as read."""
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
    findings = [_finding(image, placed, evidence.get(placed.word.id, ()), policy) for placed in reading.words]
    findings += [_region(image, box, EvidenceKind.BARCODE, "barcode", policy) for box in image.barcodes]
    boxes = [finding.box for finding in findings]
    for region in image.regions:
        if _covered(region, boxes) < _READ_SHARE:
            findings.append(_region(image, region, EvidenceKind.REGION, "unread-text", policy))
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
    for line in _lines(reading):
        for match in own.matches([placed.word.text for placed in line]):
            for index in match.words:
                note(line[index], EvidenceKind.HEADER, match.rule, 1.0)
        begin = line[0].begin
        text = reading.text[begin : line[-1].end]
        for known in find_formats(text):
            for placed in reading.words_of(begin + known.begin, begin + known.end):
                score = 1.0 if known.rule in _FORMAT_STRONG else known.score
                note(placed, EvidenceKind.FORMAT, known.rule, score)
        for labelled in find_labelled(text):
            for placed in reading.words_of(begin + labelled.begin, begin + labelled.end):
                note(placed, EvidenceKind.LABEL, labelled.rule, labelled.score)
    for span in spans:
        for placed in reading.words_of(span.begin, span.end):
            note(placed, EvidenceKind.COMPREHEND, span.kind.lower(), min(max(span.score, 0.0), 1.0))
    return {
        word: tuple(
            Evidence(kind, rule, score)
            for (kind, rule), score in sorted(known.items(), key=lambda item: (-item[1], item[0]))
        )
        for word, known in found.items()
    }


def _lines(reading: ReadingText) -> list[list[PlacedWord]]:
    lines: defaultdict[int, list[PlacedWord]] = defaultdict(list)
    for placed in reading.words:
        lines[placed.line].append(placed)
    return list(lines.values())


def _finding(image: ImageRecord, placed: PlacedWord, evidence: tuple[Evidence, ...], policy: Policy) -> Finding:
    word = placed.word
    text_class, score = _classify(word, evidence)
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


def _classify(word: Word, evidence: tuple[Evidence, ...]) -> tuple[TextClass, float]:
    clinical = is_clinical(word.text)
    score = max((item.score for item in evidence), default=0.0)
    labels_only = {item.kind for item in evidence} <= {EvidenceKind.LABEL, EvidenceKind.COMPREHEND}
    if evidence and not (clinical and labels_only and _is_unit_or_side(word.text)):
        return TextClass.PHI, score
    if clinical or is_nearly_clinical(word.text):
        return TextClass.CLINICAL, 0.0
    return TextClass.UNMATCHED, 0.0


def _is_unit_or_side(text: str) -> bool:
    """Words that even a labelled field or a language model does not make PHI: sides, units, punctuation."""
    core = text.strip(".:,;()[]/-").lower()
    return not core or core in {"l", "r", "left", "right", "mm", "cm", "mhz", "hz", "db", "fps", "kv", "mas"}


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
    margin = max(2, round(min(box.width, box.height) * _MARGIN))
    return box.grown(margin, margin)


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


def _covered(region: Box, boxes: Iterable[Box]) -> float:
    """The share of a region that boxes cover, at most 1 (overlaps count twice, which only errs to read)."""
    shared = (region.intersection(box) for box in boxes)
    return min(1.0, sum(part.area for part in shared if part) / region.area)
