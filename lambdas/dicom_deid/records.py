"""What the states of one attempt leave for each other in the work area (raw zone), as typed records.

The JSON form of each is pydantic's for the dataclass; `services.work` reads and writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dicom_deid.geometry import Box, Placement
from dicom_deid.phi.findings import Finding
from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.pixels.images import OcrImage, Route

if TYPE_CHECKING:
    from dicom_deid.pixels.extraction import Extraction


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image for text detection: images/<group>/<image>.png and what it stands for (`pixels.images.OcrImage`)."""

    group: int
    image: int
    media_type: str
    width: int
    height: int
    frames: tuple[int, ...]
    placement: Placement
    regions: tuple[Box, ...] = ()
    barcodes: tuple[Box, ...] = ()

    @classmethod
    def of(cls, made: OcrImage, image: int, *, group: int) -> ImageRecord:
        """The record of an image that was made, as number `image` of the instance."""
        return cls(
            group=group,
            image=image,
            media_type="image/jpeg" if made.content[:2] == b"\xff\xd8" else "image/png",
            width=made.width,
            height=made.height,
            frames=made.frames,
            placement=made.placement,
            regions=made.regions,
            barcodes=made.barcodes,
        )


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """source.json: the raw object as it was read once. `rows`, `columns`, `frames` are 0 where there are no pixels."""

    bytes: int
    sha256: str
    transfer_syntax: str
    modality: str
    rows: int
    columns: int
    frames: int
    identity: HeaderIdentity
    examined: bool = False
    """Whether every frame went to text detection (route ``pixels``): only then may the pixels be called clean."""
    never_boxed: bool = False
    """Whether the pixels are measurements (segmentations, dose): text found there is for a person, never a box."""
    images: tuple[ImageRecord, ...] = ()
    must_review: str | None = None
    """A reason code where a person must look whatever is found (slide overview, recognizable face), else None."""

    @classmethod
    def of(
        cls, extraction: Extraction, *, size: int, sha256: str, syntax: str, identity: HeaderIdentity
    ) -> SourceRecord:
        """The record of an object that was routed; its images are added once they are made."""
        description = extraction.description
        return cls(
            bytes=size,
            sha256=sha256,
            transfer_syntax=syntax,
            modality=description.modality if description else "",
            rows=description.rows if description else 0,
            columns=description.columns if description else 0,
            frames=extraction.frames,
            identity=identity,
            examined=extraction.route is Route.PIXELS,
            never_boxed=extraction.never_boxed,
            must_review=extraction.must_review.value if extraction.must_review else None,
        )


@dataclass(frozen=True, slots=True)
class FindingsRecord:
    """findings/<group>.json. `truncated`: text detection reached a limit on some image; a person must look."""

    group: int
    truncated: bool
    findings: tuple[Finding, ...]


class Outcome(StrEnum):
    """What a person decided."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """decision.json: what a person decided about exactly the plan with this digest.

    An approval blacks out every box of the plan with action ``redact`` or ``review``. Where `boxes` names some of those
    under review (indices into the plan's boxes), the others under review stay as they are.
    """

    outcome: Outcome
    plan_sha256: str
    reviewer_ref: str
    boxes: tuple[int, ...] | None = None


class CheckResult(StrEnum):
    """How a check ended."""

    PASS = "pass"
    FAIL = "fail"
    REVIEW = "review"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One independent check on the finished object. `id` is stable, `detail` a rule or count, never a value."""

    id: str
    result: CheckResult
    reason: str | None = None
    detail: str = ""


class Verdict(StrEnum):
    """What follows from all checks."""

    PASS = "pass"
    REVIEW = "review"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class FrameChange:
    """A frame whose pixels changed: 0-based index, keyed digests of the encoded frame before and after."""

    frame: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VerificationRecord:
    """verification.json. `residual` are findings that a second look still made; they go to a person, once."""

    candidate_sha256: str
    candidate_bytes: int
    verdict: Verdict
    checks: tuple[Check, ...]
    residual: tuple[Finding, ...] = ()
    frames: tuple[FrameChange, ...] = ()
