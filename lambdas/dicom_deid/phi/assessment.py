"""What each word of an image is: PHI by some evidence, clinical, or unmatched; and what is to happen to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dicom_deid.geometry import Box
from dicom_deid.phi.blocks import neighbours
from dicom_deid.phi.company import (
    beside_names,
    is_about_image,
    is_code,
    is_of_person,
    is_short_line,
    is_term,
    is_unit_or_side,
    loose_numbers,
    ordinary_words,
    parts_of_addresses,
    split_dates,
    trailing_initials,
    with_initials,
)
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass, UnmatchedText
from dicom_deid.phi.formats import FormatMatch, find_formats
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.labels import find_labelled
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical, joins
from dicom_deid.phi.own_header import OwnHeader
from dicom_deid.phi.places import find_institutions, is_of_care
from dicom_deid.phi.reading import PlacedWord, ReadingText, read_in_order
from dicom_deid.phi.unread import unread_parts
from dicom_deid.phi.words import DetectedText, PhiSpan, Word
from dicom_deid.records import ImageRecord

_MARGIN_ALONG = 0.3
"""Of the letter height, added at both ends of a word: OCR misses half a letter there."""
_MARGIN_ACROSS = 0.18
"""Of the letter height, added above and below: descenders and blur reach beyond what OCR reports."""
_CLEAR = 0.35
"""Words of two lines may overlap by this share of the lower one's height: OCR leaves room around its lines."""
_SURE = 0.8
_IN_BLOCK = 0.81
_CONTINUED = 0.81
"""Score of strokes that nobody read, beside a word that is PHI on the same line."""
_SURE_SIGN = 0.5
"""A sign is told from a shape by at least this confidence."""
_SHAPE = 0.1
"""No overlay writes a sign over more than this share of an image."""
_FORMAT_STRONG = frozenset({"medicare", "healthcare-identifier", "nhs-number"})


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
    evidence = _evidence(reading, spans, identity)
    company = _company(reading, evidence)
    evidence = {**evidence, **_in_blocks(reading, evidence, company)}
    findings = [
        _finding(image, placed, evidence.get(placed.word.id, ()), policy, company.get(placed.word.id))
        for placed in reading.words
    ]
    findings = [
        finding
        for finding, placed in zip(_apart(findings, image, reading), reading.words, strict=True)
        if finding.evidence or not _is_shape(placed.word, image)
    ]
    findings += [_region(image, box, Evidence(EvidenceKind.BARCODE, "barcode", 1.0), policy) for box in image.barcodes]
    personal = {word for finding in findings if finding.text_class is TextClass.PHI for word in finding.word_ids}
    words = [image.placement.to_frame(placed.word.quad.bounds) for placed in reading.words]
    for region in image.regions:
        for rest in unread_parts(region, words):
            if personal.intersection(reading.words[index].word.id for index in rest.beside):
                continues = Evidence(EvidenceKind.REGION, "continues-phi", _CONTINUED)
                findings.append(_region(image, rest.box, continues, policy))
            elif not rest.is_edge:
                findings.append(_region(image, rest.box, Evidence(EvidenceKind.REGION, "unread-text", 0.0), policy))
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
        for index in with_initials([placed.word.text for placed in line]):
            note(line[index], EvidenceKind.NAME, "with-initials", _IN_BLOCK)
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
    lines = _lines(reading)
    of_person = [any(placed.word.id in evidence for placed in line) for line in lines]
    for line, beside in zip(lines, neighbours(lines), strict=True):
        near_person = any(of_person[other] for other in beside)
        for index in ordinary_words(
            [placed.word.text for placed in line], [placed.word.id in evidence for placed in line], near_person
        ):
            found.setdefault(line[index].word.id, TextClass.CLINICAL)
    return found


def _in_blocks(
    reading: ReadingText, evidence: Mapping[int, tuple[Evidence, ...]], company: Mapping[int, TextClass]
) -> dict[int, tuple[Evidence, ...]]:
    """Evidence for what nothing knows in a line with PHI, or in one directly above or below such a line.

    Numbers and single letters beside what is PHI so, in a line without any term, go with it.
    """
    lines = _lines(reading)
    of_person = [
        any(item.score >= _SURE for placed in line for item in evidence.get(placed.word.id, ())) for line in lines
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
            _classify(placed.word, evidence.get(placed.word.id, ()), company.get(placed.word.id))[0]
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
        for index in {*small, *(index for index, here in enumerate(unknown) if here)}:
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


def _is_shape(word: Word, image: ImageRecord) -> bool:
    """A single sign, read without certainty and as large as no overlay writes: anatomy that OCR took for a letter."""
    x0, y0, x1, y1 = word.quad.bounds
    share = (x1 - x0) * (y1 - y0) / (image.width * image.height)
    return len(word.text.strip()) == 1 and word.confidence < _SURE_SIGN and share > _SHAPE


def _classify(word: Word, evidence: tuple[Evidence, ...], company: TextClass | None) -> tuple[TextClass, float]:
    score = max((item.score for item in evidence), default=0.0)
    labels_only = {item.kind for item in evidence} <= {EvidenceKind.LABEL, EvidenceKind.COMPREHEND}
    code = any(item.rule == "labelled-person" for item in evidence) and is_code(word.text)
    if evidence and (code or not (labels_only and is_unit_or_side(word.text))):
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


def _apart(findings: list[Finding], image: ImageRecord, reading: ReadingText) -> list[Finding]:
    """The findings, without the part of a margin that reaches into a kept word of another line."""
    places = [image.placement.to_frame(placed.word.quad.bounds) for placed in reading.words]
    kept = [
        place
        for place, placed, finding in zip(places, reading.words, findings, strict=True)
        if finding.action is Action.KEEP and not placed.word.text.endswith(":")
    ]
    done = []
    for finding, place in zip(findings, places, strict=True):
        box = finding.box
        if finding.action is not Action.KEEP:
            for other in kept:
                box = _without(box, place, other)
        done.append(replace(finding, box=box))
    return done


def _without(box: Box, place: Box, other: Box) -> Box:
    """A box around `place` that ends where `other`, which stands clear of it to one side, begins."""
    if box.intersection(other) is None:
        return box
    across = _CLEAR * min(place.height, other.height) if place.width >= place.height else 1
    along = _CLEAR * min(place.width, other.width) if place.width < place.height else 1
    if other.y0 >= place.y1 - across:
        return replace(box, y1=max(min(box.y1, other.y0), place.y1))
    if other.y1 <= place.y0 + across:
        return replace(box, y0=min(max(box.y0, other.y1), place.y0))
    if other.x0 >= place.x1 - along:
        return replace(box, x1=max(min(box.x1, other.x0), place.x1))
    if other.x1 <= place.x0 + along:
        return replace(box, x0=min(max(box.x0, other.x1), place.x0))
    return box


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
        action=_action(text_class, evidence.score, policy),
    )
