"""PublishViews: make a certified instance visible in every view, with the size and ETag that GET will give."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Final, Literal

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.stream import RedactedObject
from dicom_deid.pixels.images import Route
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.chunk_file import chunk_file
from handlers.output_keys import object_key
from handlers.view_object import opened, take_back
from services import objects, views
from services.access_table import AccessItem, AccessTable
from services.catalog import Catalog, CatalogEntry, Status
from services.objects import ConflictError, ObjectFacts, ObjectVersion
from services.views import View

_ETAG: Final = "view-etag"
"""Metadata of a materialised object: what its bytes depend on."""


class Settings(HandlerSettings):
    """Environment of this function. `access`: transformed at each GET, or one copy written per view."""

    catalog_table: str
    deid_bucket: str
    access_table: str
    secret_id: str
    views: str
    access: Literal["object-lambda", "materialised"] = "object-lambda"


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(AttemptEvent)
def handle(event: AttemptEvent) -> Result:
    """-> one access-table item per view; catalog RELEASED; an older version of the same raw object SUPERSEDED.

    What the views showed of the instance, or of the one it replaces, under other keys is taken back. Where a newer
    version of the raw object was faster, that one stays visible and this one is SUPERSEDED at once.
    """
    catalog, table = Catalog(settings().catalog_table), AccessTable(settings().access_table)
    entry = catalog.get(event.instance_id, event.attempt)
    published = {view.name: publish(entry, view, table) for view in views.parse(settings().views)}
    shown = {view: key for view, key in published.items() if key is not None}
    take_back(table, entry.instance_id, shown, _copies())
    catalog.move(event.instance_id, event.attempt, Status.RELEASED, released_attempt=str(event.attempt))
    if len(shown) < len(published):
        take_back(table, entry.instance_id, {}, _copies())
        catalog.move(event.instance_id, event.attempt, Status.SUPERSEDED)
        return {"views": 0}
    _supersede_older(catalog, entry, table)
    return {"views": len(shown)}


def publish(entry: CatalogEntry, view: View, table: AccessTable) -> str | None:
    """Make the instance visible in one view; its key there, or None where a newer upload is shown under it."""
    if entry.output_key is None or entry.output_version is None or entry.saved_at is None:
        raise BadInputError(Reason.INTERNAL, "nothing saved to publish")
    raw = ObjectVersion(entry.bucket, entry.key, entry.version_id)
    saved = ObjectVersion(settings().deid_bucket, entry.output_key, entry.output_version)
    cleaned = entry.route == Route.PIXELS.value
    with opened(view, raw, saved, secret_id=settings().secret_id, pixels_cleaned=cleaned) as shown:
        key = f"{view.name}/{object_key(shown.report)}"
        etag = view.etag(entry.version_id, entry.output_version)
        before = table.find(view.name, key)
        copies = _copies()
        target = ObjectVersion(copies, key) if copies is not None else None
        there = objects.head(target) if target is not None else None
        item = AccessItem(
            view=view.name,
            view_key=key,
            instance_id=entry.instance_id,
            raw_key=entry.key,
            raw_version=entry.version_id,
            deid_key=entry.output_key,
            deid_version=entry.output_version,
            profile_digest=view.rules().digest,
            pixels_cleaned=cleaned,
            size=shown.length,
            etag=etag,
            last_modified=_modified(before, etag, entry.saved_at),
            sequence=entry.sequence,
        )
        if not table.put(item):
            return None
        if target is not None:
            _write_copy(target, there, shown, etag)
            now = table.find(view.name, key)
            if now is None:
                # Withdrawn while the copy was written: whoever hid it could not find the copy yet.
                objects.delete(target)
    return key


def _copies() -> str | None:
    return settings().deid_bucket if settings().access == "materialised" else None


def _modified(before: AccessItem | None, etag: str, saved_at: str) -> str:
    """When the bytes under a key became what they are: a date must move with them, for clients compare only dates."""
    if before is None:
        return saved_at
    return before.last_modified if before.etag == etag else datetime.now(UTC).isoformat(timespec="seconds")


def _write_copy(target: ObjectVersion, there: ObjectFacts | None, shown: RedactedObject, etag: str) -> None:
    """The materialised object, written once however often this step runs, in the place of what was `there`.

    What somebody else wrote meanwhile is of a newer upload, which took the place in the access table, too.
    """
    if there is not None and there.metadata.get(_ETAG) == etag:
        return
    replaced = there.etag if there is not None else None
    with suppress(ConflictError):
        metadata = {_ETAG: etag}
        objects.put_file(
            target, chunk_file(shown.read()), if_match=replaced, if_none_match=replaced is None, metadata=metadata
        )


def _supersede_older(catalog: Catalog, entry: CatalogEntry, table: AccessTable) -> None:
    """The instance whose object this one replaced is no longer what anybody is served."""
    older = catalog.find(entry.replaces) if entry.replaces else None
    if older is None:
        return
    take_back(table, older.instance_id, {}, _copies())
    if older.status is Status.RELEASED:
        catalog.move(older.instance_id, older.attempt, Status.SUPERSEDED)
