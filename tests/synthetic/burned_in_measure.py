"""How well burned-in text is found: generated objects through the real path, words against boxes.

The path is the library's and the services' own: frames are extracted, DetectText and DetectPHI are asked at the wire
(the detectors of this machine answer), findings are assessed and planned.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dicom_deid.errors import BadInputError
from dicom_deid.geometry import Box
from dicom_deid.part10.reader import read_header
from dicom_deid.phi.assessment import assess
from dicom_deid.phi.findings import Action, Finding, Policy, UnmatchedText
from dicom_deid.phi.identity import HeaderIdentity, harvest
from dicom_deid.phi.planning import plan
from dicom_deid.phi.reading import read_in_order
from dicom_deid.phi.words import DetectedText, PhiSpan
from dicom_deid.pixels.extraction import Extraction, extract
from dicom_deid.pixels.images import Route
from dicom_deid.pixels.lasting_text import in_colours, with_lasting
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import ImageRecord
from local.environment import REGION, applied
from local.wire.stand_ins import PhiDetector, TextDetector, install
from services import clients
from services.phi_detection import detect_phi
from services.text_detection import Engine, detect
from tests.synthetic.burned_in import BurnedIn, TrueWord
from tests.synthetic.burned_in_layouts import Kind

COVERED: Final = 0.99
"""A PHI word is covered where at least this share of its ink is inside boxes."""
HIT: Final = 0.10
"""A clinical word is hit where at least this share of its ink is inside boxes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detectors said of one object, before any policy."""

    extraction: Extraction
    identity: HeaderIdentity
    images: tuple[tuple[ImageRecord, DetectedText, tuple[PhiSpan, ...]], ...]
    shown: tuple[bytes, ...]
    """The images, encoded."""

    def findings(self, policy: Policy) -> tuple[Finding, ...]:
        """Every word's class and action."""
        return tuple(
            finding
            for record, detected, spans in self.images
            for finding in assess(record, detected, spans, self.identity, policy)
        )

    def plan(self, policy: Policy) -> RedactionPlan:
        """The boxes."""
        description = self.extraction.description
        assert description is not None
        found = with_lasting(
            self.findings(policy),
            [record for record, _, _ in self.images],
            lambda record: in_colours(self.shown[record.image]),
            rows=description.rows,
            columns=description.columns,
        )
        return plan(
            found,
            rows=description.rows,
            columns=description.columns,
            frames=description.frames,
            policy=policy,
            must_review=self.extraction.must_review.value if self.extraction.must_review else None,
            never_boxed=self.extraction.never_boxed,
            truncated=any(detected.truncated for _, detected, _ in self.images),
        )


@contextmanager
def detectors(text: TextDetector, phi: PhiDetector) -> Iterator[None]:
    """The services' clients, answered by these detectors; nothing leaves the machine."""
    nobody = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": REGION}
    with applied(nobody):
        clients.forget()
        install(
            {
                "rekognition": clients.rekognition(),
                "textract": clients.textract(),
                "comprehendmedical": clients.comprehendmedical(),
            },
            text,
            phi,
        )
        try:
            yield
        finally:
            clients.forget()


def look_at(content: bytes, engine: Engine = Engine.REKOGNITION) -> Seen:
    """Extract an object's images and ask the detectors about each.

    Raises
    ------
    BadInputError
        Where the object is refused by name.
    """
    source = io.BytesIO(content)
    extraction = extract(source)
    if extraction.route is not Route.PIXELS:
        reason = extraction.reason
        assert reason is not None
        raise BadInputError(reason, "refused by its route")
    identity = harvest(read_header(io.BytesIO(content)))
    images, shown = [], []
    for number, image in enumerate(extraction.images):
        record = ImageRecord(
            group=0,
            image=number,
            media_type="image/png",
            width=image.width,
            height=image.height,
            frames=image.frames,
            placement=image.placement,
            regions=image.regions,
            barcodes=image.barcodes,
        )
        detected = detect(engine, 0, number, image.content, image.width, image.height)
        shown.append(image.content)
        images.append((record, detected, detect_phi(read_in_order(detected.words).text)))
    return Seen(extraction, identity, tuple(images), tuple(shown))


