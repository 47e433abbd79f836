"""Register an upload once and start its execution (SQS batch of S3 or malware-scan events from EventBridge)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from dicom_deid.errors import Reason
from handlers.boundary import HandlerSettings
from handlers.registration import identify, kind
from handlers.telemetry import logger, measure
from handlers.upload_events import Scan, UploadEvent, parse_upload
from services import executions, objects, secrets
from services.catalog import Catalog, Status
from services.objects import ObjectVersion

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
    catalog = Catalog(settings().catalog_table)
    if announced.scan is Scan.THREAT and _withdrawn(catalog, announced):
        return
    version = ObjectVersion(announced.bucket, announced.key, announced.version_id)
    facts = objects.head(version)
    if facts is None:
        logger.info("upload is gone")
        return
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    upload = identify(announced, facts, pseudonyms)
    status, reason = kind(version, facts, announced.scan)
    if catalog.register(upload, status, reason):
        measure("Registered", status=status.value)
    entry = catalog.find(upload.instance_id)
    # Known already and still RECEIVED: a duplicate delivery, or the one after a crash between the put and the start.
    if entry is not None and entry.status is Status.RECEIVED and announced.scan is Scan.CLEAN:
        executions.start(settings().state_machine_arn, entry.instance_id, entry.attempt)


def _withdrawn(catalog: Catalog, announced: UploadEvent) -> bool:
    """Take back what is known already, wherever it stands, also when the raw version is gone; False if it is not."""
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    entry = catalog.find(pseudonyms.instance_id(announced.bucket, announced.key, announced.version_id))
    if entry is None:
        return False
    if not entry.is_condemned:
        machine = settings().state_machine_arn
        executions.withdraw(machine, entry.instance_id, entry.attempt, Reason.MALWARE, "RegisterUpload")
    return True
