"""The redaction plan: which boxes on which frames, why, and what is to happen to them. It holds no text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

import rfc8785
from pydantic import TypeAdapter

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence


@dataclass(frozen=True, slots=True)
class PlannedBox:
    """A box in frame pixels on 0-based `frames` (sorted)."""

    frames: tuple[int, ...]
    box: Box
    action: Action
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RedactionPlan:
    """Every box of one instance. `fill` is ``auto``: black for the photometric interpretation (DESIGN of fills in
    `pixels.fills`).
    """

    version: int = 1
    boxes: tuple[PlannedBox, ...] = ()
    fill: str = "auto"

    def canonical(self) -> bytes:
        """RFC 8785 canonical JSON: what `plan_sha256` is taken of, and what a reviewer's decision is bound to."""
        return rfc8785.dumps(_PLAN.dump_python(self, mode="json"))

    @classmethod
    def parse(cls, content: bytes) -> RedactionPlan:
        """The plan from its JSON form.

        Raises
        ------
        pydantic.ValidationError
            When the content is not a plan.
        """
        return _PLAN.validate_json(content)

    @property
    def sha256(self) -> str:
        """The digest of the canonical form."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def count(self, action: Action) -> int:
        """How many boxes have that action."""
        return sum(1 for box in self.boxes if box.action is action)

    def redactions(self) -> dict[int, tuple[Box, ...]]:
        """The boxes to black out, by frame. Boxes with action ``keep`` or ``review`` are not among them."""
        found: dict[int, list[Box]] = {}
        for planned in self.boxes:
            if planned.action is Action.REDACT:
                for frame in planned.frames:
                    found.setdefault(frame, []).append(planned.box)
        return {frame: tuple(boxes) for frame, boxes in sorted(found.items())}


_PLAN = cast("TypeAdapter[RedactionPlan]", TypeAdapter(RedactionPlan))
