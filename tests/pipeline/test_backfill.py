"""The backfill's state machine as it deploys, over a bucket of several pages, from one execution to the next."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

from handlers import list_uploads
from local.account import RAW, WORK
from local.engine import Engine, running
from local.environment import applied
from local.settings import EngineSettings
from services import clients
from tests.synthetic.silent import Silent
from tests.synthetic.slice import CT, variant

ROOT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::123456789012:role/local"


def _as_the_api_spells_them(_: Any, env: Any, normalised_parameters: dict[str, Any], **__: Any) -> None:
    """Moto 5.2.5 hands the parameters of states:startExecution on with capitals, which its own endpoint rejects."""
    lower = {name[0].lower() + name[1:]: value for name, value in normalised_parameters.items()}
    answer = clients.stepfunctions().start_execution(**lower)
    env.stack.append({"ExecutionArn": answer["executionArn"]})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(StateTaskServiceSfn, "_eval_service_task", _as_the_api_spells_them)
    with running(EngineSettings(bytes(range(32)), retry_attempts=0), text=Silent(), phi=Silent()) as found:
        yield found


def machine(engine: Engine) -> str:
    """backfill.asl.json in the local account."""
    stepfunctions, functions = boto3.client("stepfunctions"), boto3.client("lambda")
    (instance,) = stepfunctions.list_state_machines()["stateMachines"]
    made = functions.create_function(
        FunctionName="list-uploads",
        Runtime="python3.13",
        Role=ROLE,
        Handler="handlers.list_uploads.handle",
        Code={"ZipFile": b"the handler runs in this process"},
    )
    values = {
        "Partition": "aws",
        "ListUploadsFunctionArn": made["FunctionArn"],
        "RetryMaxAttempts": "0",
        "BackfillConcurrency": "2",
        "WorkBucket": WORK,
        "DeidentifyStateMachineArn": instance["stateMachineArn"],
        "BackfillStateMachineArn": instance["stateMachineArn"].replace("deidentify", "backfill"),
    }
    text = (ROOT / "statemachine" / "backfill.asl.json").read_text()
    definition = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)
    name = "dicom-deid-backfill"
    return str(stepfunctions.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"])


def ended(arn: str, last: str) -> list[str]:
    """The executions of a machine by name, once that one is over; every one succeeded."""
    stepfunctions = boto3.client("stepfunctions")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = {one["name"]: one["status"] for one in stepfunctions.list_executions(stateMachineArn=arn)["executions"]}
        if "FAILED" in found.values() or found.get(last, "RUNNING") != "RUNNING":
            assert set(found.values()) == {"SUCCEEDED"}
            return sorted(found)
        time.sleep(0.05)
    raise TimeoutError


def test_a_bucket_of_any_size_is_gone_through_by_one_execution_after_the_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One execution's history would end after some 830,000 versions, and a restart would begin at the first again."""
    monkeypatch.setattr(list_uploads, "PAGE", 1)
    monkeypatch.setattr(list_uploads, "PAGES_PER_EXECUTION", 2)
    contents = [CT, *(variant(SOPInstanceUID=f"1.2.3.{number}") for number in range(4))]
    for number, content in enumerate(contents):
        clients.s3().put_object(Bucket=RAW, Key=f"{number}.dcm", Body=content)
    arn = machine(engine)
    boto3.client("stepfunctions").start_execution(stateMachineArn=arn, name="first", input="{}")
    assert ended(arn, "first-3") == ["first", "first-1", "first-3"]
    entries = list(engine.catalog.entries())
    assert len(entries) == len(contents)
    for entry in entries:
        assert engine.settle(entry.instance_id, 60).status == "RELEASED"


def test_a_backfill_that_stopped_goes_on_where_it_was(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_uploads, "PAGE", 1)
    for number in range(2):
        clients.s3().put_object(Bucket=RAW, Key=f"{number}.dcm", Body=variant(SOPInstanceUID=f"1.2.3.{number}"))
    list_uploads.handle({"backfill": "stopped"}, None)
    arn = machine(engine)
    guide = (ROOT / "docs" / "operations.md").read_text()
    (given,) = re.findall(r"--input '(\{\"backfill\": .+?\})'", guide)
    given = json.dumps({**json.loads(given), "backfill": "stopped"})
    boto3.client("stepfunctions").start_execution(stateMachineArn=arn, name="again", input=given)
    ended(arn, "again")
    pages: Any = [key["Key"] for key in clients.s3().list_objects_v2(Bucket=WORK, Prefix="backfill/")["Contents"]]
    assert [page for page in pages if "manifest" in page] == [
        f"backfill/stopped/manifest/{number:08d}.json" for number in range(2)
    ]


def test_a_backfill_withdraws_what_carries_the_tag_of_a_threat(engine: Engine) -> None:
    engine.upload("1.dcm", CT)
    engine.deliver()
    entry = engine.find("1.dcm")
    assert entry is not None
    assert engine.settle(entry.instance_id, 60).status == "RELEASED"
    tags: Any = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": "THREATS_FOUND"}]}
    clients.s3().put_object_tagging(Bucket=RAW, Key="1.dcm", Tagging=tags)
    with applied({"DICOM_DEID_MALWARE_SCAN": "true"}):
        arn = machine(engine)
        boto3.client("stepfunctions").start_execution(stateMachineArn=arn, name="scan", input="{}")
        ended(arn, "scan")
        instances = arn.replace("backfill", "deidentify")
        ended(instances, f"{entry.instance_id}-1-malware")
    now = engine.catalog.find(entry.instance_id)
    assert now is not None
    assert (now.status, now.reason) == ("QUARANTINED", "malware")
