"""A second look at what changed: what text detection still reads there goes to a person."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from dicom_deid.part10.reader import read_header
from dicom_deid.phi.identity import harvest
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import SourceRecord
from handlers import extract_frames, verify_redaction
from services import clients
from services.catalog import Status, Upload
from services.work import WorkArea
from tests.unit.handlers.conftest import RAW, WORK, Instance
from tests.unit.verification.test_verify import NATIVE, PLAN, candidate_of, source_of

UPLOADED = "3" * 32
SOURCE = source_of(NATIVE)


@pytest.fixture
def uploaded(instance: Instance) -> WorkArea:
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=RAW, Key="a", Body=SOURCE)["VersionId"]
    instance.catalog.register(Upload(UPLOADED, RAW, "a", version, "etag", len(SOURCE), "1"), Status.RECEIVED)
    return WorkArea(WORK, UPLOADED, 1)


def verified(work: WorkArea, word: str, plan: RedactionPlan = PLAN, **source: Any) -> Mapping[str, Any]:
    identity = harvest(read_header(io.BytesIO(SOURCE)))
    known = SourceRecord(len(SOURCE), "0" * 64, "1.2.840.10008.1.2.1", "OT", 96, 144, 1, identity, examined=True)
    work.write_source(replace(known, **source))
    work.write_plan(plan)
    work.write_candidate(io.BytesIO(candidate_of(SOURCE)))
    box = {"Left": 0.1, "Top": 0.1, "Width": 0.2, "Height": 0.1}
    found = [{"DetectedText": word, "Type": "WORD", "Id": 0, "Confidence": 99.0, "Geometry": {"BoundingBox": box}}]
    with Stubber(clients.rekognition()) as text, Stubber(clients.comprehendmedical()) as phi:
        for _ in range(4):
            text.add_response("detect_text", {"TextDetections": found})
            phi.add_response("detect_phi", {"Entities": [], "ModelVersion": "1"})
        event = {"instance_id": UPLOADED, "attempt": 1, "candidate": {"sha256": "0" * 64, "bytes": 1}}
        return verify_redaction.handle(event, None)


def test_a_word_of_the_patient_that_is_still_read_goes_to_a_person(uploaded: WorkArea) -> None:
    assert verified(uploaded, "Wirrabee") == {"verdict": "review", "reasons": ["verify-text"]}
    record = uploaded.read_verification()
    assert record is not None
    assert {item.kind.value for finding in record.residual for item in finding.evidence} == {"header", "verification"}


@pytest.mark.parametrize("word", ["LIVER", "Xqzzy"])
def test_a_word_that_says_nothing_of_a_person_does_not(uploaded: WorkArea, word: str) -> None:
    assert verified(uploaded, word) == {"verdict": "pass", "reasons": []}


def test_an_object_larger_than_the_setting_is_refused_before_it_is_read(uploaded: WorkArea) -> None:
    assert len(SOURCE) > 4096
    with pytest.raises(Exception, match="too-large"):
        extract_frames.handle({"instance_id": uploaded.instance_id, "attempt": 1}, None)
