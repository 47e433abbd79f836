"""ListUploads: one page of the raw bucket -> catalog, and a manifest of instance ids in the work bucket.

What was never released is started, and what was released before a view changed is started again: so a new view,
profile, tool or edition is rolled out, each instance verified and certified anew. Where uploads are scanned for
malware, only what the scan found clean is started. The cursor is a raw key and may hold a name, so it stays in the work
bucket; the state machine sees page numbers only.
"""

from __future__ import annotations

import json
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from dicom_deid.errors import Reason
from handlers.boundary import HandlerSettings, Result, step
from handlers.registration import identify, kind
from handlers.telemetry import measure
from handlers.upload_events import GUARDDUTY_PREFIX, SCAN_TAG, Scan, UploadEvent
from handlers.view_object import is_current
from services import objects, secrets, views
from services.access_table import AccessTable
from services.catalog import Catalog, CatalogEntry, Status
from services.executions import Start
from services.objects import ObjectVersion
from services.uploads import ListedUpload, list_current, tag

PAGES_PER_EXECUTION = 1000
"""A page leaves 15 events or more in the history, of at most 25,000: the next execution goes on from there."""
PAGE = 500
"""Each object costs a HEAD, a ranged GET and a conditional put: 500 stay well within the function's 15 minutes."""


class Settings(HandlerSettings):
    """Environment of this function."""

    raw_bucket: str
    work_bucket: str
    catalog_table: str
    secret_id: str
    domain: str
    access_table: str
    views: str
    malware_scan: bool


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class BackfillEvent(BaseModel):
    """The backfill by the name of its first execution."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    backfill: str = Field(pattern=r"^[A-Za-z0-9._-]{1,70}$")


class Cursor(BaseModel):
    """Where the next page begins."""

    page: int = 0
    key_marker: str | None = None
    version_marker: str | None = None
    done: bool = False


@step(BackfillEvent)
def handle(event: BackfillEvent) -> Result:
    """-> {"page", "manifest", "listed", "more", "rest"}; the manifest's lines are executions by name and input.

    `rest`: another execution goes on. A repeat after a crash lists the same page again: nothing is lost.
    """
    folder = f"backfill/{event.backfill}"
    cursor = _read_cursor(folder)
    if cursor.done:
        return {"page": cursor.page, "manifest": "", "listed": 0, "more": False, "rest": False}
    listing = list_current(settings().raw_bucket, cursor.key_marker, cursor.version_marker, PAGE)
    found = (_register(upload) for upload in listing.uploads)
    started = [execution.as_item() for execution in found if execution is not None]
    manifest = f"{folder}/manifest/{cursor.page:08d}.json"
    _write(manifest, json.dumps(started))
    following = Cursor(
        page=cursor.page + 1,
        key_marker=listing.key_marker,
        version_marker=listing.version_marker,
        done=listing.key_marker is None,
    )
    _write(f"{folder}/cursor.json", following.model_dump_json())
    return {
        "page": cursor.page,
        "manifest": manifest,
        "listed": len(started),
        "more": not following.done,
        "rest": following.page % PAGES_PER_EXECUTION == 0,
    }


def _register(upload: ListedUpload) -> Start | None:
    """What to start, or None for what is no instance or is on its way already."""
    if upload.key.endswith("/") or upload.key.startswith(GUARDDUTY_PREFIX):
        return None
    version = ObjectVersion(settings().raw_bucket, upload.key, upload.version_id)
    facts = objects.head(version)
    if facts is None:
        return None
    scan = Scan.CLEAN
    if settings().malware_scan:
        result = tag(version, SCAN_TAG)
        if result is None:
            # Its scan has not ended, or never began: the event of its result will start it.
            measure("Unscanned")
            return None
        scan = Scan.of(result)
    announced = UploadEvent(version.bucket, upload.key, upload.version_id, "", scan)
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    entry = identify(announced, facts, pseudonyms)
    status, reason = kind(version, facts, scan)
    catalog = Catalog(settings().catalog_table)
    catalog.register(entry, status, reason)
    known = catalog.find(entry.instance_id)
    return _to_start(catalog, known, scan) if known is not None else None


def _to_start(catalog: Catalog, known: CatalogEntry, scan: Scan) -> Start | None:
    if scan is Scan.THREAT and not known.is_condemned:
        return Start.withdrawal(known.instance_id, known.attempt, Reason.MALWARE, "ListUploads")
    if scan is not Scan.CLEAN:
        return None
    if known.status is Status.RELEASED and not _is_shown_as_it_should(known):
        attempt = catalog.start_attempt(known.instance_id, known.attempt)
        return Start.attempt(known.instance_id, attempt) if attempt is not None else None
    return Start.attempt(known.instance_id, known.attempt) if known.status is Status.RECEIVED else None


def _is_shown_as_it_should(released: CatalogEntry) -> bool:
    """Whether every view, and no other, shows the instance as it would show it now."""
    wanted = {view.name: view for view in views.parse(settings().views)}
    shown = {item.view: item for item in AccessTable(settings().access_table).of_instance(released.instance_id)}
    return set(shown) == set(wanted) and all(is_current(item, wanted[name]) for name, item in shown.items())


def _read_cursor(folder: str) -> Cursor:
    try:
        content = objects.read_bytes(ObjectVersion(settings().work_bucket, f"{folder}/cursor.json"))
    except objects.ObjectGoneError:
        return Cursor()
    return Cursor.model_validate_json(content)


def _write(key: str, content: str) -> None:
    objects.put_bytes(ObjectVersion(settings().work_bucket, key), content.encode(), content_type="application/json")
