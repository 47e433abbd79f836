"""What text detection and PHI detection answer, whichever engine gave it."""

from __future__ import annotations

from dataclasses import dataclass

from dicom_deid.geometry import Quad


@dataclass(frozen=True, slots=True)
class Word:
    """One word as text detection read it. `confidence` is in [0, 1]; `quad` is in image pixels."""

    id: int
    text: str
    quad: Quad
    confidence: float


@dataclass(frozen=True, slots=True)
class DetectedText:
    """The words of one image. `truncated` is true where the engine may have dropped words (a limit was reached)."""

    group: int
    image: int
    engine: str
    truncated: bool
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class PhiSpan:
    """A span of characters that a PHI detector named. `begin` and `end` are half-open character offsets into the text
    it was given; `kind` is the detector's own type name (NAME, DATE, ID, AGE …); `score` is in [0, 1].
    """

    begin: int
    end: int
    kind: str
    score: float
