"""What was found on a frame and what is to happen to it. No finding holds a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dicom_deid.geometry import Box


class EvidenceKind(StrEnum):
    """Who says so."""

    HEADER = "header"
    FORMAT = "format"
    COMPREHEND = "comprehend"
    NAME = "name"
    LABEL = "label"
    BARCODE = "barcode"
    VOCABULARY = "vocabulary"
    REGION = "region"
    VERIFICATION = "verification"


class TextClass(StrEnum):
    """What a text is."""

    PHI = "phi"
    CLINICAL = "clinical"
    UNMATCHED = "unmatched"


class Action(StrEnum):
    """What happens to a box."""

    REDACT = "redact"
    REVIEW = "review"
    KEEP = "keep"


class UnmatchedText(StrEnum):
    """The setting for text that nothing says is PHI and nothing says is clinical."""

    REDACT = "redact"
    REVIEW = "review"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: `rule` is a stable name such as ``patient-name`` or ``medicare``; `score` is in [0, 1]."""

    kind: EvidenceKind
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A word, a run of words or a text-like region on some frames.

    `frames` are 0-based indices into the instance; `box` is in frame pixels; `word_ids` are the ids of the words in
    their image (empty for a region that no engine read). `text_class` and `action` follow from `evidence`.
    """

    image: int
    word_ids: tuple[int, ...]
    frames: tuple[int, ...]
    box: Box
    text_class: TextClass
    score: float
    evidence: tuple[Evidence, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Policy:
    """How doubt is resolved: PHI at or above `threshold` is redacted, below it a person looks."""

    threshold: float = 0.80
    unmatched: UnmatchedText = UnmatchedText.REDACT

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise ValueError("threshold must be in (0, 1]")
