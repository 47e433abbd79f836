"""RedriveDeferred, on schedule: a new attempt for every deferred instance; how long the oldest review waits."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ConfigDict

from handlers.boundary import HandlerSettings, Result, step
from handlers.telemetry import measure
from services import executions
from services.catalog import Catalog, CatalogEntry, Status
from services.work import WorkArea

MAX_ATTEMPTS = 50
"""After two days of hourly attempts a person must look: the instance stays DEFERRED and in every report."""


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    state_machine_arn: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class ScheduleEvent(BaseModel):
    """A scheduled event; nothing of it is used."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@step(ScheduleEvent)
def handle(event: ScheduleEvent) -> Result:
    """-> how many attempts were started. One pass over the catalog for both statuses and both purposes."""
    del event
    catalog = Catalog(settings().catalog_table)
    started, oldest = 0, 0.0
    for entry in catalog.entries():
        if entry.status is Status.DEFERRED:
            started += _redrive(catalog, entry)
        elif entry.status is Status.IN_REVIEW:
            oldest = max(oldest, _waiting(entry))
        elif entry.status is Status.RECEIVED:
            # Registered, or advanced to a new attempt, by a process that died before it started the execution.
            executions.start(settings().state_machine_arn, entry.instance_id, entry.attempt)
    measure("OldestReviewSeconds", oldest, MetricUnit.Seconds)
    return {"started": started}


def _redrive(catalog: Catalog, entry: CatalogEntry) -> int:
    if entry.attempt >= MAX_ATTEMPTS:
        return 0
    attempt = catalog.start_attempt(entry.instance_id, entry.attempt)
    if attempt is None:
        return 0
    WorkArea(settings().work_bucket, entry.instance_id, attempt).take_decisions(entry.attempt)
    executions.start(settings().state_machine_arn, entry.instance_id, attempt)
    return 1


def _waiting(entry: CatalogEntry) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(entry.updated_at)).total_seconds()