@dataclass(frozen=True, slots=True)
class Judged:
    """A word with the share of its ink that boxes cover, on the frame where they cover least of it."""

    word: TrueWord
    share: float


@dataclass
class Tally:
    """Counts over many objects, under one policy."""

    objects: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    reviewed: int = 0
    phi: int = 0
    phi_covered: int = 0
    phi_redacted: int = 0
    clinical: int = 0
    clinical_hit: int = 0
    strays: int = 0
    stray_area: float = 0.0
    """Sum over objects of the share of a frame that boxes cover which touch no drawn word."""

    @property
    def recall(self) -> float:
        """Share of PHI words covered, boxes that a person has yet to confirm included."""
        return self.phi_covered / max(1, self.phi)

    @property
    def over(self) -> float:
        """Share of clinical words hit."""
        return self.clinical_hit / max(1, self.clinical)

    @property
    def review_share(self) -> float:
        """Share of objects that wait for a person."""
        return self.reviewed / max(1, self.objects)

    def refuse(self, reason: str, crashed: BurnedIn | None = None) -> None:
        """Count an object that was not processed. Where the tool crashed on it, its words stay uncovered."""
        self.objects += 1
        self.refused[reason] = self.refused.get(reason, 0) + 1
        if crashed is not None:
            self.phi += sum(word.kind is Kind.PHI for word in crashed.words)
            self.clinical += sum(word.kind is Kind.CLINICAL for word in crashed.words)

    def add(self, made: BurnedIn, planned: RedactionPlan) -> list[Judged]:
        """Count one object; gives the words that came out wrong."""
        drawn = _by_frame(planned, {Action.REDACT, Action.REVIEW})
        redacted = _by_frame(planned, {Action.REDACT})
        wrong: list[Judged] = []
        self.objects += 1
        self.reviewed += planned.count(Action.REVIEW) > 0
        self._count_strays(made, planned)
        for word in made.words:
            share = covered(word, drawn)
            if word.kind is Kind.PHI:
                self.phi += 1
                self.phi_covered += share >= COVERED
                self.phi_redacted += covered(word, redacted) >= COVERED
                if share < COVERED:
                    wrong.append(Judged(word, share))
            elif word.kind is Kind.CLINICAL:
                self.clinical += 1
                self.clinical_hit += covered(word, redacted, least=False) >= HIT
                if covered(word, redacted, least=False) >= HIT:
                    wrong.append(Judged(word, share))
        return wrong

    def _count_strays(self, made: BurnedIn, planned: RedactionPlan) -> None:
        near = [word.box.grown(6, 6) for word in made.words]
        for box in planned.boxes:
            if box.action is Action.REDACT and not any(box.box.intersection(word) for word in near):
                self.strays += 1
                self.stray_area += box.box.area / made.area


def covered(word: TrueWord, boxes: Mapping[int, Sequence[Box]], *, least: bool = True) -> float:
    """The share of the word's ink inside boxes, on the frame with the least (or the most) of it."""
    shares = [_share(word, boxes.get(frame, ())) for frame in word.frames]
    return min(shares) if least else max(shares)


def _share(word: TrueWord, boxes: Iterable[Box]) -> float:
    inside = np.zeros(word.ink.shape, bool)
    for box in boxes:
        part = box.intersection(word.box)
        if part is not None:
            inside[part.y0 - word.box.y0 : part.y1 - word.box.y0, part.x0 - word.box.x0 : part.x1 - word.box.x0] = True
    return float((inside & word.ink).sum() / max(1, word.ink.sum()))


def _by_frame(planned: RedactionPlan, actions: set[Action]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    for box in planned.boxes:
        whole = any(item.rule == "whole-frame" for item in box.evidence)
        if box.action in actions and not whole:
            for frame in box.frames:
                found.setdefault(frame, []).append(box.box)
    return found


POLICIES: Final[Mapping[str, Policy]] = {
    "redact": Policy(unmatched=UnmatchedText.REDACT),
    "keep": Policy(unmatched=UnmatchedText.KEEP),
}
"""The settings that are measured."""
