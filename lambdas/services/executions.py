"""AWS Step Functions: start an attempt, answer a waiting review."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from services import clients
from services.faults import code_of, translated


def start(state_machine_arn: str, instance_id: str, attempt: int) -> None:
    """Start the execution ``<instance_id>-<attempt>``, once: a name is unique for 90 days, so a repeat changes nothing.

    The input holds the two references and nothing else.
    """
    with translated("stepfunctions"):
        try:
            clients.stepfunctions().start_execution(
                stateMachineArn=state_machine_arn,
                name=f"{instance_id}-{attempt}",
                input=json.dumps({"instance_id": instance_id, "attempt": attempt}),
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise


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
