"""Quarantine: the catalog says why; the raw object stays where it is, nothing is released or shown any longer."""

from __future__ import annotations

import json
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dicom_deid.errors import Reason
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.telemetry import measure
from handlers.view_object import take_back
from services.access_table import AccessTable
from services.catalog import Catalog, Status


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    access_table: str
    deid_bucket: str
    access: Literal["object-lambda", "materialised"] = "object-lambda"


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class Failure(BaseModel):
    """The error output of a state: its name is a reason code, or one of Step Functions' own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    error: str = Field(alias="Error", default="")
    cause: str = Field(alias="Cause", default="")

    @property
    def reason(self) -> Reason:
        """The reason code; whatever is none is ``internal``."""
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
    """-> QUARANTINED with reason and state. What an earlier attempt released is not served any more."""
    reason, state = event.failure.reason, event.failure.state
    catalog = Catalog(settings().catalog_table)
    catalog.move(
        event.instance_id, event.attempt, Status.QUARANTINED, reason=reason.value, state=state, task_token=None
    )
    copies = settings().deid_bucket if settings().access == "materialised" else None
    take_back(AccessTable(settings().access_table), event.instance_id, {}, copies)
    measure("Quarantined", reason=reason.value)
    return {"reason": reason.value}
