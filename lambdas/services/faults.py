"""Which answers of a service mean "try again later", and which do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from dicom_deid.errors import ServiceUnavailableError

_TRANSIENT = frozenset(
    {
        "BandwidthLimitExceeded",
        "DependencyTimeoutException",
        "ExecutionLimitExceeded",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceErrorException",
        "KMSInternalException",
        "KMS.InternalFailureException",
        "KeyUnavailableException",
        "KMS.ThrottlingException",
        "KmsThrottlingException",
        "LimitExceededException",
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def code_of(error: ClientError) -> str:
    """The service's error code; an empty string where it gave none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_transient(error: Exception) -> bool:
    """Whether another attempt later may succeed: throttling, a 5xx answer, a broken connection."""
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return code_of(error) in _TRANSIENT or status >= 500 or status == 429
    broken = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError)
    return isinstance(error, broken)


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn a service's transient failures into `ServiceUnavailableError`, with nothing of its message.

    Other failures pass as they are: the handler's boundary makes them ``internal``.

    Raises
    ------
    ServiceUnavailableError
        On throttling, a 5xx answer or a broken connection.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if not is_transient(error):
            raise
        code = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        raise ServiceUnavailableError(f"{service} answered {code or 'a server fault'}") from None
