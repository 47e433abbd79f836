"""S3's own error codes, and which of them an error of ours becomes (Amazon S3 API reference, "Error responses")."""

from __future__ import annotations

from enum import Enum

from botocore.exceptions import ClientError

from dicom_deid.errors import ServiceUnavailableError
from services.faults import code_of
from services.objects import ObjectGoneError


class S3Code(Enum):
    """A code with its HTTP status and what it tells the researcher; nothing of an object is in it."""

    NOT_MODIFIED = (304, "NotModified", "The object was not modified.")
    INVALID_ARGUMENT = (400, "InvalidArgument", "An argument of the request is not valid.")
    ACCESS_DENIED = (403, "AccessDenied", "Access Denied")
    NO_SUCH_KEY = (404, "NoSuchKey", "The specified key does not exist.")
    NO_SUCH_VERSION = (404, "NoSuchVersion", "A view has no versions.")
    PRECONDITION_FAILED = (412, "PreconditionFailed", "A precondition of the request does not hold.")
    INVALID_RANGE = (416, "InvalidRange", "The requested range is not satisfiable.")
    INTERNAL_ERROR = (500, "InternalError", "An internal error occurred. Please try again.")
    NOT_IMPLEMENTED = (501, "NotImplemented", "A view does not provide this.")
    SLOW_DOWN = (503, "SlowDown", "Please reduce your request rate.")
    PUBLISHING = (503, "SlowDown", "The object is being published again. Please try again later.")
    TOO_LONG = (503, "SlowDown", "The object is too large for one response. Please request it in ranges.")

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class S3Error(Exception):
    """The request ends with this code. `size` is the object's, for the Content-Range of a 416; `etag` that of a 304."""

    def __init__(self, code: S3Code, *, size: int | None = None, etag: str | None = None) -> None:
        super().__init__(code.code)
        self.code, self.size, self.etag = code, size, etag


def as_s3(error: Exception) -> S3Error:
    """What the researcher is told of a failure of ours.

    A key or object that our role may not use any more is the custodian's decision: access is denied. Everything that
    is not foreseen is an internal error, whatever it was.
    """
    if isinstance(error, S3Error):
        return error
    if isinstance(error, ObjectGoneError):
        return S3Error(S3Code.NO_SUCH_KEY)
    if isinstance(error, ServiceUnavailableError):
        return S3Error(S3Code.SLOW_DOWN)
    if isinstance(error, ClientError) and _is_denial(code_of(error)):
        return S3Error(S3Code.ACCESS_DENIED)
    return S3Error(S3Code.INTERNAL_ERROR)


def _is_denial(code: str) -> bool:
    return code in {"403", "AccessDenied", "AccessDeniedException"} or code.startswith("KMS.")
