"""Who says what of each word of an image: the header, formats, labels, the PHI detector, a name beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from dicom_deid.phi.blocks import lines_of
from dicom_deid.phi.company import beside_names, is_of_person, split_dates, street_line, with_initials
from dicom_deid.phi.findings import Evidence, EvidenceKind
from dicom_deid.phi.formats import FormatMatch, find_formats
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.phi.labels import find_labelled
from dicom_deid.phi.own_header import OwnHeader
from dicom_deid.phi.places import find_institutions
from dicom_deid.phi.reading import PlacedWord, ReadingText
from dicom_deid.phi.words import PhiSpan

_FORMAT_STRONG: Final = frozenset({"medicare", "healthcare-identifier", "nhs-number"})
"""Formats with check digits."""
_WITH_INITIALS: Final = 0.81
_STREET_LINE: Final = 0.81


def gathered(
    reading: ReadingText, spans: Iterable[PhiSpan], identity: HeaderIdentity
) -> dict[int, tuple[Evidence, ...]]:
    """The evidence for each word by its id, without doubles, strongest first."""
    found: defaultdict[int, dict[tuple[EvidenceKind, str], float]] = defaultdict(dict)

    def note(placed: PlacedWord, kind: EvidenceKind, rule: str, score: float) -> None:
        known = found[placed.word.id]
        known[kind, rule] = max(known.get((kind, rule), 0.0), score)

    own = OwnHeader(identity)
    lines = [(line, [placed.word.text for placed in line]) for line in lines_of(reading)]
    for line, texts in lines:
        for match in own.matches(texts):
            for index in match.words:
                note(line[index], EvidenceKind.HEADER, match.rule, 1.0)
        begin = line[0].begin
        for kind, known in _patterns(reading.text[begin : line[-1].end]):
            for placed in reading.words_of(begin + known.begin, begin + known.end):
                note(placed, kind, known.rule, 1.0 if known.rule in _FORMAT_STRONG else known.score)
        for index in split_dates(texts):
            note(line[index], EvidenceKind.FORMAT, "date", 0.9)
        for index in with_initials(texts):
            note(line[index], EvidenceKind.NAME, "with-initials", _WITH_INITIALS)
    for span in spans:
        for placed in reading.words_of(span.begin, span.end):
            note(placed, EvidenceKind.COMPREHEND, span.kind.lower(), min(max(span.score, 0.0), 1.0))
    for line, texts in lines:
        named = [any(is_of_person(kind, rule) for kind, rule in found.get(placed.word.id, ())) for placed in line]
        for index, rule, score in beside_names(texts, named):
            note(line[index], EvidenceKind.NAME, rule, score)
        for index in street_line(texts, named):
            note(line[index], EvidenceKind.NAME, "street-line", _STREET_LINE)
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
