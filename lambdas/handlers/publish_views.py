"""PublishViews: make a certified instance visible in every view, with the size and ETag that GET will give."""

from __future__ import annotations

from functools import cache
from typing import Literal

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import open_redacted
from dicom_deid.pixels.images import Route
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.chunk_file import chunk_file
from services import objects, secrets, views
from services.access_table import AccessItem, AccessTable
from services.catalog import Catalog, CatalogEntry, Status
from services.objects import ObjectVersion, RangedReader
from services.views import View


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
    """-> one access-table item per view; catalog RELEASED; an older version of the same raw object SUPERSEDED."""
    catalog = Catalog(settings().catalog_table)
    entry = catalog.get(event.instance_id, event.attempt)
    shown = views.parse(settings().views)
    for view in shown:
        _publish(entry, view)
    catalog.move(event.instance_id, event.attempt, Status.RELEASED)
    _supersede_older(catalog, entry)
    return {"views": len(shown)}


def _publish(entry: CatalogEntry, view: View) -> None:
    if entry.output_key is None or entry.output_version is None or entry.saved_at is None:
        raise BadInputError(Reason.INTERNAL, "nothing saved to publish")
    raw_version = ObjectVersion(entry.bucket, entry.key, entry.version_id)
    saved = ObjectVersion(settings().deid_bucket, entry.output_key, entry.output_version)
    cleaned = entry.route == Route.PIXELS.value
    with RangedReader(raw_version) as raw, RangedReader(saved) as pixels:
        shown = open_redacted(
            raw,
            view.rules(),
            secrets.pseudonymiser(settings().secret_id, view.domain),
            claims=Claims(pixels_cleaned=cleaned),
            pixels=pixels,
        )
        report = shown.report
        uids = (report.study_instance_uid, report.series_instance_uid, report.sop_instance_uid)
        key = f"{view.name}/{'/'.join(uids)}.dcm"
        if settings().access == "materialised":
            target = ObjectVersion(settings().deid_bucket, key)
            objects.put_file(target, chunk_file(shown.read(0, shown.length)))
    AccessTable(settings().access_table).put(
        AccessItem(
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
            etag=view.etag(entry.version_id, entry.output_version),
            last_modified=entry.saved_at,
        )
    )


def _supersede_older(catalog: Catalog, entry: CatalogEntry) -> None:
    """The instance whose object this one replaced is no longer what anybody is served."""
    older = catalog.find(entry.replaces) if entry.replaces else None
    if older is not None and older.status is Status.RELEASED:
        catalog.move(older.instance_id, older.attempt, Status.SUPERSEDED)
