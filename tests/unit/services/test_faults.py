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
from services.faults import is_transient, translated
from services.objects import ObjectVersion

SECRET = "CITIZEN^JAN"
CLIENTS_OWN = {
    *vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"],
    *vars(TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"],
} - {"EC2ThrottledException"}
SERVICES_OWN = {
    *("DependencyTimeoutException", "ExecutionLimitExceeded", "InternalError", "InternalFailure"),
    *("InternalServerError", "InternalServerException", "InternalServiceError", "InternalServiceErrorException"),
    *("KMS.InternalFailureException", "KMS.ThrottlingException", "KMSInternalException", "KeyUnavailableException"),
    *("KmsThrottlingException", "OperationAborted", "ProvisionedThroughputExceeded", "ServiceUnavailable"),
    *("ServiceUnavailableException", "TransactionConflictException"),
}
NEVER = [
    *("AccessDenied", "ConditionalCheckFailedException", "InvalidImageFormat", "KmsAccessDeniedException"),
    *("NoSuchBucket", "NoSuchKey", "ValidationException", ""),
]


def answered(code: str, status: int = 400) -> ClientError:
    error = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "Operation")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", sorted(CLIENTS_OWN | SERVICES_OWN))
def test_throttling_and_faults_of_a_service_pass(code: str) -> None:
    assert is_transient(answered(code))


@pytest.mark.parametrize("code", NEVER)
@pytest.mark.parametrize(("status", "later"), [(400, False), (403, False), (499, False), (429, True), (500, True)])
def test_any_other_answer_stays_what_it_is_unless_its_status_says_later(code: str, status: int, later: bool) -> None:
    assert is_transient(answered(code, status)) is later


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
def test_a_broken_connection_passes(error: Exception) -> None:
    assert is_transient(error)


def test_an_error_of_ours_does_not_pass() -> None:
    assert not is_transient(ValueError())
    assert not is_transient(ClientError({}, "Operation"))


def test_a_passing_failure_tells_its_code_and_nothing_of_its_message() -> None:
    with pytest.raises(ServiceUnavailableError) as error, translated("s3"):
        raise answered("SlowDown", 503)
    assert "SlowDown" in str(error.value)
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_other_failures_stay_as_they_are() -> None:
    with pytest.raises(ClientError), translated("s3"):
        raise answered("AccessDenied", 403)


def test_a_record_whose_answer_breaks_off_is_read_again_and_not_quarantined(
    account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> dict[str, Any]:
        return {"Body": StreamingBody(io.BytesIO(b'{"ver'), 1000)}

    monkeypatch.setattr(clients.s3(), "get_object", broken)
    with pytest.raises(ServiceUnavailableError):
        objects.read_bytes(ObjectVersion(account, "plan.json"))
