"""The event of S3 Object Lambda, typed: which of the three operations, by which access point, for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from aws_lambda_powertools.utilities.data_classes.s3_object_event import S3ObjectLambdaEvent


class Operation(StrEnum):
    """What is transformed. Everything else is not granted, and so never comes here."""

    GET = "GetObject"
    HEAD = "HeadObject"
    LIST = "ListObjectsV2"


_CONTEXTS: Final = {
    "getObjectContext": Operation.GET,
    "headObjectContext": Operation.HEAD,
    "listObjectsV2Context": Operation.LIST,
}


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A researcher's request. `key` is empty for a listing; names of `headers` are in lower case.

    `route` and `token` lead back to the waiting GET; the token can be used once.
    """

    operation: Operation
    access_point_arn: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    route: str = ""
    token: str = ""

    @property
    def range(self) -> str | None:
        """The Range, which a signed URL may hold as a query parameter; names of both count in any case."""
        in_query = (value for name, value in self.query.items() if name.lower() == "range")
        return self.headers.get("range") or next(in_query, None)


def parse_request(event: Mapping[str, Any]) -> ViewRequest:
    """The request in an event.

    Raises
    ------
    KeyError
        When the event is none of S3 Object Lambda.
    """
    typed = S3ObjectLambdaEvent(dict(event))
    operation = _CONTEXTS[next((context for context in _CONTEXTS if event.get(context)), "")]
    url = urlsplit(typed.user_request.url)
    is_get = operation is Operation.GET
    return ViewRequest(
        operation=operation,
        access_point_arn=typed.configuration.access_point_arn,
        key=unquote(url.path.removeprefix("/")),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in typed.user_request.headers.items()},
        route=typed.request_route if is_get else "",
        token=typed.request_token if is_get else "",
    )
