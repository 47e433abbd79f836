"""RedriveDeferred: on schedule a new attempt for every deferred instance, and for those whose execution broke off.

By hand, ``{"instances": [id, …]}`` or ``{"quarantined": [reason code, …]}`` gives quarantined instances a new attempt
once the cause is gone. How long the oldest review waits, and what was tried too often, goes to the alarms.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Final

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ConfigDict, Field

from dicom_deid.errors import OF_THE_OBJECT, Reason, ServiceUnavailableError
from handlers.boundary import HandlerSettings, Result, step
from handlers.telemetry import measure
from services import executions
from services.catalog import Catalog, CatalogEntry, Status
from services.work import WorkArea

MAX_ATTEMPTS: Final = 50
"""After two days of hourly attempts a person must look: the instance stays DEFERRED, and an alarm tells of it."""
STALE: Final = timedelta(hours=2)
"""Longer than all retries of a state together: what has not moved since is looked at."""
_BUDGET: Final = 240
"""Seconds of the function's 300 in which attempts are started; the next run goes on."""
_WORKERS: Final = 8
_OPEN: Final = (Status.DEFERRED, Status.IN_REVIEW, Status.RECEIVED, Status.ANALYSED, Status.SAVED)


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    state_machine_arn: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class RedriveEvent(BaseModel):
    """A scheduled event, of which nothing is used, or a person's wish."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instances: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], ...] = ()
    quarantined: tuple[Reason, ...] = ()


@step(RedriveEvent)
def handle(event: RedriveEvent) -> Result:
    """-> how many attempts were started, and how many are left for the next run."""
    catalog = Catalog(settings().catalog_table)
    ends = time.monotonic() + _BUDGET
    if event.instances or event.quarantined:
        return _in_time(_redrive, catalog, _wished(catalog, event), ends)
    deferred, unmoved = _survey(catalog)
    told = _in_time(_redrive, catalog, deferred, ends)
    # In any order, so that no one is always behind those that only wait.
    random.shuffle(unmoved)
    healed = _in_time(_heal, catalog, unmoved, ends)
    return {name: told[name] + healed[name] for name in told}


def _survey(catalog: Catalog) -> tuple[list[CatalogEntry], list[CatalogEntry]]:
    """One pass over the catalog: what to start anew, and what has not moved for long."""
    deferred: list[CatalogEntry] = []
    unmoved: list[CatalogEntry] = []
    oldest, exhausted = timedelta(), 0
    for entry in catalog.entries(*_OPEN):
        if entry.status is Status.DEFERRED:
            exhausted += entry.attempt >= MAX_ATTEMPTS
            deferred += [entry] if entry.attempt < MAX_ATTEMPTS else []
            continue
        waits = datetime.now(UTC) - datetime.fromisoformat(entry.updated_at)
        if entry.status is Status.IN_REVIEW:
            oldest = max(oldest, waits)
        if waits > STALE:
            unmoved.append(entry)
    measure("OldestReviewSeconds", oldest.total_seconds(), MetricUnit.Seconds)
    measure("Exhausted", exhausted)
    return deferred, unmoved


def _wished(catalog: Catalog, event: RedriveEvent) -> Iterator[CatalogEntry]:
    """What a scan or a custodian condemned is started by its id only, never by its reason."""
    stopped = (Status.QUARANTINED, Status.DEFERRED)
    for instance_id in event.instances:
        entry = catalog.find(instance_id)
        if entry is not None and entry.status in stopped:
            yield entry
    reasons = {reason.value for reason in event.quarantined if reason not in OF_THE_OBJECT}
    if reasons:
        yield from (entry for entry in catalog.entries(Status.QUARANTINED) if entry.reason in reasons)


def _in_time(
    run: Callable[[Catalog, CatalogEntry], int], catalog: Catalog, entries: Iterable[CatalogEntry], ends: float
) -> Result:
    def one(entry: CatalogEntry) -> tuple[int, int]:
        if time.monotonic() >= ends:
            return 0, 1
        try:
            return run(catalog, entry), 0
        except ServiceUnavailableError:
            # Throttled, most likely by our own haste: the others need not wait for it.
            return 0, 1

    with ThreadPoolExecutor(_WORKERS) as pool:
        counts = list(pool.map(one, entries))
    return {"started": sum(started for started, _ in counts), "left": sum(left for _, left in counts)}


def _redrive(catalog: Catalog, entry: CatalogEntry) -> int:
    """The next attempt, with the decisions of this one: they go first, so that no crash loses them."""
    WorkArea(settings().work_bucket, entry.instance_id, entry.attempt + 1).take_decisions(entry.attempt)
    attempt = catalog.start_attempt(entry.instance_id, entry.attempt)
    if attempt is None:
        return 0
    executions.start(settings().state_machine_arn, entry.instance_id, attempt)
    return 1


def _heal(catalog: Catalog, entry: CatalogEntry) -> int:
    """Start what was registered by a process that died before it could; start anew what ended outside its ways out.

    An execution that is aborted, or whose last handler failed for longer than its retries, leaves the status as it was;
    so does a catalog that was restored to an earlier time.
    """
    named = settings().state_machine_arn, entry.instance_id, entry.attempt
    if executions.start(*named) or executions.is_running(*named):
        return 0
    now = catalog.find(entry.instance_id)
    if now is None or (now.attempt, now.status) != (entry.attempt, entry.status):
        return 0
    catalog.move(
        entry.instance_id,
        entry.attempt,
        Status.DEFERRED,
        reason=Reason.SERVICE_UNAVAILABLE.value,
        state="unknown",
        task_token=None,
    )
    measure("Healed")
    return _redrive(catalog, entry) if entry.attempt < MAX_ATTEMPTS else 0
