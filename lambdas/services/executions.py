"""AWS Step Functions: start an attempt, take an instance back, answer a waiting review."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from dicom_deid.errors import Reason
from services import clients
from services.faults import code_of, translated


@dataclass(frozen=True, slots=True)
class Start:
    """One execution. The input holds references and reason codes, and nothing else."""

    name: str
    input: dict[str, Any]

    @classmethod
    def attempt(cls, instance_id: str, attempt: int) -> Start:
        """``<instance_id>-<attempt>``: all states, from the raw object to the release."""
        return cls(f"{instance_id}-{attempt}", {"instance_id": instance_id, "attempt": attempt})

    @classmethod
    def withdrawal(cls, instance_id: str, attempt: int, reason: Reason, state: str) -> Start:
        """``<instance_id>-<attempt>-<reason>``: straight to Quarantine, for what lies in the object."""
        failure = {"Error": reason.value, "Cause": json.dumps({"state": state})}
        given = {"instance_id": instance_id, "attempt": attempt, "failure": failure}
        return cls(f"{instance_id}-{attempt}-{reason.value}", given)

    def as_item(self) -> dict[str, Any]:
        """The line of a backfill's manifest."""
        return asdict(self)


def start(state_machine_arn: str, instance_id: str, attempt: int) -> bool:
    """Start an attempt, once; False when its name is spent: for 90 days after its end, or by the same with other words.

    Of one that runs already, from the same input character by character, a repeat changes nothing.
    """
    return _start(state_machine_arn, Start.attempt(instance_id, attempt))


def withdraw(state_machine_arn: str, instance_id: str, attempt: int, reason: Reason, state: str) -> None:
    """Start the withdrawal of an instance for a reason that lies in the object, once."""
    _start(state_machine_arn, Start.withdrawal(instance_id, attempt, reason, state))


def _start(state_machine_arn: str, execution: Start) -> bool:
    with translated("stepfunctions"):
        try:
            clients.stepfunctions().start_execution(
                stateMachineArn=state_machine_arn, name=execution.name, input=json.dumps(execution.input)
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            return False
    return True


def is_running(state_machine_arn: str, instance_id: str, attempt: int) -> bool:
    """Whether the execution of an attempt is under way, or waits for a person."""
    execution = state_machine_arn.replace(":stateMachine:", ":execution:", 1)
    with translated("stepfunctions"):
        answer = clients.stepfunctions().describe_execution(
            executionArn=f"{execution}:{Start.attempt(instance_id, attempt).name}", includedData="METADATA_ONLY"
        )
    return answer["status"] == "RUNNING"


def answer_review(task_token: str, outcome: str, plan_sha256: str) -> bool:
    """Let a waiting execution go on with a decision; False when it no longer waits."""
    with translated("stepfunctions"):
        try:
            clients.stepfunctions().send_task_success(
                taskToken=task_token, output=json.dumps({"outcome": outcome, "plan_sha256": plan_sha256})
            )
        except ClientError as error:
            if code_of(error) in {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}:
                return False
            raise
    return True
