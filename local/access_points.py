"""Object Lambda access points on this machine: the handler that deploys, behind ``<view>--ol-s3`` of the object store.

As in S3, a GET waits while the function runs; the function answers by WriteGetObjectResponse to the same endpoint, with
the single-use token of its event, and the body passes through as it comes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from socket import socket
from threading import Event, Thread
from typing import Any, Final

from local.environment import REGION
from local.object_store import Call, Reply, error_document, xml_reply

SUFFIX: Final = "--ol-s3"
ACCOUNT: Final = "123456789012"
_RESPONSE_PATH: Final = "WriteGetObjectResponse"
_FORWARDED: Final = "x-amz-fwd-header-"
_BLOCK: Final = 256 * 1024
_POLL: Final = 0.2

Function = Callable[[Mapping[str, Any], object], Mapping[str, Any]]


def access_point_arn(view: str) -> str:
    """The ARN of a view's access point here."""
    return f"arn:aws:s3-object-lambda:{REGION}:{ACCOUNT}:accesspoint/{view}"


class _Passing:
    """The body of the function's answer, on its way to the GET that waits for it."""

    def __init__(self, call: Call, length: int) -> None:
        self._source, self._connection, self._left = call.body, call.connection, length
        self._closed = Event()

    def send_to(self, connection: socket) -> None:
        """Send it block by block, as it comes."""
        while self._left:
            block = self._source.read1(min(_BLOCK, self._left))
            if not block:
                raise ConnectionAbortedError
            connection.sendall(block)
            self._left -= len(block)

    def close(self) -> None:
        """Let the function's request end."""
        self._closed.set()

    def wait(self) -> bool:
        """Wait until it was passed on or broke off; whether it was passed on."""
        self._closed.wait()
        return not self._left


class AccessPoints:
    """The route of an object store that hands requests to the function, as S3 does."""

    def __init__(self, views: Mapping[str, str], function: Function) -> None:
        """`views`: by name, the ARN of each access point."""
        self._arns = {f"{view}{SUFFIX}": arn for view, arn in views.items()}
        self._function = function
        self._waiting: dict[str, SimpleQueue[Reply]] = {}

    def __call__(self, call: Call) -> Reply | None:
        """The reply of an access point; None for what is none."""
        if call.bucket == _RESPONSE_PATH and call.method == "POST":
            return self._receive(call)
        arn = self._arns.get(call.bucket)
        if arn is None:
            return None
        if call.method not in {"GET", "HEAD"}:
            return error_document(405, "MethodNotAllowed", "A view can only be read.")
        event = _event(call, arn)
        if call.method == "HEAD":
            return _head_reply(self._function(event | {"headObjectContext": {"inputS3Url": ""}}, None))
        if not call.key:
            return _list_reply(self._function(event | {"listObjectsV2Context": {"inputS3Url": ""}}, None))
        return self._get(event)

    def _get(self, event: dict[str, Any]) -> Reply:
        token = secrets.token_urlsafe(24)
        waiting = self._waiting[token] = SimpleQueue()
        context = {"inputS3Url": "", "outputRoute": "local", "outputToken": token}
        run = Thread(target=self._function, args=(event | {"getObjectContext": context}, None), daemon=True)
        run.start()
        try:
            while True:
                try:
                    return waiting.get(timeout=_POLL)
                except Empty:
                    if not run.is_alive() and waiting.empty():
                        told = "The function ended without a response."
                        return error_document(500, "LambdaResponseNotReceived", told)
        finally:
            self._waiting.pop(token, None)

    def _receive(self, call: Call) -> Reply:
        """The function's answer: handed to the GET that waits for it; done when its body was passed on."""
        waiting = self._waiting.pop(call.headers.get("x-amz-request-token", ""), None)
        if waiting is None:
            return error_document(400, "ValidationException", "There is no such request token.")
        status, headers = int(call.headers.get("x-amz-fwd-status", "200")), _forwarded(call.headers)
        code = call.headers.get("x-amz-fwd-error-code")
        if code is not None:
            message = call.headers.get("x-amz-fwd-error-message", "")
            waiting.put(error_document(status, code, message, headers))
            return Reply(200, {})
        length = int(call.headers.get("content-length", "0"))
        body = _Passing(call, length)
        waiting.put(Reply(status, headers, length, body))
        if body.wait():
            return Reply(200, {})
        # What is left of the body lies in the connection: nothing can follow it there.
        return error_document(400, "RequestTimeout", "The response was not passed on.", {"Connection": "close"})


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    names = {name: name.removeprefix(_FORWARDED) for name in headers if name.startswith(_FORWARDED)}
    return {told: headers[name] for name, told in names.items()}


def _event(call: Call, arn: str) -> dict[str, Any]:
    """The part of an event that all operations share; authorisation is left out, as S3 leaves it out."""
    name = arn.rpartition("/")[2]
    address = call.url.lstrip("/").removeprefix(call.bucket).lstrip("/")
    return {
        "xAmzRequestId": secrets.token_hex(8),
        "configuration": {"accessPointArn": arn, "supportingAccessPointArn": "", "payload": ""},
        "userRequest": {
            "url": f"https://{name}-{ACCOUNT}.s3-object-lambda.{REGION}.amazonaws.com/{address}",
            "headers": {name: value for name, value in call.headers.items() if name != "authorization"},
        },
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT},
        "protocolVersion": "1.00",
    }


def _head_reply(result: Mapping[str, Any]) -> Reply:
    headers = {name: str(value) for name, value in result.get("headers", {}).items()}
    length = int(headers.pop("Content-Length", 0))
    return Reply(int(result["statusCode"]), headers, length)


def _list_reply(result: Mapping[str, Any]) -> Reply:
    if "listResultXml" in result:
        return xml_reply(result["listResultXml"], int(result["statusCode"]))
    return error_document(int(result["statusCode"]), result["errorCode"], result["errorMessage"])
