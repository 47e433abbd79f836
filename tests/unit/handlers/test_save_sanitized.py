"""The only writer of the de-identified bucket: what it refuses to write."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import boto3
import pytest

from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Verdict, VerificationRecord
from handlers import record_audit, save_sanitized
from services.catalog import Status, Upload
from services.work import WorkArea
from tests.unit.handlers.conftest import DEID, EVIDENCE, ID, RAW, Instance

CONTENT, OTHER = b"the object that was verified", b"an object that nobody looked at"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def event(content: bytes = CONTENT, instance_id: str = ID) -> dict[str, Any]:
    return {
        "instance_id": instance_id,
        "attempt": 1,
        "candidate": {"sha256": digest(content), "bytes": len(content), "changed_frames": 0},
    }


def leave(work: WorkArea, candidate: bytes, verified: bytes | None, verdict: Verdict = Verdict.PASS) -> None:
    work.write_candidate(io.BytesIO(candidate))
    if verified is not None:
        work.write_verification(VerificationRecord(digest(verified), len(verified), verdict, (), (), ()))


def saved() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=DEID).get("Contents", [])]


def test_the_candidate_that_passed_is_saved_under_its_key(instance: Instance) -> None:
    leave(instance.work, CONTENT, CONTENT)
    save_sanitized.handle(event(), None)
    assert saved() == ["1/2/3.dcm"]
    entry = instance.catalog.get(ID, 1)
    assert (entry.status, entry.output_sha256) == (Status.SAVED, digest(CONTENT))


@pytest.mark.parametrize(
    ("candidate", "verified", "announced", "verdict"),
    [
        (OTHER, CONTENT, CONTENT, Verdict.PASS),
        (OTHER, CONTENT, OTHER, Verdict.PASS),
        (OTHER, OTHER, CONTENT, Verdict.PASS),
        (CONTENT, None, CONTENT, Verdict.PASS),
        (CONTENT, CONTENT, CONTENT, Verdict.QUARANTINE),
        (CONTENT, CONTENT, CONTENT, Verdict.REVIEW),
    ],
)
def test_nothing_is_saved_but_the_bytes_that_were_verified_and_passed(
    instance: Instance, candidate: bytes, verified: bytes | None, announced: bytes, verdict: Verdict
) -> None:
    leave(instance.work, candidate, verified, verdict)
    with pytest.raises(Exception, match="verify-evidence"):
        save_sanitized.handle(event(announced), None)
    assert saved() == []
    assert instance.catalog.get(ID, 1).status is Status.ANALYSED


def test_another_raw_object_of_the_same_name_replaces_nothing(instance: Instance) -> None:
    leave(instance.work, CONTENT, CONTENT)
    save_sanitized.handle(event(), None)
    another = "2" * 32
    instance.catalog.register(Upload(another, RAW, "b/1.dcm", "v1", "etag", 42, "2026-01-02/1"), Status.RECEIVED)
    instance.catalog.move(another, 1, Status.ANALYSED, output_key="1/2/3.dcm")
    work = WorkArea(instance.work.bucket, another, 1)
    work.write_source(instance.work.read_source())
    leave(work, OTHER, OTHER)
    with pytest.raises(Exception, match="sop-instance-conflict"):
        save_sanitized.handle(event(OTHER, another), None)
    assert boto3.client("s3").get_object(Bucket=DEID, Key="1/2/3.dcm")["Body"].read() == CONTENT


@pytest.mark.parametrize("verified", [None, CONTENT])
def test_without_a_verification_and_a_saved_object_there_is_no_certificate(
    instance: Instance, verified: bytes | None
) -> None:
    instance.work.write_plan(RedactionPlan())
    leave(instance.work, CONTENT, verified)
    with pytest.raises(Exception, match="verify-evidence"):
        record_audit.handle(event(), None)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=EVIDENCE)
