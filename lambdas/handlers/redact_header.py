"""The researcher's view: S3 Object Lambda GET, the header redacted on the way out, pixels from the sanitized object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from aws_lambda_powertools.utilities.data_classes.s3_object_event import S3ObjectLambdaEvent

from dicom_deid.header.report import Claims
from dicom_deid.header.stream import open_redacted
from handlers.boundary import HandlerSettings, logger
from handlers.chunk_file import chunk_file
from services import clients, secrets, views
from services.access_table import AccessItem, AccessTable
from services.objects import ObjectVersion, RangedReader
from services.views import View


class Settings(HandlerSettings):
    """Environment of this function."""

    raw_bucket: str
    deid_bucket: str
    access_table: str
    secret_id: str
    views: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


def handle(event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
    """GetObject through an access point: the view is known by the access point's ARN, never by the payload."""
    del context
    typed = S3ObjectLambdaEvent(dict(event))
    answer: dict[str, Any] = {"RequestRoute": typed.request_route, "RequestToken": typed.request_token}
    view = _view(typed.configuration.access_point_arn)
    item = AccessTable(settings().access_table).find(view.name, _key(typed)) if view else None
    if view is None or item is None:
        code, status = ("AccessDenied", 403) if view is None else ("NoSuchKey", 404)
        clients.s3().write_get_object_response(**answer, StatusCode=status, ErrorCode=code, ErrorMessage=code)
        return {"status_code": status}
    _send(answer, view, item)
    return {"status_code": 200}


def _view(access_point_arn: str) -> View | None:
    for view in views.parse(settings().views):
        if view.access_point_arn and view.access_point_arn == access_point_arn:
            return view
    return None


def _key(event: S3ObjectLambdaEvent) -> str:
    """The requested key: the path of the signed request, without the host."""
    return unquote(urlsplit(event.user_request.url).path.lstrip("/"))


def _send(answer: dict[str, Any], view: View, item: AccessItem) -> None:
    raw = RangedReader(ObjectVersion(settings().raw_bucket, item.raw_key, item.raw_version))
    pixels = RangedReader(ObjectVersion(settings().deid_bucket, item.deid_key, item.deid_version))
    pseudonyms = secrets.pseudonymiser(settings().secret_id, view.domain)
    shown = open_redacted(
        raw, view.rules(), pseudonyms, claims=Claims(pixels_cleaned=item.pixels_cleaned), pixels=pixels
    )
    if (shown.length, view.rules().digest) != (item.size, item.profile_digest):
        logger.warning("the view changed since it was published", extra={"instance_id": item.instance_id})
        clients.s3().write_get_object_response(
            **answer, StatusCode=503, ErrorCode="SlowDown", ErrorMessage="the view is being published again"
        )
        return
    clients.s3().write_get_object_response(
        **answer,
        StatusCode=200,
        Body=chunk_file(shown.read(0, shown.length)),
        ContentLength=shown.length,
        ContentType="application/dicom",
        ETag=f'"{item.etag}"',
    )
