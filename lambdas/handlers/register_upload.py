"""Register an upload once and start its execution (SQS batch of S3 or malware-scan events from EventBridge)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from dicom_deid.errors import DeidError, Reason
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from handlers.boundary import HandlerSettings
from handlers.telemetry import logger
from handlers.upload_events import UploadEvent, parse_upload
from services import executions, objects, secrets
from services.catalog import Catalog, Status, Upload
from services.objects import ObjectFacts, ObjectVersion, RangedReader

_processor = BatchProcessor(event_type=EventType.SQS)


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    secret_id: str
    domain: str
    state_machine_arn: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


def handle(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Each message succeeds or fails alone; a failed one is delivered again, at last to the dead letters."""
    return process_partial_response(event=event, record_handler=_register, processor=_processor, context=context)


def _register(record: SQSRecord) -> None:
    announced = parse_upload(json.loads(record.body))
    if announced is None or announced.key.endswith("/"):
        return
    version = ObjectVersion(announced.bucket, announced.key, announced.version_id)
    facts = objects.head(version)
    if facts is None:
        logger.info("upload is gone")
        return
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    upload = identify(announced, facts, pseudonyms)
    status, reason = kind(version, facts, infected=announced.infected)
    catalog = Catalog(settings().catalog_table)
    if not catalog.register(upload, status, reason):
        entry = catalog.find(upload.instance_id)
        # Known already: a duplicate delivery, or the delivery after a crash between the put and the start.
        if entry is None or entry.status is not Status.RECEIVED:
            return
        executions.start(settings().state_machine_arn, upload.instance_id, entry.attempt)
        return
    if status is Status.RECEIVED:
        executions.start(settings().state_machine_arn, upload.instance_id, 1)


def identify(announced: UploadEvent, facts: ObjectFacts, pseudonyms: Pseudonymiser) -> Upload:
    """The catalog's name for an upload, and its place among the versions of its key."""
    version_id = announced.version_id or facts.version_id
    return Upload(
        instance_id=pseudonyms.instance_id(announced.bucket, announced.key, version_id),
        bucket=announced.bucket,
        key=announced.key,
        version_id=version_id,
        etag=facts.etag,
        size=facts.size,
        sequence=f"{facts.last_modified.isoformat()}/{announced.sequencer:0>32}",
    )


def kind(version: ObjectVersion, facts: ObjectFacts, *, infected: bool) -> tuple[Status, Reason | None]:
    """RECEIVED for what may be DICOM, with or without a preamble; a damaged file goes on and is quarantined by name."""
    if infected:
        return Status.QUARANTINED, Reason.MALWARE
    if facts.size == 0:
        return Status.IGNORED, Reason.NOT_DICOM
    try:
        read_header(RangedReader(version))
    except DeidError as error:
        if error.reason is Reason.SERVICE_UNAVAILABLE:
            raise
        if error.reason is Reason.NOT_DICOM:
            return Status.IGNORED, Reason.NOT_DICOM
    return Status.RECEIVED, None
