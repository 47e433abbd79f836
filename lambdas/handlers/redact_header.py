"""The researcher's view: S3 Object Lambda GET, HEAD and LIST, each object's header redacted on the way out.

The access table alone says what is visible; everything else is 404. GET then reads the recorded raw version's header
and the recorded sanitized version's pixels. The view is known by the access point's ARN, never by the payload.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from dicom_deid.errors import DeidError, place_of
from handlers.chunk_file import BlockBody
from handlers.object_lambda import answers, deadline, listing
from handlers.object_lambda.answers import Answer, ObjectAnswer
from handlers.object_lambda.conditions import check_conditions, range_still_applies
from handlers.object_lambda.errors import S3Code, S3Error, as_s3
from handlers.object_lambda.listing import ListedObject
from handlers.object_lambda.ranges import requested
from handlers.object_lambda.request import Operation, ViewRequest, parse_request
from handlers.telemetry import logger, measure
from handlers.view_object import is_current, opened
from services import clients, views
from services.access_table import AccessItem, AccessTable
from services.objects import ObjectVersion
from services.views import View


class Settings(NamedTuple):
    """Environment of this function: names alone, so that no validating library need be loaded for a first GET."""

    raw_bucket: str
    deid_bucket: str
    access_table: str
    secret_id: str
    views: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings(*(os.environ[f"DICOM_DEID_{field.upper()}"] for field in Settings._fields))


def handle(event: Mapping[str, Any], context: object) -> Answer:
    """Answer one request; an error of any kind becomes one of S3's."""
    logger.thread_safe_clear_keys()
    request = parse_request(event)
    ends = time.monotonic() + deadline.time_left(context)
    try:
        view = _view(request.access_point_arn)
        answer = _list(request, view) if request.operation is Operation.LIST else _object(request, view, ends)
    except Exception as error:
        told = as_s3(error)
        _log_failure(told.code, error)
        answer = _failure(request, told)
    measure("Served", operation=request.operation.value, status=str(answer["statusCode"]))
    return answer


def _view(access_point_arn: str) -> View:
    for view in views.parse(settings().views):
        if view.access_point_arn and view.access_point_arn == access_point_arn:
            return view
    raise S3Error(S3Code.ACCESS_DENIED)


def _object(request: ViewRequest, view: View, ends: float) -> Answer:
    """GET and HEAD: what the access table holds under the key, if its conditions hold."""
    answers.refuse_subresources(request.query)
    item = AccessTable(settings().access_table).find(view.name, request.key) if request.key else None
    if item is None:
        raise S3Error(S3Code.NO_SUCH_KEY)
    logger.thread_safe_append_keys(instance_id=item.instance_id)
    if not is_current(item, view):
        raise S3Error(S3Code.PUBLISHING)
    modified = datetime.fromisoformat(item.last_modified)
    check_conditions(request.headers, item.etag, modified)
    applies = range_still_applies(request.headers, item.etag, modified)
    answer = ObjectAnswer(item.size, item.etag, modified, requested(request.range if applies else None, item.size))
    if request.operation is Operation.HEAD:
        return answer.head()
    return _send(request, view, item, answer, ends)


def _send(request: ViewRequest, view: View, item: AccessItem, answer: ObjectAnswer, ends: float) -> Answer:
    raw = ObjectVersion(settings().raw_bucket, item.raw_key, item.raw_version)
    saved = ObjectVersion(settings().deid_bucket, item.deid_key, item.deid_version)
    with opened(view, raw, saved, secret_id=settings().secret_id, pixels_cleaned=item.pixels_cleaned) as shown:
        span = answer.span
        if shown.length != item.size:
            raise S3Error(S3Code.PUBLISHING)
        deadline.refuse_if_too_long(shown.work(span.start, span.stop))
        _write(request, answer.get(), deadline.until(ends, shown.read(span.start, span.stop)))
    return {"statusCode": answer.get()["StatusCode"]}


def _write(request: ViewRequest, told: Answer, body: Iterator[bytes] | None = None) -> None:
    """Answer the waiting GET. The token is good for one answer: what fails in the middle stays cut."""
    content: Answer = {"Body": BlockBody(body)} if body is not None else {}
    try:
        clients.object_lambda().write_get_object_response(
            RequestRoute=request.route, RequestToken=request.token, **told, **content
        )
    except Exception as error:
        # The researcher went away, the source broke off, or the time was up: S3 closes the transfer short of its
        # Content-Length. There is nobody left to tell but the log.
        logger.warning("broken off", extra={"detail": f"{type(error).__name__} at {place_of(error)}"})
        measure("BrokenOff")


def _list(request: ViewRequest, view: View) -> Answer:
    page_request = listing.parse_page_request(request.query)
    table = AccessTable(settings().access_table)

    def find(prefix: str, after: str) -> Iterator[ListedObject]:
        for item in table.under(view.name, prefix, after, page_request.max_keys + 1):
            if is_current(item, view):
                modified = datetime.fromisoformat(item.last_modified)
                yield ListedObject(item.view_key, item.size, item.etag, modified)

    page = listing.read_page(page_request, find)
    name = request.access_point_arn.rpartition("/")[2]
    return {"statusCode": 200, "listResultXml": listing.as_xml(name, page_request, page)}


def _failure(request: ViewRequest, error: S3Error) -> Answer:
    if request.operation is not Operation.GET:
        return answers.result_error(error)
    _write(request, answers.get_error(error))
    return {"statusCode": error.code.status}


def _log_failure(code: S3Code, error: Exception) -> None:
    """Why, for the custodian: a reason or a place, never a key."""
    if code is S3Code.NOT_MODIFIED:
        return
    detail = error.detail if isinstance(error, DeidError) else f"{type(error).__name__} at {place_of(error)}"
    logger.warning("not served", extra={"code": code.code, "detail": detail})
