"""The box that a word's redaction takes: with room for what OCR misses of it, clear of kept words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Finding
from dicom_deid.phi.reading import ReadingText, quarter_of
from dicom_deid.phi.words import Word
from dicom_deid.records import ImageRecord

_ALONG: Final = 0.3
"""Of the letter height, added at both ends of a word: OCR misses half a letter there."""
_ACROSS: Final = 0.18
"""Of the letter height, added above and below: descenders and blur reach beyond what OCR reports."""
_CLEAR: Final = 0.35
"""Words of two lines may overlap by this share of the lower one's height: OCR leaves room around its lines."""


def with_margin(image: ImageRecord, word: Word) -> Box:
    """A word's place in its frame with its margin, in frame pixels."""
    box = image.placement.to_frame(word.quad.bounds)
    letter = min(box.width, box.height)
    along, across = (max(2, round(letter * share)) for share in (_ALONG, _ACROSS))
    return box.grown(along, across) if quarter_of(word) % 2 == 0 else box.grown(across, along)


def apart(findings: Sequence[Finding], image: ImageRecord, reading: ReadingText) -> list[Finding]:
    """The findings of a reading's words, one each, without what of a margin reaches into a kept word."""
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
