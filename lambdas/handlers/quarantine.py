"""Quarantine: the catalog says why; the raw object stays where it is, nothing is released or shown any longer.

What was released before is withdrawn: the views hide it, and a signed record in the evidence bucket says why and when.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dicom_deid.errors import OF_THE_OBJECT, Reason
from dicom_deid.evidence.withdrawal import SCHEMA, Withdrawal
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.telemetry import measure
from handlers.view_object import take_back
from services import evidence
from services.access_table import AccessTable
from services.catalog import Catalog, CatalogEntry, Status, TransitionError


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    access_table: str
    deid_bucket: str
    evidence_bucket: str
    signing_key_id: str
    access: Literal["object-lambda", "materialised"] = "object-lambda"


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


_BEYOND_A_FUNCTION = frozenset({"States.Timeout", "Sandbox.Timedout", "Runtime.OutOfMemory"})
"""How Step Functions and Lambda call the end of a run that took too long, or too much memory, twice."""


class Failure(BaseModel):
    """The error output of a state: its name is a reason code, or one of Step Functions' own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    error: str = Field(alias="Error", default="")
    cause: str = Field(alias="Cause", default="")

    @property
    def reason(self) -> Reason:
        """The reason code; ``too-large`` for what no run of a function holds; whatever is none is ``internal``."""
        if self.error in _BEYOND_A_FUNCTION:
            return Reason.TOO_LARGE
        return Reason(self.error) if self.error in set(Reason) else Reason.INTERNAL

    @property
    def state(self) -> str:
        """The state that failed, where the cause says so; never the cause's own text."""
        try:
            told = json.loads(self.cause)
        except ValueError:
            return "unknown"
        if not isinstance(told, dict):
            return "unknown"
        if isinstance(told.get("state"), str):
            return str(told["state"])
        # A Lambda error: our own message is "<reason> in <module>", and the module is named after its state.
        message = told.get("errorMessage")
        module = message.rpartition(" in ")[2] if isinstance(message, str) else ""
        return module.title().replace("_", "") if module.isidentifier() else "unknown"


class FailureEvent(AttemptEvent):
    """An attempt that stopped."""

    failure: Failure = Failure()


@step(FailureEvent)
def handle(event: FailureEvent) -> Result:
    """-> QUARANTINED with reason and state. What an earlier attempt released is not served any more.

    A repeat changes nothing but completes what was not done. An attempt that another one overtook says nothing of the
    instance; where that one was stopped, what this one may have shown meanwhile is hidden.
    """
    entry = _stopped(Catalog(settings().catalog_table), event)
    if entry.status is not Status.QUARANTINED:
        return {"reason": event.failure.reason.value}
    copies = settings().deid_bucket if settings().access == "materialised" else None
    take_back(AccessTable(settings().access_table), event.instance_id, {}, copies)
    if entry.released_attempt is not None:
        _record_withdrawal(entry, entry.released_attempt)
        measure("Withdrawn")
    reason = entry.reason or Reason.INTERNAL.value
    measure("Quarantined", reason=reason)
    return {"reason": reason}


def _stopped(catalog: Catalog, event: FailureEvent) -> CatalogEntry:
    """The entry as it stands afterwards. What stopped the instance first stays its reason."""
    reason, state = event.failure.reason, event.failure.state
    entry = catalog.find(event.instance_id)
    if reason in OF_THE_OBJECT:
        catalog.condemn(event.instance_id, reason, state)
    elif entry is not None and entry.attempt == event.attempt and entry.status is not Status.QUARANTINED:
        catalog.move(
            event.instance_id, event.attempt, Status.QUARANTINED, reason=reason.value, state=state, task_token=None
        )
    now = catalog.find(event.instance_id)
    if now is None:
        raise TransitionError(Status.QUARANTINED.value)
    return now


def _record_withdrawal(entry: CatalogEntry, released_attempt: str) -> None:
    """-> withdrawals/<instance_id>/<attempt>.json and .sig, once for each release."""
    name = f"{entry.instance_id}/{released_attempt}"
    record = Withdrawal(
        schema=SCHEMA,
        instance_ref=entry.instance_id,
        certificate=name,
        reason=entry.reason or Reason.INTERNAL.value,
        withdrawn_at=entry.updated_at,
    )
    evidence.record(settings().evidence_bucket, f"withdrawals/{name}", record.canonical(), settings().signing_key_id)
