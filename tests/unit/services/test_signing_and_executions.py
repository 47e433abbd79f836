"""KMS signatures that verify offline, and executions that start once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dicom_deid.errors import ServiceUnavailableError
from dicom_deid.evidence.signature import is_genuine
from services import clients, executions, signing

MACHINE = "arn:aws:states:ap-southeast-2:111122223333:stateMachine:deidentify"
ID = "a" * 32


@pytest.fixture
def stepfunctions() -> Iterator[Stubber]:
    clients.forget()
    with Stubber(clients.stepfunctions()) as stub:
        yield stub
    clients.forget()


def test_a_signature_verifies_offline_and_only_over_the_same_bytes() -> None:
    content, key = b"certificate" * 1000, ec.generate_private_key(ec.SECP256R1())
    digest = hashlib.sha256(content).digest()
    made = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    clients.forget()
    with Stubber(clients.kms()) as stub:
        asked = {
            "KeyId": "key",
            "Message": digest,
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        }
        stub.add_response("sign", {"Signature": made}, asked)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        stub.add_response("get_public_key", {"PublicKey": public}, {"KeyId": "key"})
        signature = signing.sign("key", content)
        given = signing.public_key("key")
    clients.forget()
    assert is_genuine(content, signature, given)
    assert not is_genuine(content + b" ", signature, given)
    assert not is_genuine(content, signature[:-1] + bytes([signature[-1] ^ 1]), given)


def test_an_execution_is_named_by_instance_and_attempt_and_told_references_only(stepfunctions: Stubber) -> None:
    told = {"instance_id": ID, "attempt": 2}
    answer = {"executionArn": MACHINE, "startDate": "2026-01-01T00:00:00Z"}
    asked = {"stateMachineArn": MACHINE, "name": f"{ID}-2", "input": json.dumps(told)}
    stepfunctions.add_response("start_execution", answer, asked)
    executions.start(MACHINE, ID, 2)
    stepfunctions.assert_no_pending_responses()


def test_an_execution_that_was_started_before_is_left_alone(stepfunctions: Stubber) -> None:
    stepfunctions.add_client_error("start_execution", "ExecutionAlreadyExists")
    executions.start(MACHINE, ID, 1)
    stepfunctions.assert_no_pending_responses()


def test_throttling_is_service_trouble(stepfunctions: Stubber) -> None:
    stepfunctions.add_client_error("start_execution", "ThrottlingException", http_status_code=400)
    with pytest.raises(ServiceUnavailableError):
        executions.start(MACHINE, ID, 1)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_answer_to_nobody_is_told_apart(stepfunctions: Stubber, code: str) -> None:
    stepfunctions.add_response("send_task_success", {})
    assert executions.answer_review("token", "approve", "0" * 64)
    stepfunctions.add_client_error("send_task_success", code)
    assert not executions.answer_review("token", "approve", "0" * 64)
