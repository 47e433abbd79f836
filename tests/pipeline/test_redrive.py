"""What is stuck comes loose again: deferred, broken off, restored to an earlier time, quarantined by mistake."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from dicom_deid.errors import ServiceUnavailableError
from dicom_deid.records import Outcome, ReviewDecision
from handlers import extract_frames, list_uploads, publish_views, redrive_deferred, save_sanitized
from local.account import ACCESS, CATALOG, WORK
from local.engine import Engine, running
from local.settings import EngineSettings
from services import clients, executions, objects
from services.access_table import AccessTable
from services.catalog import Catalog, CatalogEntry, Status
from services.objects import ObjectVersion
from services.work import WorkArea
from tests.synthetic.silent import Silent
from tests.synthetic.slice import CT

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text()


@pytest.fixture
def engine() -> Iterator[Engine]:
    with running(EngineSettings(bytes(range(32)), retry_attempts=0), text=Silent(), phi=Silent()) as found:
        yield found


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    told: dict[str, float] = {}

    def note(name: str, value: float = 1, *_: object, **__: str) -> None:
        told[name] = told.get(name, 0) + value

    monkeypatch.setattr(redrive_deferred, "measure", note)
    return told


def uploaded(engine: Engine) -> CatalogEntry:
    engine.upload("ct.dcm", CT)
    engine.deliver()
    return ended(engine)


def ended(engine: Engine) -> CatalogEntry:
    """The entry once no execution runs any longer, however it ended."""
    entry = engine.find("ct.dcm")
    assert entry is not None
    stepfunctions = boto3.client("stepfunctions")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = stepfunctions.list_executions(stateMachineArn=_machine())["executions"]
        if all(one["status"] != "RUNNING" for one in found):
            now = engine.catalog.find(entry.instance_id)
            assert now is not None
            return now
        time.sleep(0.02)
    raise TimeoutError


def _machine() -> str:
    (machine,) = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    return str(machine["stateMachineArn"])


def aged(entry: CatalogEntry, **changed: str) -> None:
    """The entry as if nothing had happened to it for three hours, with some attributes changed."""
    values = {"updated_at": (datetime.now(UTC) - timedelta(hours=3)).isoformat(), **changed}
    clients.dynamodb().update_item(
        TableName=CATALOG,
        Key={"instance_id": {"S": entry.instance_id}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": {"S": value} for name, value in values.items()},
    )


def run_schedule() -> dict[str, Any]:
    return dict(redrive_deferred.handle({"source": "aws.events"}, None))


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.ANALYSED, Status.SAVED, Status.IN_REVIEW])
def test_an_instance_whose_execution_is_over_but_whose_status_is_open_gets_a_new_attempt(
    engine: Engine, status: Status, measured: dict[str, float]
) -> None:
    """Aborted, failed beyond all Catches, or a catalog that was restored to an earlier time: the name is spent."""
    aged(uploaded(engine), status=status.value)
    assert run_schedule() == {"started": 1, "left": 0}
    after = ended(engine)
    assert (after.status, after.attempt) == (Status.RELEASED, 2)
    assert measured["Healed"] == 1
    assert run_schedule() == {"started": 0, "left": 0}


def test_an_execution_that_fails_where_nothing_catches_it_is_not_the_end_of_the_instance(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is out for longer than all retries: the state's handler fails, and then Defer and Quarantine do."""

    def out(*_: Any, **__: Any) -> Any:
        raise ServiceUnavailableError("dynamodb answered InternalServerError")

    with monkeypatch.context() as broken:
        broken.setattr(Catalog, "move", out)
        entry = uploaded(engine)
    (execution,) = boto3.client("stepfunctions").list_executions(stateMachineArn=_machine())["executions"]
    assert (execution["status"], entry.status) == ("FAILED", Status.RECEIVED)
    assert run_schedule()["started"] == 0, "not before it is certain that nothing moves"
    aged(entry)
    assert run_schedule()["started"] == 1
    assert ended(engine).status is Status.RELEASED


def test_a_lost_catalog_and_access_table_are_made_again_by_a_backfill_and_the_schedule(engine: Engine) -> None:
    """The guide's restore: the instances have the names they had, and the names of their executions are spent."""
    entry = uploaded(engine)
    shown = {item.view_key for item in AccessTable(ACCESS).of_instance(entry.instance_id)}
    for table, keys in ((CATALOG, ("instance_id",)), (ACCESS, ("view", "view_key"))):
        for item in clients.dynamodb().scan(TableName=table)["Items"]:
            clients.dynamodb().delete_item(TableName=table, Key={name: item[name] for name in keys})
    told = list_uploads.handle({"backfill": "restore"}, None)
    (line,) = json.loads(objects.read_bytes(ObjectVersion(WORK, told["manifest"])))
    assert line["name"] == f"{entry.instance_id}-1"
    assert not executions.start(_machine(), entry.instance_id, 1)
    aged(entry)
    assert run_schedule()["started"] == 1
    after = ended(engine)
    assert (after.status, after.attempt, after.output_version) == (Status.RELEASED, 2, entry.output_version)
    assert {item.view_key for item in AccessTable(ACCESS).of_instance(entry.instance_id)} == shown


