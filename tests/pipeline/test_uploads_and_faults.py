"""Uploads of every kind, deliveries that repeat, services in trouble: nothing is lost, nothing slips through."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pydicom
import pytest

from local.account import DEID, RAW
from local.engine import Engine, running
from local.environment import applied
from local.settings import EngineSettings
from local.wire.stand_ins import ServiceError
from services import clients, executions
from services.catalog import Status
from tests.synthetic.slice import CT, variant

KEY = bytes(range(32))


class Reader:
    """A text detector that reads nothing, or answers as a service in trouble."""

    def __init__(self) -> None:
        self.trouble: ServiceError | None = None
        self.calls = 0

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble
        return {"TextDetections": [], "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        return {"DocumentMetadata": {"Pages": 1}, "Blocks": []}


class Finder:
    def detect_phi(self, text: str) -> Mapping[str, Any]:
        return {"Entities": []}


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def engine(reader: Reader) -> Iterator[Engine]:
    with running(EngineSettings(KEY, retry_attempts=0), text=reader, phi=Finder()) as found:
        yield found


def ended(engine: Engine, key: str) -> tuple[Status, str | None]:
    found = engine.find(key)
    assert found is not None
    engine.settle(found.instance_id, 60)
    engine.drain()
    entry = engine.catalog.find(found.instance_id)
    assert entry is not None
    return entry.status, entry.reason


@pytest.mark.parametrize("key", ["CITIZEN^JAN/1.dcm", "a b+c%20&d/ü.dcm", "no-extension", "x" * 300])
def test_an_upload_starts_the_pipeline_by_itself_whatever_its_key(engine: Engine, key: str) -> None:
    engine.upload(key, CT)
    assert engine.deliver() == 1
    assert ended(engine, key) == (Status.RELEASED, None)


@pytest.mark.parametrize("content", [b"", b"a text file, and no image at all" * 20, b"%PDF-1.7" + bytes(300)])
def test_what_is_no_dicom_is_ignored_and_known(engine: Engine, content: bytes) -> None:
    engine.upload("notes.txt", content)
    engine.deliver()
    assert ended(engine, "notes.txt") == (Status.IGNORED, "not-dicom")
    assert engine.started() == 0


def test_a_folder_marker_is_no_upload(engine: Engine) -> None:
    engine.upload("folder/", b"")
    assert engine.deliver() == 1
    assert engine.find("folder/") is None


def test_a_message_delivered_twice_starts_one_execution(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.upload("1.dcm", CT)
    sqs, url = boto3.client("sqs"), boto3.client("sqs").list_queues()["QueueUrls"][0]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
    sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
    assert engine.deliver() == 2
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)
    assert engine.started() == 1


def test_a_crash_between_the_catalog_and_the_start_is_healed_by_the_next_delivery(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.upload("1.dcm", CT)
    sqs, url = boto3.client("sqs"), boto3.client("sqs").list_queues()["QueueUrls"][0]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    with monkeypatch.context() as broken:

        def crash(*_: object) -> None:
            raise RuntimeError("the process died")

        broken.setattr(executions, "start", crash)
        sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
        with pytest.raises(Exception, match=r"processing error|process"):
            engine.deliver()
    assert engine.started() == 0
    sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
    engine.deliver()
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)


def test_a_newer_version_of_the_same_object_replaces_the_older_one(engine: Engine) -> None:
    engine.upload("1.dcm", CT)
    engine.deliver()
    first = engine.find("1.dcm")
    assert first is not None
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)
    engine.upload("1.dcm", variant(WindowCenter="41"))
    engine.deliver()
    (newer,) = [entry for entry in engine.catalog.entries() if entry.instance_id != first.instance_id]
    assert engine.settle(newer.instance_id, 60).status is Status.RELEASED
    engine.drain()
    older = engine.catalog.find(first.instance_id)
    assert older is not None
    assert older.status is Status.SUPERSEDED
    assert len(boto3.client("s3").list_objects_v2(Bucket=DEID)["Contents"]) == 1


def test_another_object_with_the_same_sop_instance_uid_is_a_conflict(engine: Engine) -> None:
    engine.upload("1.dcm", CT)
    engine.deliver()
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)
    engine.upload("2.dcm", variant(WindowCenter="41"))
    engine.deliver()
    assert ended(engine, "2.dcm") == (Status.QUARANTINED, "sop-instance-conflict")


def test_a_release_whose_write_was_sent_twice_is_a_release_and_no_conflict_with_itself(engine: Engine) -> None:
    """The answer to a conditional write is lost, the client sends it again, and S3 finds the object there."""
    sent: list[str] = []

    def lost(**given: Any) -> Any:
        bucket = given["request_dict"]["context"]["s3_redirect"]["bucket"]
        sent.append(bucket)
        return 0 if bucket == DEID and sent.count(DEID) == 1 else None

    clients.s3().meta.events.register("needs-retry.s3.PutObject", lost)
    engine.upload("1.dcm", CT)
    engine.deliver()
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)
    assert sent.count(DEID) == 2
    assert len(boto3.client("s3").list_object_versions(Bucket=DEID)["Versions"]) == 1


@pytest.mark.parametrize(
    "trouble", [ServiceError("ThrottlingException", 400), ServiceError("InternalServerError", 500)]
)
def test_a_service_in_trouble_defers_and_a_later_attempt_releases(
    engine: Engine, reader: Reader, trouble: ServiceError
) -> None:
    reader.trouble = trouble
    engine.upload("1.dcm", CT)
    engine.deliver()
    assert ended(engine, "1.dcm") == (Status.DEFERRED, "service-unavailable")
    reader.trouble = None
    entry = engine.find("1.dcm")
    assert entry is not None
    attempt = engine.catalog.start_attempt(entry.instance_id, entry.attempt)
    assert attempt == 2
    engine.start(entry.instance_id, attempt)
    assert ended(engine, "1.dcm") == (Status.RELEASED, None)


def test_an_answer_that_is_no_service_trouble_is_quarantined_without_its_message(
    engine: Engine, reader: Reader
) -> None:
    reader.trouble = ServiceError("AccessDeniedException", 400)
    engine.upload("1.dcm", CT)
    engine.deliver()
    assert ended(engine, "1.dcm") == (Status.QUARANTINED, "internal")


def test_retained_uids_are_in_the_object_and_in_no_key(tmp_path: Path, reader: Reader) -> None:
    custom = tmp_path / "uids.yaml"
    custom.write_text("base: basic\noptions: ['113110']\n")
    settings = EngineSettings(KEY, profile=str(custom), retry_attempts=0)
    with running(settings, text=reader, phi=Finder()) as engine:
        engine.upload("1.dcm", CT)
        engine.deliver()
        assert ended(engine, "1.dcm") == (Status.RELEASED, None)
        entry = engine.find("1.dcm")
        assert entry is not None
        released = pydicom.dcmread(io.BytesIO(engine.released_bytes(entry)))
        source = pydicom.dcmread(io.BytesIO(CT))
        assert released.SOPInstanceUID == source.SOPInstanceUID
        assert source.SOPInstanceUID not in (entry.output_key or "")


def test_the_raw_object_is_never_changed(engine: Engine) -> None:
    engine.upload("1.dcm", CT)
    engine.deliver()
    ended(engine, "1.dcm")
    versions = boto3.client("s3").list_object_versions(Bucket=RAW)["Versions"]
    assert len(versions) == 1
    assert boto3.client("s3").get_object(Bucket=RAW, Key="1.dcm")["Body"].read() == CT


def test_no_value_of_the_file_is_in_the_execution_history(engine: Engine) -> None:
    engine.upload("CITIZEN^JAN/1.dcm", CT)
    engine.deliver()
    ended(engine, "CITIZEN^JAN/1.dcm")
    told = repr(list(engine.history()))
    assert "ExtractFrames" in told
    for value in ("CITIZEN", "CompressedSamples", "1CT1", "20040119"):
        assert value not in told


@pytest.mark.parametrize("bound", [{"DICOM_DEID_MAX_SECONDS": "0"}, {"DICOM_DEID_MAX_IMAGES": "0"}])
def test_what_no_run_of_a_function_holds_is_refused_by_name_before_any_text_is_detected(
    engine: Engine, reader: Reader, bound: dict[str, str]
) -> None:
    with applied(bound):
        engine.upload("1.dcm", CT)
        engine.deliver()
        assert ended(engine, "1.dcm") == (Status.QUARANTINED, "too-large")
    assert reader.calls == 0
