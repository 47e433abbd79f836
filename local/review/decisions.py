"""The file that the review page saves: what a person decided about which plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from dicom_deid.errors import ConfigurationError
from dicom_deid.records import Outcome, ReviewDecision
from local.review.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Answer:
    """About one instance. `boxes` are those under review that are blacked out, by index; None means all."""

    instance_ref: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    plan_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    outcome: Outcome
    boxes: tuple[int, ...] | None = None

    def by(self, reviewer_ref: str) -> ReviewDecision:
        """The decision that is stored."""
        return ReviewDecision(self.outcome, self.plan_sha256, reviewer_ref, self.boxes)


@dataclass(frozen=True, slots=True)
class Decisions:
    """decisions.json."""

    schema: Literal["dicom-deid/decisions/1"]
    decisions: tuple[Answer, ...]


_FILE: Final = TypeAdapter(Decisions)


def read_answers(path: Path) -> tuple[Answer, ...]:
    """What the page saved.

    Raises
    ------
    ConfigurationError
        When the file is none of the page's, or speaks of an instance twice.
    """
    try:
        answers = _FILE.validate_json(path.read_bytes()).decisions
    except (OSError, ValidationError):
        raise ConfigurationError("the decisions file is not one that the review page saved") from None
    if len({answer.instance_ref for answer in answers}) < len(answers):
        raise ConfigurationError("the decisions file speaks of an instance twice")
    return answers


def refuse_unknown_boxes(one: Waiting, boxes: tuple[int, ...] | None) -> None:
    """A number that is no box under review would leave the one that was meant as it is.

    Raises
    ------
    ConfigurationError
        When a box is named that is not under review.
    """
    asked = {doubt.index for doubt in one.doubts if not doubt.whole}
    if boxes is not None and not set(boxes) <= asked:
        raise ConfigurationError("a box is named that is not under review: see the numbers on the review page")
