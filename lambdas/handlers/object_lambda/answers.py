"""What S3 Object Lambda takes as an answer: parameters of WriteGetObjectResponse for GET, a result for HEAD and LIST.

No checksum, no version and no metadata of the source is among it: they would be those of other bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from handlers.object_lambda.errors import S3Code, S3Error
from handlers.object_lambda.ranges import ByteRange

Answer = dict[str, Any]
CONTENT_TYPE = "application/dicom"


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """What GET and HEAD tell of an object. `etag` is without quotes; `part` is None for the whole object."""

    size: int
    etag: str
    last_modified: datetime
    part: ByteRange | None = None

    @property
    def span(self) -> ByteRange:
        """The bytes that a GET gives."""
        return self.part or ByteRange(0, self.size, self.size)

    def get(self) -> Answer:
        """Parameters of WriteGetObjectResponse, but for route, token and body."""
        told: Answer = {
            "StatusCode": 206 if self.part else 200,
            "AcceptRanges": "bytes",
            "ContentLength": self.span.length,
            "ContentType": CONTENT_TYPE,
            "ETag": f'"{self.etag}"',
            "LastModified": self.last_modified,
        }
        return told | ({"ContentRange": self.part.content_range} if self.part else {})

    def head(self) -> Answer:
        """The result of a HeadObject request."""
        headers: Answer = {
            "Accept-Ranges": "bytes",
            "Content-Length": self.span.length,
            "Content-Type": CONTENT_TYPE,
            "ETag": f'"{self.etag}"',
            "Last-Modified": format_datetime(self.last_modified, usegmt=True),
        }
        headers |= {"Content-Range": self.part.content_range} if self.part else {}
        return {"statusCode": 206 if self.part else 200, "headers": headers}


def get_error(error: S3Error) -> Answer:
    """Parameters of WriteGetObjectResponse for an error. A 304 has no body, and so no code in it."""
    told: Answer = {"StatusCode": error.code.status}
    if error.etag is not None:
        return told | {"ETag": f'"{error.etag}"'}
    told |= {"ErrorCode": error.code.code, "ErrorMessage": error.code.message}
    return told | ({"ContentRange": f"bytes */{error.size}"} if error.size is not None else {})


def result_error(error: S3Error) -> Answer:
    """The result of a HeadObject or ListObjectsV2 request that failed."""
    told: Answer = {"statusCode": error.code.status}
    if error.etag is not None:
        return told | {"headers": {"Content-Length": 0, "ETag": f'"{error.etag}"'}}
    return told | {"errorCode": error.code.code, "errorMessage": error.code.message}


def refuse_subresources(query: Mapping[str, str]) -> None:
    """A view has one version of an object, in one part.

    Raises
    ------
    S3Error
        ``NoSuchVersion`` or ``NotImplemented`` when the request asks for another.
    """
    if "versionId" in query:
        raise S3Error(S3Code.NO_SUCH_VERSION)
    if "partNumber" in query:
        raise S3Error(S3Code.NOT_IMPLEMENTED)
