"""What waits in a deployment: read and answered with the rights of the policy ``dicom-deid-<stage>-reviewer-…``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dicom_deid.errors import ConfigurationError
from local.review.decisions import Answer, refuse_unknown_boxes
from local.review.gathering import waiting
from local.review.waiting import Waiting
from services import executions
from services.catalog import Catalog, CatalogEntry, Status
from services.work import WorkArea


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the reviews of a deployment are."""

    work_bucket: str
    catalog: Catalog

    @classmethod
    def of(cls, stage: str, account: str, region: str) -> Deployed:
        """The deployment of a stage, by the names that its templates give."""
        prefix = f"dicom-deid-{stage}"
        return cls(f"{prefix}-work-{account}-{region}", Catalog(f"{prefix}-catalog"))

    def references(self) -> list[str]:
        """The instances that wait, in the order of their references."""
        return sorted(entry.instance_id for entry in self.catalog.entries(Status.IN_REVIEW))

    def shown(self, references: list[str]) -> Iterator[Waiting]:
        """The pictures of each that still waits."""
        for reference in references:
            entry = self.catalog.find(reference)
            if entry is not None and entry.status is Status.IN_REVIEW:
                yield self._waiting(entry)

    def check(self, answer: Answer) -> None:
        """See that an answer is about what waits now.

        Raises
        ------
        ConfigurationError
            When the instance waits no longer, waits with other boxes, or a box is named that is not in doubt.
        """
        entry = self._entry(answer)
        refuse_unknown_boxes(self._waiting(entry), answer.boxes)

    def answer(self, answer: Answer, reviewer_ref: str) -> bool:
        """Store a decision and let the execution go on; False when it does not wait any more.

        Then the decision stands nevertheless: the next attempt finds it.
        """
        entry = self._entry(answer)
        WorkArea(self.work_bucket, entry.instance_id, entry.attempt).write_decision(answer.by(reviewer_ref))
        return executions.answer_review(entry.task_token or "", answer.outcome.value, answer.plan_sha256)

    def _entry(self, answer: Answer) -> CatalogEntry:
        entry = self.catalog.find(answer.instance_ref)
        if entry is None or entry.status is not Status.IN_REVIEW or entry.plan_sha256 != answer.plan_sha256:
            raise ConfigurationError(
                f"{answer.instance_ref[:8]} does not wait any more, or not with the boxes that were shown: "
                "fetch the page again"
            )
        return entry

    def _waiting(self, entry: CatalogEntry) -> Waiting:
        work = WorkArea(self.work_bucket, entry.instance_id, entry.attempt)
        return waiting(
            entry.instance_id,
            work.read_source(),
            work.read_plan(),
            lambda image: work.read_image(image.group, image.image, image.media_type),
        )
