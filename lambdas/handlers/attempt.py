"""One attempt on one instance, as every state finds it: catalog entry, raw object, work area, pseudonyms."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.phi.findings import Action
from dicom_deid.phi.planning import apply_decision
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Outcome
from handlers.boundary import AttemptEvent
from services.catalog import Catalog, CatalogEntry
from services.objects import ObjectVersion
from services.work import WorkArea


class CandidateReference(BaseModel):
    """The candidate that was verified."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class CandidateEvent(AttemptEvent):
    """An attempt with its candidate."""

    candidate: CandidateReference


@dataclass(frozen=True, slots=True)
class Attempt:
    """References only; nothing is read but the catalog entry."""

    catalog: Catalog
    entry: CatalogEntry
    work: WorkArea

    @property
    def raw(self) -> ObjectVersion:
        """The raw object, by the version that was uploaded."""
        return ObjectVersion(self.entry.bucket, self.entry.key, self.entry.version_id)

    def decided_plan(self) -> RedactionPlan:
        """The plan to apply: as it stands, or as a person decided it.

        Raises
        ------
        BadInputError
            ``low-confidence-phi`` where the plan has doubts and nobody approved exactly this plan and boxes of it.
        """
        plan = self.work.read_plan()
        if plan.count(Action.REVIEW) == 0:
            return plan
        decision = self.work.read_decision(plan.sha256)
        if decision is None or decision.outcome is not Outcome.APPROVE:
            raise BadInputError(Reason.LOW_CONFIDENCE_PHI, "the plan has boxes to review and no approval")
        try:
            return apply_decision(plan, decision)
        except ValueError:
            raise BadInputError(Reason.LOW_CONFIDENCE_PHI, "the approval is not one of this plan's boxes") from None


def open_attempt(event: AttemptEvent, catalog_table: str, work_bucket: str) -> Attempt:
    """The attempt that an event names.

    Raises
    ------
    TransitionError
        When another attempt on the instance is under way.
    """
    catalog = Catalog(catalog_table)
    entry = catalog.get(event.instance_id, event.attempt)
    return Attempt(catalog, entry, WorkArea(work_bucket, event.instance_id, event.attempt))
