"""What may succeed later is told from what will not: the one is retried and deferred, the other quarantined."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from dicom_deid.errors import ServiceUnavailableError
from services import clients, objects
from services.faults import is_transient
from services.objects import ObjectVersion


def _answer(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            *vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"],
            *vars(TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"],
            # What the services of the pipeline name besides: Step Functions, KMS.
            "ExecutionLimitExceeded",
            "KmsThrottlingException",
            "KeyUnavailableException",
            "DependencyTimeoutException",
        }
        - {"EC2ThrottledException"}
    ),
)
def test_whatever_the_client_itself_would_try_again_is_service_trouble(code: str) -> None:
    assert is_transient(_answer(code))


@pytest.mark.parametrize("code", ["AccessDenied", "KmsAccessDeniedException", "ValidationException", "NoSuchBucket"])
def test_a_refusal_is_none(code: str) -> None:
    assert not is_transient(_answer(code))


@pytest.mark.parametrize("code", ["Unheard", "AccessDenied"])
def test_a_server_fault_is_one_whatever_it_calls_itself(code: str) -> None:
    assert is_transient(_answer(code, 503))


@pytest.mark.parametrize(
    "error",
    [
        exceptions.EndpointConnectionError(endpoint_url="x"),
        exceptions.ConnectTimeoutError(endpoint_url="x"),
        exceptions.ReadTimeoutError(endpoint_url="x"),
        exceptions.ResponseStreamingError(error="x"),
        exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
)
def test_a_broken_connection_is_one(error: Exception) -> None:
    assert is_transient(error)


def test_a_record_whose_answer_breaks_off_is_read_again_and_not_quarantined(
    account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> dict[str, Any]:
        return {"Body": StreamingBody(io.BytesIO(b'{"ver'), 1000)}

    monkeypatch.setattr(clients.s3(), "get_object", broken)
    with pytest.raises(ServiceUnavailableError):
        objects.read_bytes(ObjectVersion(account, "plan.json"))
