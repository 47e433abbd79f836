"""A release is taken back for what lies in the object: a scan's later finding, a custodian's decision."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from dicom_deid.errors import Reason, ServiceUnavailableError
from dicom_deid.evidence.signature import is_genuine
from dicom_deid.evidence.withdrawal import SCHEMA, Withdrawal
from handlers import defer, list_uploads, publish_views, quarantine, redrive_deferred
from local.account import ACCESS, DEID, EVIDENCE, RAW, WORK
from local.engine import Engine, running
from local.environment import applied
from local.settings import EngineSettings
from services import clients, evidence, objects, signing
from services.access_table import AccessTable
from services.catalog import CatalogEntry, Status
from services.objects import ObjectVersion
from tests.synthetic.silent import Silent
from tests.synthetic.slice import CT

VIEWS = {"alpha": {"profile": "basic", "domain": "alpha"}, "beta": {"profile": "research", "domain": "beta"}}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with running(EngineSettings(bytes(range(32)), retry_attempts=0, views=VIEWS), text=Silent(), phi=Silent()) as found:
        yield found


def release(engine: Engine) -> CatalogEntry:
    engine.upload("ct.dcm", CT)
    engine.deliver()
    entry = settled(engine)
    assert (entry.status, len(shown(entry))) == (Status.RELEASED, 2)
    return entry


def settled(engine: Engine) -> CatalogEntry:
    found = engine.find("ct.dcm")
    assert found is not None
    engine.settle(found.instance_id, 60)
    finished()
    entry = engine.catalog.find(found.instance_id)
    assert entry is not None
    return entry


def finished() -> None:
    """Every execution is over, and none of them failed."""
    stepfunctions = boto3.client("stepfunctions")
    (machine,) = stepfunctions.list_state_machines()["stateMachines"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = stepfunctions.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        if all(one["status"] != "RUNNING" for one in found):
            break
        time.sleep(0.02)
    assert {one["status"] for one in found} <= {"SUCCEEDED"}


def shown(entry: CatalogEntry) -> tuple[str, ...]:
    return tuple(item.view for item in AccessTable(ACCESS).of_instance(entry.instance_id))


def scanned(engine: Engine, version: str, result: str) -> None:
    """GuardDuty's event, as EventBridge sends it to the queue of the uploads."""
    detail = {
        "schemaVersion": "1.0",
        "scanStatus": "COMPLETED",
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {"bucketName": RAW, "objectKey": "ct.dcm", "eTag": "x", "versionId": version},
        "scanResultDetails": {"scanResultStatus": result, "threats": None},
    }
    body = {"detail-type": "GuardDuty Malware Protection Object Scan Result", "detail": detail}
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.list_queues()["QueueUrls"][0], MessageBody=json.dumps(body))
    engine.deliver()


def withdrawals() -> dict[str, bytes]:
    return {
        key: objects.read_bytes(ObjectVersion(EVIDENCE, key)) for key in objects.keys_under(EVIDENCE, "withdrawals/")
    }


def test_a_threat_found_later_takes_the_release_back_and_says_why(engine: Engine) -> None:
    entry = release(engine)
    before = set(objects.keys_under(EVIDENCE, ""))
    scanned(engine, entry.version_id, "THREATS_FOUND")
    after = settled(engine)
    assert (after.status, after.reason, after.state) == (Status.QUARANTINED, "malware", "RegisterUpload")
    assert shown(after) == ()
    name = f"withdrawals/{entry.instance_id}/1"
    assert set(objects.keys_under(EVIDENCE, "")) == before | {f"{name}.json", f"{name}.sig"}, "nothing is deleted"
    assert objects.head(ObjectVersion(DEID, entry.output_key or "", entry.output_version or "")) is not None
    record = withdrawals()
    told = Withdrawal.parse(record[f"{name}.json"])
    assert told == Withdrawal(SCHEMA, entry.instance_id, f"{entry.instance_id}/1", "malware", after.updated_at)
    key = signing.public_key(_signing_key())
    assert is_genuine(record[f"{name}.json"], record[f"{name}.sig"], key)


def _signing_key() -> str:
    (key,) = boto3.client("kms").list_keys()["Keys"]
    return str(key["KeyId"])


@pytest.mark.parametrize("result", ["NO_THREATS_FOUND", "UNSUPPORTED", "ACCESS_DENIED", "FAILED", "UNHEARD_OF"])
def test_a_scan_that_finds_no_threat_changes_nothing_of_what_was_released(engine: Engine, result: str) -> None:
    entry = release(engine)
    scanned(engine, entry.version_id, result)
    assert settled(engine) == entry
    assert len(shown(entry)) == 2
    assert (engine.started(), withdrawals()) == (1, {})


