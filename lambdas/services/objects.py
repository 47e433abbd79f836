"""Amazon S3: whole, ranged, multipart and conditional reads and writes of one object version."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from dicom_deid.errors import DeidError, Reason
from services import clients
from services.faults import code_of, translated

if TYPE_CHECKING:
    pass

PART_BYTES = 64 * 1024 * 1024
"""Above this a write is multipart (S3 asks for parts of 5 MB to 5 GB, at most 10,000 of them)."""

GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed"})
"""Error codes of S3 for an object or a version that is not there."""
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "NoSuchUpload"})
"""Error codes of a write that met another one. NoSuchUpload: its own, which was complete before its answer was lost."""


class ConflictError(DeidError):
    """A conditional write found something else in its place."""

    def __init__(self) -> None:
        super().__init__(Reason.INTERNAL, "a conditional write met another object")


class ObjectGoneError(DeidError):
    """The object or version is not there."""

    def __init__(self) -> None:
        super().__init__(Reason.INTERNAL, "the object version does not exist")


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of one object. `version_id` is empty where a bucket has no versions."""

    bucket: str
    key: str
    version_id: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The request parameters that name it."""
        named: dict[str, Any] = {"Bucket": self.bucket, "Key": self.key}
        if self.version_id:
            named["VersionId"] = self.version_id
        return named


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What HEAD tells. `etag` is without quotes."""

    size: int
    etag: str
    version_id: str
    last_modified: datetime
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a write answered."""

    etag: str
    version_id: str


def head(version: ObjectVersion) -> ObjectFacts | None:
    """The object's size and tags, or None when it is not there."""
    with translated("s3"):
        try:
            answer = clients.s3().head_object(**version.parameters)
        except ClientError as error:
            if code_of(error) in GONE:
                return None
            raise
    return ObjectFacts(
        size=answer["ContentLength"],
        etag=answer["ETag"].strip('"'),
        version_id=answer.get("VersionId", ""),
        last_modified=answer["LastModified"],
        metadata=answer.get("Metadata", {}),
    )


def read_bytes(version: ObjectVersion) -> bytes:
    """The whole object; only for what this system wrote itself and keeps small.

    Raises
    ------
    ObjectGoneError
        When it is not there.
    """
    with translated("s3"):
        try:
            return clients.s3().get_object(**version.parameters)["Body"].read()
        except ClientError as error:
            if code_of(error) in GONE:
                raise ObjectGoneError from None
            raise


def put_bytes(
    version: ObjectVersion,
    content: bytes,
    *,
    if_none_match: bool = False,
    if_match: str | None = None,
    metadata: Mapping[str, str] | None = None,
    content_type: str = "application/octet-stream",
) -> Stored:
    """Write a small object in one request.

    Raises
    ------
    ConflictError
        When the condition (`if_none_match`: nothing there; `if_match`: this ETag there) does not hold.
    """
    return put_file(
        version,
        io.BytesIO(content),
        if_none_match=if_none_match,
        if_match=if_match,
        metadata=metadata,
        content_type=content_type,
    )


def put_file(
    version: ObjectVersion,
    content: BinaryIO,
    *,
    if_none_match: bool = False,
    if_match: str | None = None,
    metadata: Mapping[str, str] | None = None,
    content_type: str = "application/dicom",
) -> Stored:
    """Write from the current position of `content` to its end: one request up to 64 MB, multipart above.

    An upload that fails is aborted; nothing half-written ever becomes visible.

    Raises
    ------
    ConflictError
        When the condition does not hold.
    """
    condition: dict[str, Any] = {}
    if if_none_match:
        condition["IfNoneMatch"] = "*"
    if if_match is not None:
        condition["IfMatch"] = f'"{if_match}"'
    described: dict[str, Any] = {"ContentType": content_type, "Metadata": dict(metadata or {})}
    target: dict[str, Any] = {"Bucket": version.bucket, "Key": version.key}
    first = content.read(PART_BYTES)
    second = content.read(PART_BYTES) if len(first) == PART_BYTES else b""
    with translated("s3"):
        try:
            answer: Mapping[str, Any]
            if second:
                answer = _put_parts(target, described, condition, first, second, content)
            else:
                answer = clients.s3().put_object(Body=first, **target, **described, **condition)
        except ClientError as error:
            if code_of(error) in _CONFLICTS:
                raise ConflictError from None
            raise
    return Stored(etag=str(answer["ETag"]).strip('"'), version_id=str(answer.get("VersionId", "")))


def _put_parts(
    target: dict[str, Any],
    described: dict[str, Any],
    condition: dict[str, Any],
    first: bytes,
    second: bytes,
    rest: BinaryIO,
) -> Mapping[str, Any]:
    s3 = clients.s3()
    upload = s3.create_multipart_upload(**target, **described)["UploadId"]
    try:
        parts: list[Any] = []
        for number, block in enumerate(_blocks(first, second, rest), start=1):
            sent = s3.upload_part(**target, UploadId=upload, PartNumber=number, Body=block)
            parts.append({"ETag": sent["ETag"], "PartNumber": number})
        done = s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts}, **condition)
    except BaseException:
        # What cannot be aborted now, the bucket's lifecycle removes; why the write failed is what must be told.
        with suppress(ClientError, BotoCoreError):
            s3.abort_multipart_upload(**target, UploadId=upload)
        raise
    return dict(done)


def _blocks(first: bytes, second: bytes, rest: BinaryIO) -> Iterator[bytes]:
    yield first
    yield second
    while block := rest.read(PART_BYTES):
        yield block


def delete(version: ObjectVersion) -> None:
    """Remove the object; nothing happens when it is not there."""
    with translated("s3"):
        clients.s3().delete_object(**version.parameters)


def keys_under(bucket: str, prefix: str) -> Iterator[str]:
    """The keys that begin with `prefix`, in order."""
    with translated("s3"):
        for page in clients.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield item["Key"]