def test_what_only_waits_is_left_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An execution from a backfill has the same input in other words: StartExecution calls its name spent."""
    entry = uploaded(engine)
    aged(entry, status="IN_REVIEW")

    def described(**_: Any) -> dict[str, str]:
        return {"status": "RUNNING"}

    monkeypatch.setattr(clients.stepfunctions(), "describe_execution", described)
    assert run_schedule() == {"started": 0, "left": 0}
    now = engine.catalog.find(entry.instance_id)
    assert now is not None
    assert (now.status, now.attempt) == (Status.IN_REVIEW, 1)


def test_an_upload_whose_registration_died_is_started(engine: Engine) -> None:
    entry = uploaded(engine)
    assert engine.catalog.start_attempt(entry.instance_id, 1) == 2
    aged(entry)
    assert run_schedule() == {"started": 0, "left": 0}
    assert ended(engine).attempt == 2
    assert ended(engine).status is Status.RELEASED


def test_a_crash_between_the_attempt_and_its_start_loses_no_decision(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = uploaded(engine)
    engine.catalog.start_attempt(entry.instance_id, 1)
    engine.catalog.move(entry.instance_id, 2, Status.DEFERRED)
    decision = ReviewDecision(Outcome.APPROVE, "a" * 64, "reviewer")
    work = WorkArea(engine.work(entry).bucket, entry.instance_id, 2)
    work.write_decision(decision)
    with monkeypatch.context() as broken:
        broken.setattr(executions, "start", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(Exception, match="internal"):
            run_schedule()
    now = engine.catalog.find(entry.instance_id)
    assert now is not None
    assert (now.status, now.attempt) == (Status.RECEIVED, 3)
    assert WorkArea(work.bucket, entry.instance_id, 3).read_decision("a" * 64) == decision


def test_what_was_tried_too_often_is_told_to_the_alarm_and_started_by_its_id_only(
    engine: Engine, measured: dict[str, float]
) -> None:
    entry = uploaded(engine)
    aged(entry, status="DEFERRED")
    clients.dynamodb().update_item(
        TableName=CATALOG,
        Key={"instance_id": {"S": entry.instance_id}},
        UpdateExpression="SET attempt = :n",
        ExpressionAttributeValues={":n": {"N": str(redrive_deferred.MAX_ATTEMPTS)}},
    )
    assert run_schedule() == {"started": 0, "left": 0}
    assert measured["Exhausted"] == 1
    assert redrive_deferred.handle({"instances": [entry.instance_id, "0" * 32]}, None)["started"] == 1
    assert ended(engine).status is Status.RELEASED


def test_an_entry_in_trouble_does_not_keep_the_others_from_being_started(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: Any) -> Any:
        raise ServiceUnavailableError("stepfunctions answered ThrottlingException")

    aged(uploaded(engine), status="DEFERRED")
    with monkeypatch.context() as broken:
        broken.setattr(Catalog, "start_attempt", throttled)
        assert run_schedule() == {"started": 0, "left": 1}
    monkeypatch.setattr(redrive_deferred, "_BUDGET", -1)
    assert run_schedule() == {"started": 0, "left": 1}, "no longer than the function's time"


@pytest.mark.parametrize("place", [extract_frames, save_sanitized, publish_views])
def test_the_guides_command_starts_what_was_quarantined_once_its_cause_is_gone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, place: Any
) -> None:
    """A role that lost a right for an hour quarantines all that runs: nobody uploads a hospital's images again."""

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError("AccessDenied")

    with monkeypatch.context() as broken:
        broken.setattr(place, "Catalog" if place is publish_views else "open_attempt", denied)
        entry = uploaded(engine)
    assert (entry.status, entry.reason) == (Status.QUARANTINED, "internal")
    assert run_schedule()["started"] == 0
    by_reason, by_id = re.findall(r"--payload '(\{.+\})'", GUIDE)
    assert redrive_deferred.handle(json.loads(by_reason.replace("internal", "codec-error")), None)["started"] == 0
    assert redrive_deferred.handle(json.loads(by_reason), None)["started"] == 1
    after = ended(engine)
    assert (after.status, after.attempt) == (Status.RELEASED, 2)
    assert redrive_deferred.handle(json.loads(by_id.replace("<instance_id>", entry.instance_id)), None)["started"] == 0