def test_a_finding_that_is_told_twice_or_before_a_clean_one_stays(engine: Engine) -> None:
    entry = release(engine)
    for result in ("THREATS_FOUND", "THREATS_FOUND", "NO_THREATS_FOUND", "THREATS_FOUND"):
        scanned(engine, entry.version_id, result)
    after = settled(engine)
    assert (after.status, after.reason) == (Status.QUARANTINED, "malware")
    assert (shown(after), len(withdrawals())) == ((), 2)


def test_a_finding_on_what_is_gone_from_the_raw_bucket_takes_the_release_back_all_the_same(engine: Engine) -> None:
    entry = release(engine)
    clients.s3().delete_object(Bucket=RAW, Key="ct.dcm", VersionId=entry.version_id)
    scanned(engine, entry.version_id, "THREATS_FOUND")
    assert (settled(engine).reason, shown(entry)) == ("malware", ())


@pytest.mark.parametrize("result", ["THREATS_FOUND", "FAILED"])
def test_what_was_never_found_clean_is_not_started(engine: Engine, result: str) -> None:
    engine.upload("ct.dcm", CT)
    version = clients.s3().head_object(Bucket=RAW, Key="ct.dcm")["VersionId"]
    sqs = boto3.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.list_queues()["QueueUrls"][0])
    scanned(engine, version, result)
    scanned(engine, version, result)
    after = settled(engine)
    assert (after.status, after.reason, engine.started(), withdrawals()) == (Status.QUARANTINED, "malware", 0, {})


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.DEFERRED, Status.QUARANTINED])
def test_a_finding_on_what_was_not_released_keeps_it_from_ever_being(engine: Engine, status: Status) -> None:
    """A redrive by reason, the schedule and a backfill pass it over."""
    entry = release(engine)
    assert engine.catalog.start_attempt(entry.instance_id, 1) == 2
    if status is not Status.RECEIVED:
        engine.catalog.move(entry.instance_id, 2, status, reason="internal")
    scanned(engine, entry.version_id, "THREATS_FOUND")
    assert (settled(engine).reason, shown(entry)) == ("malware", ())
    started = engine.started()
    redrive_deferred.handle({}, None)
    redrive_deferred.handle({"quarantined": ["internal", "malware"]}, None)
    assert _backfill("after", "THREATS_FOUND") == []
    assert engine.started() == started


def test_a_backfill_takes_back_what_carries_the_tag_of_a_threat(engine: Engine) -> None:
    entry = release(engine)
    (started,) = _backfill("scanned", "THREATS_FOUND")
    assert started["name"] == f"{entry.instance_id}-1-malware"
    machine = boto3.client("stepfunctions")
    machine.start_execution(stateMachineArn=_machine(), name=started["name"], input=json.dumps(started["input"]))
    after = settled(engine)
    assert (after.reason, after.state, shown(after)) == ("malware", "ListUploads", ())
    assert _backfill("again", "THREATS_FOUND") == []
    assert _backfill("unclear", "FAILED") == []


def _machine() -> str:
    (machine,) = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    return str(machine["stateMachineArn"])


def _backfill(name: str, result: str) -> list[dict[str, Any]]:
    tags: Any = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": result}]}
    clients.s3().put_object_tagging(Bucket=RAW, Key="ct.dcm", Tagging=tags)
    with applied({"DICOM_DEID_MALWARE_SCAN": "true"}):
        told = list_uploads.handle({"backfill": name}, None)
    manifest: list[dict[str, Any]] = json.loads(objects.read_bytes(ObjectVersion(WORK, told["manifest"])))
    return manifest


