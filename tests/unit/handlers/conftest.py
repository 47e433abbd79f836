"""An instance in a mocked account: registered, analysed, with a work area of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from moto import mock_aws

from dicom_deid.phi.identity import HeaderIdentity
from dicom_deid.records import SourceRecord
from handlers import detect_phi, extract_frames, plan_redaction, record_audit, save_sanitized, verify_redaction
from services import clients, secrets
from services.catalog import Catalog, Status, Upload
from services.work import WorkArea

ID = "1" * 32
MASTER = bytes(range(32))
HANDLERS = (detect_phi, extract_frames, plan_redaction, record_audit, save_sanitized, verify_redaction)
RAW, WORK, DEID, EVIDENCE = "raw-zone", "work-zone", "deid-zone", "evidence-zone"


@dataclass(frozen=True)
class Instance:
    """Where the attempt stands."""

    catalog: Catalog
    work: WorkArea


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    for name, value in {
        "CATALOG_TABLE": "catalog",
        "WORK_BUCKET": WORK,
        "DEID_BUCKET": DEID,
        "EVIDENCE_BUCKET": EVIDENCE,
        "SIGNING_KEY_ID": "alias/none",
        "SECRET_ID": "key",
        "PROFILE": "basic",
        "DOMAIN": "test",
        "VIEWS": "{}",
        "MAX_OBJECT_BYTES": "4096",
    }.items():
        monkeypatch.setenv(f"DICOM_DEID_{name}", value)
    with mock_aws():
        clients.forget()
        secrets.forget()
        for module in HANDLERS:
            module.settings.cache_clear()
        for bucket in (RAW, WORK, DEID, EVIDENCE):
            boto3.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"}
            )
        boto3.client("secretsmanager").create_secret(Name="key", SecretString=MASTER.hex())
        boto3.client("dynamodb").create_table(
            TableName="catalog",
            KeySchema=[{"AttributeName": "instance_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "instance_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        catalog, work = Catalog("catalog"), WorkArea(WORK, ID, 1)
        catalog.register(Upload(ID, RAW, "a/1.dcm", "v1", "etag", 42, "2026-01-01/1"), Status.RECEIVED)
        catalog.move(ID, 1, Status.ANALYSED, output_key="1/2/3.dcm")
        work.write_source(SourceRecord(42, "0" * 64, "1.2.840.10008.1.2.1", "CT", 1, 1, 1, HeaderIdentity()))
        yield Instance(catalog, work)
    clients.forget()
    secrets.forget()
    for module in HANDLERS:
        module.settings.cache_clear()
