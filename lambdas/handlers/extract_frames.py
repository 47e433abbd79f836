"""ExtractFrames: read the object once; route, own identity and images for text detection -> work area."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import BinaryIO, cast

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.sop_classes import refusal_of
from dicom_deid.part10.reader import read_header
from dicom_deid.phi.identity import harvest
from dicom_deid.pixels.extraction import Extraction, extract
from dicom_deid.pixels.images import OcrImage, PixelAnalysis, Route
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import ImageRecord, SourceRecord
from handlers.attempt import Attempt, open_attempt
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.watched_file import WatchedFile
from services.catalog import Status
from services.ranged import RangedReader, download

IMAGES_PER_GROUP = 8
"""One group is one Lambda's work: few enough for its time, many enough for a short history."""


class Settings(HandlerSettings):
    """Environment of this function. `max_object_bytes` is what the function's disk holds three times over.

    `max_images` keeps the execution's history below its limit, `max_seconds` leaves the verification, which looks at
    every frame again, enough of its own run; None where nothing bounds them.
    """

    catalog_table: str
    work_bucket: str
    profile: str
    pixel_analysis: PixelAnalysis = PixelAnalysis.ALL
    max_object_bytes: int = 3 * 1024**3
    max_images: int | None = None
    max_seconds: int | None = None


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(AttemptEvent)
def handle(event: AttemptEvent) -> Result:
    """Raw object -> source.json, images/, and for the header route an empty plan."""
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    reader = RangedReader(attempt.raw)
    if reader.size > settings().max_object_bytes:
        raise BadInputError(Reason.TOO_LARGE, "the object exceeds the setting max_object_bytes")
    header = read_header(reader)
    refused = refusal_of(header, profile_named_or_read(settings().profile))
    if refused is not None:
        return _quarantined(refused)
    with tempfile.TemporaryFile() as source:
        download(attempt.raw, source)
        source.seek(0)
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        extraction = _watched(source)
        if extraction.route is Route.QUARANTINE:
            return _quarantined(extraction.reason or Reason.INTERNAL)
        images = _store_images(attempt, extraction.images, settings().max_images)
    record = SourceRecord.of(
        extraction, size=reader.size, sha256=digest, syntax=header.transfer_syntax, identity=harvest(header)
    )
    attempt.work.write_source(replace(record, images=images))
    if extraction.route is Route.HEADER:
        empty = RedactionPlan()
        attempt.work.write_plan(empty)
        attempt.catalog.move(event.instance_id, event.attempt, Status.ANALYSED, plan_sha256=empty.sha256)
    groups = sorted({image.group for image in images})
    return {
        "route": extraction.route.value,
        "frames": extraction.frames,
        "images": len(images),
        "groups": groups,
    }


def _quarantined(reason: Reason) -> Result:
    return {"route": Route.QUARANTINE.value, "reason": reason.value, "frames": 0, "images": 0, "groups": []}


def _watched(source: BinaryIO) -> Extraction:
    """The extraction, which is refused as ``too-large`` when its time is up, or sure not to last."""
    seconds = settings().max_seconds
    if seconds is None:
        return extract(source, analysis=settings().pixel_analysis)
    watched = WatchedFile(source, seconds)
    extraction = extract(cast("BinaryIO", io.BufferedReader(watched)), analysis=settings().pixel_analysis)
    watched.progress = lambda: extraction.economy.frames / max(1, extraction.frames)
    return extraction


def _store_images(attempt: Attempt, images: Iterable[OcrImage], most: int | None) -> tuple[ImageRecord, ...]:
    records: list[ImageRecord] = []
    for number, image in enumerate(images):
        if number == most:
            raise BadInputError(Reason.TOO_LARGE, "more images for text detection than max_images")
        record = ImageRecord.of(image, number, group=number // IMAGES_PER_GROUP)
        attempt.work.write_image(record.group, record.image, image.content, record.media_type)
        records.append(record)
    return tuple(records)
