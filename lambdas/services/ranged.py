"""Amazon S3: one object version read by ranges, as a file or as a stream."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from typing_extensions import override

from dicom_deid.errors import BadInputError, Reason, ServiceUnavailableError
from services import clients
from services.faults import code_of, translated
from services.objects import GONE, ObjectFacts, ObjectGoneError, ObjectVersion, head

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FIRST_BLOCK = 128 * 1024
_LARGEST_BLOCK = 8 * 1024 * 1024
_STREAM_BLOCK = 512 * 1024
_BREAKS = 3
"""So often a stream may break off before that is a failure of the service."""
_CHANGED = GONE | {"PreconditionFailed", "412", "InvalidRange"}


def download(version: ObjectVersion, target: BinaryIO) -> int:
    """Copy the object into `target` block by block; returns the number of bytes.

    Raises
    ------
    ObjectGoneError
        When it is not there.
    ServiceUnavailableError
        When the stream breaks again and again.
    """
    size = 0
    with RangedReader(version) as reader:
        for block in reader.span(0, reader.size):
            size += target.write(block)
    return size


class RangedReader(io.BufferedReader):
    """A seekable read-only file over one object version, by ranged GETs that grow while the reading is sequential.

    It reads only what is asked for: a header costs one or two requests, however large the pixel data is. `size` is the
    object's length in bytes, `facts` what the first answer told of it.

    Raises
    ------
    ObjectGoneError
        When the version is not there, on opening or later.
    BadInputError
        ``parse-error`` when the object ends before the size it announced.
    """

    def __init__(self, version: ObjectVersion, *, block: int = _FIRST_BLOCK) -> None:
        self._version = version
        first = _get(version, 0, block)
        self.facts = first.facts or _head(version)
        self.size = self.facts.size
        super().__init__(_RangedRaw(version, self.facts, first.content, block), buffer_size=64 * 1024)

    def span(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes [start, stop) as one streamed GET; where the connection breaks, another goes on from there.

        Raises
        ------
        ObjectGoneError
            When the version is not there any more.
        ServiceUnavailableError
            When the stream breaks more often than that.
        """
        position, broken = start, 0
        while position < stop:
            try:
                for block in _stream(self._version, position, stop, self.facts.etag):
                    position += len(block)
                    yield block
            except (HTTPClientError, IncompleteReadError):
                broken += 1
            else:
                broken += position < stop
            if broken > _BREAKS:
                raise ServiceUnavailableError("s3 broke off a stream again and again")


@dataclass(frozen=True, slots=True)
class _Piece:
    content: bytes
    facts: ObjectFacts | None


def _head(version: ObjectVersion) -> ObjectFacts:
    known = head(version)
    if known is None:
        raise ObjectGoneError
    return known


def _get(version: ObjectVersion, start: int, length: int, etag: str = "") -> _Piece:
    """The bytes from `start` on, at most `length`; of an empty object, for which there is no range, nothing."""
    condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {}
    with translated("s3"):
        try:
            answer = clients.s3().get_object(
                **version.parameters, Range=f"bytes={start}-{start + length - 1}", **condition
            )
            content = answer["Body"].read()
        except IncompleteReadError:
            raise ServiceUnavailableError("s3 broke off an answer") from None
        except ClientError as error:
            if code_of(error) == "InvalidRange" and not start and not etag:
                return _Piece(b"", None)
            if code_of(error) in _CHANGED:
                raise ObjectGoneError from None
            raise
    if len(content) != answer["ContentLength"]:
        raise BadInputError(Reason.PARSE_ERROR, "the object ended before its length")
    total = int(answer.get("ContentRange", "/0").rpartition("/")[2])
    return _Piece(
        content,
        ObjectFacts(
            size=total,
            etag=answer["ETag"].strip('"'),
            version_id=answer.get("VersionId", ""),
            last_modified=answer["LastModified"],
            metadata=answer.get("Metadata", {}),
        ),
    )


def _stream(version: ObjectVersion, start: int, stop: int, etag: str) -> Iterator[bytes]:
    with translated("s3"):
        try:
            answer = clients.s3().get_object(
                **version.parameters, Range=f"bytes={start}-{stop - 1}", IfMatch=f'"{etag}"'
            )
        except ClientError as error:
            if code_of(error) in _CHANGED:
                raise ObjectGoneError from None
            raise
    with closing(answer["Body"]) as body:
        yield from body.iter_chunks(_STREAM_BLOCK)


class _RangedRaw(io.RawIOBase):
    """The requests under a `RangedReader`; keeps one block."""

    def __init__(self, version: ObjectVersion, facts: ObjectFacts, first: bytes, block: int) -> None:
        super().__init__()
        self._version, self._facts = version, facts
        self._position, self._start, self._buffer, self._block = 0, 0, first, block

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._facts.size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._position = base + offset
        return self._position

    @override
    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._facts.size - self._position)
        if wanted <= 0:
            return 0
        if not 0 <= self._position - self._start < len(self._buffer):
            self._fill(wanted)
        offset = self._position - self._start
        piece = self._buffer[offset : offset + wanted]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _fill(self, wanted: int) -> None:
        sequential = self._position == self._start + len(self._buffer)
        if sequential and self._buffer:
            self._block = min(self._block * 2, _LARGEST_BLOCK)
        length = min(max(self._block, min(wanted, _LARGEST_BLOCK)), self._facts.size - self._position)
        piece = _get(self._version, self._position, length, self._facts.etag)
        if len(piece.content) != length:
            raise BadInputError(Reason.PARSE_ERROR, "the object ended before its length")
        self._start, self._buffer = self._position, piece.content
