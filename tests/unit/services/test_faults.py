"""Which failures are worth another attempt: the others stop an instance at once, and by name."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from dicom_deid.errors import ServiceUnavailableError
from services.faults import is_transient, translated

SECRET = "CITIZEN^JAN"
LATER = [
    *("InternalError", "InternalFailure", "InternalServerError", "InternalServerException", "InternalServiceError"),
    *("InternalServiceErrorException", "KMSInternalException", "KMS.InternalFailureException"),
    *("KMS.ThrottlingException", "LimitExceededException", "OperationAborted", "RequestTimeout"),
    *("ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded", "RequestLimitExceeded"),
    *("RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException", "SlowDown", "Throttling"),
    *("ThrottlingException", "ThrottledException", "TooManyRequestsException", "TransactionConflictException"),
]
NEVER = [
    "AccessDenied",
    "ValidationException",
    "NoSuchKey",
    "ConditionalCheckFailedException",
    "InvalidImageFormat",
    "",
]


def answered(code: str, status: int = 400) -> ClientError:
    error = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "Operation")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", LATER)
def test_throttling_and_faults_of_a_service_pass(code: str) -> None:
    assert is_transient(answered(code))


@pytest.mark.parametrize("code", NEVER)
@pytest.mark.parametrize(("status", "later"), [(400, False), (403, False), (499, False), (429, True), (500, True)])
def test_any_other_answer_stays_what_it_is_unless_its_status_says_later(code: str, status: int, later: bool) -> None:
    assert is_transient(answered(code, status)) is later


def test_a_broken_connection_passes_and_an_error_of_ours_does_not() -> None:
    for error in (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError):
        assert is_transient(error(endpoint_url="x", error="x"))
    assert not is_transient(ValueError())
    assert not is_transient(ClientError({}, "Operation"))


def test_a_passing_failure_tells_its_code_and_nothing_of_its_message() -> None:
    with pytest.raises(ServiceUnavailableError) as error, translated("s3"):
        raise answered("SlowDown", 503)
    assert "SlowDown" in str(error.value)
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_other_failures_pass_as_they_are() -> None:
    with pytest.raises(ClientError), translated("s3"):
        raise answered("AccessDenied", 403)
