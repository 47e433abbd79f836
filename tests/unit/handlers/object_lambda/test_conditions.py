"""Conditional requests, in the order of RFC 9110 13.2.2."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.object_lambda.conditions import check_conditions, range_still_applies
from handlers.object_lambda.errors import S3Code, S3Error

ETAG = "0123456789abcdef0123456789abcdef-1"
MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 500, tzinfo=UTC)
BEFORE, SAME, AFTER = (f"{day}, 0{n} Mar 2026 12:00:00 GMT" for day, n in (("Sat", 0), ("Sun", 1), ("Mon", 2)))
BEFORE = "Sat, 28 Feb 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, None),
        ({"if-match": f'"{ETAG}"'}, None),
        ({"if-match": ETAG}, None),
        ({"if-match": "*"}, None),
        ({"if-match": f'"other", "{ETAG}"'}, None),
        ({"if-match": '"other"'}, S3Code.PRECONDITION_FAILED),
        ({"if-match": f'W/"{ETAG}"'}, S3Code.PRECONDITION_FAILED),
        ({"if-unmodified-since": SAME}, None),
        ({"if-unmodified-since": BEFORE}, S3Code.PRECONDITION_FAILED),
        ({"if-match": ETAG, "if-unmodified-since": BEFORE}, None),
        ({"if-none-match": f'"{ETAG}"'}, S3Code.NOT_MODIFIED),
        ({"if-none-match": f'W/"{ETAG}"'}, S3Code.NOT_MODIFIED),
        ({"if-none-match": "*"}, S3Code.NOT_MODIFIED),
        ({"if-none-match": '"other"'}, None),
        ({"if-modified-since": SAME}, S3Code.NOT_MODIFIED),
        ({"if-modified-since": AFTER}, S3Code.NOT_MODIFIED),
        ({"if-modified-since": BEFORE}, None),
        ({"if-none-match": '"other"', "if-modified-since": AFTER}, None),
        ({"if-match": '"other"', "if-none-match": ETAG}, S3Code.PRECONDITION_FAILED),
        ({"if-modified-since": "yesterday"}, None),
        ({"if-unmodified-since": ""}, None),
    ],
)
def test_conditions(headers: dict[str, str], outcome: S3Code | None) -> None:
    if outcome is None:
        check_conditions(headers, ETAG, MODIFIED)
        return
    with pytest.raises(S3Error) as caught:
        check_conditions(headers, ETAG, MODIFIED)
    assert caught.value.code is outcome


@pytest.mark.parametrize(
    ("value", "applies"),
    [(None, True), (f'"{ETAG}"', True), ('"other"', False), (f'W/"{ETAG}"', False), (SAME, True), (BEFORE, False)],
)
def test_if_range_gives_a_part_only_of_what_the_client_has(value: str | None, applies: bool) -> None:
    headers = {} if value is None else {"if-range": value}
    assert range_still_applies(headers, ETAG, MODIFIED) is applies
