"""Amazon S3 over files, on the loopback interface: GET, HEAD, LIST and ranges of plain buckets.

Objects are read from disk as they are asked for, so one of a gigabyte costs no memory. Standard library server; ranges,
conditions, pages and errors are those of the researchers' function, so that there is one reading of S3's rules.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from typing_extensions import override

from handlers.object_lambda.answers import refuse_subresources
from handlers.object_lambda.conditions import check_conditions, range_still_applies
from handlers.object_lambda.errors import S3Code, S3Error
from handlers.object_lambda.listing import ListedObject, as_xml, parse_page_request, read_page
from handlers.object_lambda.ranges import ByteRange, requested

_CREDENTIAL: Final = re.compile(r"Credential=([^/]+)/")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file as an object of a bucket. `version_id` may be empty."""

    key: str
    path: Path
    version_id: str = ""

    def listed(self) -> ListedObject:
        """What a listing tells of it.

        Raises
        ------
        OSError
            When the file is not there any more.
        """
        facts = self.path.stat()
        changed = f"{self.key}\n{self.version_id}\n{facts.st_size}\n{facts.st_mtime_ns}"
        etag = hashlib.sha256(changed.encode()).hexdigest()[:32] + "-1"
        return ListedObject(self.key, facts.st_size, etag, datetime.fromtimestamp(int(facts.st_mtime), UTC))


class Bucket:
    """Objects by key; of several under one key the last is the current one. `owner` is the access key that may read it,
    None for everybody.
    """

    def __init__(self, objects: Iterable[StoredObject], owner: str | None = None) -> None:
        self.owner = owner
        self._versions: dict[tuple[str, str], StoredObject] = {}
        self._current: dict[str, StoredObject] = {}
        for item in objects:
            self._versions[item.key, item.version_id] = self._current[item.key] = item
        self._keys = sorted(self._current)

    @staticmethod
    def of_folder(folder: Path, owner: str | None = None) -> Bucket:
        """Every file below a folder, by its path there."""
        files = (path for path in folder.rglob("*") if path.is_file())
        return Bucket((StoredObject(path.relative_to(folder).as_posix(), path) for path in files), owner)

    def find(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """The current object under the key, or that version of it."""
        return self._current.get(key) if version_id is None else self._versions.get((key, version_id))

    def under(self, prefix: str, after: str) -> Iterator[ListedObject]:
        """The objects under a prefix whose key is greater than `after`."""
        for key in self._keys[bisect_right(self._keys, max(after, prefix[:-1])) :]:
            if key.startswith(prefix):
                yield self._current[key].listed()
            elif key > prefix:
                return


class Passing(Protocol):
    """A body that is made while it is sent; `close` is called in any case."""

    def send_to(self, connection: socket) -> None:
        """Send the whole of it."""

    def close(self) -> None:
        """Nothing more will be taken."""


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A part of an open file as a body."""

    file: BinaryIO
    span: ByteRange

    def close(self) -> None:
        """Close the file."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: `headers` without Content-Length."""

    status: int
    headers: Mapping[str, str]
    length: int = 0
    body: bytes | Passing | FileSpan = b""

    def close(self) -> None:
        """Release what the body holds."""
        if not isinstance(self.body, bytes):
            self.body.close()


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `bucket` and `key` of the path-style address, names of `headers` in lower case."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: BufferedReader
    connection: socket
    url: str

    @property
    def access_key(self) -> str:
        """The access key that the request was signed with; it is looked up here, the signature is not."""
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        return found.group(1) if found else ""


Route = Callable[[Call], Reply | None]
"""Answers a call, or leaves it to the plain buckets."""


class ObjectStore:
    """Plain buckets, behind an optional route that answers first."""

    def __init__(self, buckets: Mapping[str, Bucket], route: Route = lambda call: None) -> None:
        self.buckets, self.route = dict(buckets), route

    def answer(self, call: Call) -> Reply:
        """The reply to one request; every failure is one of S3's errors."""
        try:
            return self.route(call) or self._plain(call)
        except S3Error as error:
            return error_reply(error)
        except OSError:
            return error_reply(S3Error(S3Code.NO_SUCH_KEY))

    def _plain(self, call: Call) -> Reply:
        bucket = self.buckets.get(call.bucket)
        if bucket is None or call.method not in {"GET", "HEAD"}:
            raise S3Error(S3Code.NO_SUCH_KEY if bucket is None else S3Code.NOT_IMPLEMENTED)
        if bucket.owner is not None and not secrets.compare_digest(call.access_key, bucket.owner):
            raise S3Error(S3Code.ACCESS_DENIED)
        if not call.key:
            request = parse_page_request(call.query)
            return xml_reply(as_xml(call.bucket, request, read_page(request, bucket.under)))
        refuse_subresources({name: value for name, value in call.query.items() if name != "versionId"})
        found = bucket.find(call.key, call.query.get("versionId"))
        if found is None:
            raise S3Error(S3Code.NO_SUCH_KEY)
        return _object_reply(call, found)


def _object_reply(call: Call, found: StoredObject) -> Reply:
    facts = found.listed()
    check_conditions(call.headers, facts.etag, facts.last_modified)
    applies = range_still_applies(call.headers, facts.etag, facts.last_modified)
    part = requested(call.headers.get("range") if applies else None, facts.size)
    span = part or ByteRange(0, facts.size, facts.size)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
        "ETag": f'"{facts.etag}"',
        "Last-Modified": format_datetime(facts.last_modified, usegmt=True),
    }
    headers |= {"Content-Range": part.content_range} if part else {}
    headers |= {"x-amz-version-id": found.version_id} if found.version_id else {}
    return Reply(206 if part else 200, headers, span.length, FileSpan(found.path.open("rb"), span))


def xml_reply(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An XML document."""
    content = text.encode()
    return Reply(status, {"Content-Type": "application/xml", **(headers or {})}, len(content), content)


def error_reply(error: S3Error) -> Reply:
    """An error of S3; a 304 has no body."""
    if error.etag is not None:
        return Reply(error.code.status, {"ETag": f'"{error.etag}"'})
    headers = {"Content-Range": f"bytes */{error.size}"} if error.size is not None else {}
    return error_document(error.code.status, error.code.code, error.code.message, headers)


def error_document(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """The document that S3 puts an error into."""
    told = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    return xml_reply(f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{told}</Error>', status, headers)


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept open; a body that ends early closes its connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        bucket, _, key = unquote(url.path.lstrip("/")).partition("/")
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body: Any = self.rfile
        call = Call(self.command, bucket, key, query, headers, body, self.connection, self.path)
        reply = self.server.store.answer(call)
        try:
            self._send(reply)
        except Exception:
            # The client went away, or the body broke off: only a closed connection says so after the first byte.
            self.close_connection = True
        finally:
            reply.close()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(reply.length))
        self.send_header("x-amz-request-id", secrets.token_hex(8))
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(reply.body, FileSpan):
            span = reply.body.span
            if self.connection.sendfile(reply.body.file, span.start, span.length) != span.length:
                raise OSError("the file ended before its length")
        elif isinstance(reply.body, bytes):
            self.connection.sendall(reply.body)
        else:
            reply.body.send_to(self.connection)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request line holds a key."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, store: ObjectStore, port: int) -> None:
        self.store = store
        super().__init__(("127.0.0.1", port), _Handler)


@contextmanager
def listening(store: ObjectStore, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 while the block runs; gives the endpoint's URL. Port 0 takes a free one."""
    with _Server(store, port) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
