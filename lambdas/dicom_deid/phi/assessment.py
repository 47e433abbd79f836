"""What each word of an image is: PHI by some evidence, clinical, or unmatched; and what is to happen to it."""

from __future__ import annotations

from collections.abc import Sequence

from dicom_deid.geometry import Box
from dicom_deid.phi.classification import action_on, classes_by_company, classify
from dicom_deid.phi.findings import Evidence, EvidenceKind, Finding, Policy, TextClass
from dicom_deid.phi.gathering import gathered
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.identity_blocks import evidence_by_block
from dicom_deid.phi.margins import apart, with_margin
from dicom_deid.phi.reading import PlacedWord, read_in_order
from dicom_deid.phi.unread import unread_parts
from dicom_deid.phi.words import DetectedText, PhiSpan, Word
from dicom_deid.records import ImageRecord

_CONTINUED = 0.81
"""Score of strokes that nobody read, beside a word that is PHI on the same line."""
_SURE_SIGN = 0.5
"""A sign is told from a shape by at least this confidence."""
_SHAPE = 0.1
"""No overlay writes a sign over more than this share of an image."""


def assess(
    image: ImageRecord, detected: DetectedText, spans: Sequence[PhiSpan], identity: HeaderIdentity, policy: Policy
) -> tuple[Finding, ...]:
    """Every word, barcode and unread text-like region of one image, each with its evidence.

    Strokes that nobody read go with the PHI that they continue: the last digit of a number, the rest of a name.

    Parameters
    ----------
    image
        Its placement maps image pixels to frame pixels.
    spans
        What the PHI detector said of `read_in_order(detected.words).text`.
    """
    reading = read_in_order(detected.words)
    evidence = gathered(reading, spans, identity)
    company = classes_by_company(reading, evidence)
    evidence = {**evidence, **evidence_by_block(reading, evidence, company)}
    findings = [
        _finding(image, placed, evidence.get(placed.word.id, ()), policy, company.get(placed.word.id))
        for placed in reading.words
    ]
    findings = [
        finding
        for finding, placed in zip(apart(findings, image, reading), reading.words, strict=True)
        if finding.evidence or not _is_shape(placed.word, image)
    ]
    findings += [_region(image, box, Evidence(EvidenceKind.BARCODE, "barcode", 1.0), policy) for box in image.barcodes]
    personal = {word for finding in findings if finding.text_class is TextClass.PHI for word in finding.word_ids}
    words = [image.placement.to_frame(placed.word.quad.bounds) for placed in reading.words]
    for region in image.regions:
        for rest in unread_parts(region, words):
            if personal.intersection(reading.words[index].word.id for index in rest.beside):
                continued = Evidence(EvidenceKind.REGION, "continues-phi", _CONTINUED)
                findings.append(_region(image, rest.box, continued, policy))
            elif not rest.is_edge:
                findings.append(_region(image, rest.box, Evidence(EvidenceKind.REGION, "unread-text", 0.0), policy))
    return tuple(findings)


def _finding(
    image: ImageRecord,
    placed: PlacedWord,
    evidence: tuple[Evidence, ...],
    policy: Policy,
    company: TextClass | None,
) -> Finding:
    word = placed.word
    text_class, score = classify(word, evidence, company)
    if text_class is TextClass.CLINICAL and not evidence:
        evidence = (Evidence(EvidenceKind.VOCABULARY, "overlay", 0.0),)
    return Finding(
        image=image.image,
        word_ids=(word.id,),
        frames=image.frames,
        box=with_margin(image, word),
        text_class=text_class,
        score=score,
        evidence=evidence,
        action=action_on(text_class, score, policy),
    )


def _is_shape(word: Word, image: ImageRecord) -> bool:
    """A single sign, read without certainty and as large as no overlay writes: anatomy that OCR took for a letter."""
    x0, y0, x1, y1 = word.quad.bounds
    share = (x1 - x0) * (y1 - y0) / (image.width * image.height)
    return len(word.text.strip()) == 1 and word.confidence < _SURE_SIGN and share > _SHAPE


def _region(image: ImageRecord, box: Box, evidence: Evidence, policy: Policy) -> Finding:
    """A place without words: PHI by its evidence, or unmatched."""
    text_class = TextClass.PHI if evidence.score else TextClass.UNMATCHED
    return Finding(
        image=image.image,
        word_ids=(),
        frames=image.frames,
        box=box,
        text_class=text_class,
        score=evidence.score,
        evidence=(evidence,),
        action=action_on(text_class, evidence.score, policy),
    )
