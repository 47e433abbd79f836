"""Defer: a service was in trouble longer than the retries lasted; the instance waits for the scheduled re-drive."""

from __future__ import annotations

from functools import cache

from dicom_deid.errors import Reason
from handlers.boundary import HandlerSettings, Result, step
from handlers.quarantine import FailureEvent
from handlers.telemetry import measure
from services.catalog import Catalog, Status


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(FailureEvent)
def handle(event: FailureEvent) -> Result:
    """-> DEFERRED with reason ``service-unavailable`` and the state that failed."""
    reason = Reason.SERVICE_UNAVAILABLE
    catalog = Catalog(settings().catalog_table)
    catalog.move(
        event.instance_id,
        event.attempt,
        Status.DEFERRED,
        reason=reason.value,
        state=event.failure.state,
        task_token=None,
    )
    measure("Deferred", reason=reason.value)
    return {"reason": reason.value}