def test_what_is_found_while_a_new_attempt_runs_stops_it_and_keeps_its_reason(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding comes between the certificate and the views: they show it for a moment at most."""
    entry = release(engine)
    published = publish_views.publish

    def meanwhile(of: CatalogEntry, *rest: Any) -> Any:
        engine.catalog.condemn(of.instance_id, Reason.MALWARE, "RegisterUpload")
        return published(of, *rest)

    monkeypatch.setattr(publish_views, "publish", meanwhile)
    assert engine.catalog.start_attempt(entry.instance_id, 1) == 2
    engine.start(entry.instance_id, 2)
    after = settled(engine)
    assert (after.status, after.reason, shown(after)) == (Status.QUARANTINED, "malware", ())
    assert list(withdrawals()) == [f"withdrawals/{entry.instance_id}/1.{kind}" for kind in ("json", "sig")]


def test_service_trouble_of_an_attempt_that_was_stopped_ends_in_quarantine_and_in_no_failed_execution(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = release(engine)

    def trouble(of: CatalogEntry, *_: Any) -> Any:
        engine.catalog.condemn(of.instance_id, Reason.MALWARE, "RegisterUpload")
        raise ServiceUnavailableError("s3 answered SlowDown")

    monkeypatch.setattr(publish_views, "publish", trouble)
    engine.catalog.start_attempt(entry.instance_id, 1)
    engine.start(entry.instance_id, 2)
    after = settled(engine)
    assert (after.status, after.reason, shown(after)) == (Status.QUARANTINED, "malware", ())


def test_an_attempt_that_was_overtaken_says_nothing_of_the_instance(engine: Engine) -> None:
    entry = release(engine)
    assert engine.catalog.start_attempt(entry.instance_id, 1) == 2
    quarantine.handle({"instance_id": entry.instance_id, "attempt": 1, "failure": {"Error": "internal"}}, None)
    now = engine.catalog.find(entry.instance_id)
    assert now is not None
    assert (now.status, now.attempt, len(shown(now))) == (Status.RECEIVED, 2, 2)
    with pytest.raises(Exception, match="internal"):
        defer.handle({"instance_id": entry.instance_id, "attempt": 1, "failure": {"Error": "internal"}}, None)


def copies(entry: CatalogEntry) -> list[str]:
    """Keys under a view's prefix that a plain GET would read."""
    return [key for view in VIEWS for key in objects.keys_under(DEID, f"{view}/")]


def test_a_copy_that_is_written_while_its_release_is_withdrawn_does_not_stay(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who hides the views finds no copy yet, and afterwards nobody remembers where it went."""
    entry = release(engine)
    write = publish_views._write_copy
    event = {"instance_id": entry.instance_id, "attempt": 1, "failure": {"Error": "malware"}}

    def meanwhile(*arguments: Any) -> None:
        quarantine.handle(event, None)
        write(*arguments)

    with applied({"DICOM_DEID_ACCESS": "materialised"}):
        monkeypatch.setattr(publish_views, "_write_copy", meanwhile)
        with pytest.raises(Exception, match="internal"):
            publish_views.handle({"instance_id": entry.instance_id, "attempt": 1}, None)
        quarantine.handle({**event, "failure": {"Error": "internal"}}, None)
    assert (shown(entry), copies(entry)) == ((), [])


def test_a_copy_that_could_not_be_deleted_is_deleted_by_the_repeat(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = release(engine)
    event = {"instance_id": entry.instance_id, "attempt": 1, "failure": {"Error": "malware"}}
    with applied({"DICOM_DEID_ACCESS": "materialised"}):
        publish_views.handle({"instance_id": entry.instance_id, "attempt": 1}, None)
        assert len(copies(entry)) == 2
        with monkeypatch.context() as broken:
            broken.setattr(objects, "delete", lambda *_: (_ for _ in ()).throw(ServiceUnavailableError("s3")))
            with pytest.raises(Exception, match="service-unavailable"):
                quarantine.handle(event, None)
        quarantine.handle(event, None)
    assert (shown(entry), copies(entry)) == ((), [])


def test_a_withdrawal_that_broke_off_is_completed_by_its_repeat(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = release(engine)
    event = {"instance_id": entry.instance_id, "attempt": 1, "failure": {"Error": "malware"}}
    with monkeypatch.context() as broken:
        broken.setattr(quarantine, "take_back", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(Exception, match="internal"):
            quarantine.handle(event, None)
    with monkeypatch.context() as broken:
        broken.setattr(evidence, "record", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(Exception, match="internal"):
            quarantine.handle(event, None)
    assert quarantine.handle(event, None) == {"reason": "malware"}
    first = withdrawals()
    quarantine.handle(event, None)
    assert withdrawals() == first
    assert len(first) == 2


def test_a_release_that_a_later_attempt_refuses_is_recorded_as_withdrawn_too(engine: Engine) -> None:
    entry = release(engine)
    engine.catalog.start_attempt(entry.instance_id, 1)
    event = {"instance_id": entry.instance_id, "attempt": 2, "failure": {"Error": "verify-leak"}}
    quarantine.handle(event, None)
    (content, _) = withdrawals().values()
    assert Withdrawal.parse(content).reason == "verify-leak"


def test_the_guides_command_takes_a_release_back_and_no_backfill_brings_it_again(engine: Engine) -> None:
    """An item that is only removed from the access table would be published again by the next backfill."""
    entry = release(engine)
    guide = (ROOT / "docs" / "operations.md").read_text()
    (given,) = re.findall(r"--name <instance_id>-withdrawn \\\n\s+--input '(.+)'", guide)
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=_machine(),
        name=f"{entry.instance_id}-withdrawn",
        input=given.replace("<instance_id>", entry.instance_id),
    )
    after = settled(engine)
    assert (after.status, after.reason, shown(after)) == (Status.QUARANTINED, "withdrawn", ())
    assert len(withdrawals()) == 2
    assert _backfill("next", "NO_THREATS_FOUND") == []
    redrive_deferred.handle({"instances": [entry.instance_id]}, None)
    again = settled(engine)
    assert (again.status, again.attempt, len(shown(again))) == (Status.RELEASED, 2, 2)
