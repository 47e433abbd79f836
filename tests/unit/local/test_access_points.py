"""The gateway between an access point and its function: the event as S3 makes it, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers.object_lambda.request import Operation, parse_request
from local.access_points import SUFFIX, AccessPoints, access_point_arn
from local.object_store import ObjectStore, listening
from tests.synthetic.served import client

BUCKET = f"view{SUFFIX}"


class Recorder:
    """A function that remembers its events and answers what it was told."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.result: Mapping[str, Any] = {}

    def __call__(self, event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
        self.events.append(event)
        return self.result


@pytest.fixture
def function() -> Recorder:
    return Recorder()


@pytest.fixture
def s3(function: Recorder) -> Iterator[Any]:
    with listening(ObjectStore({}, AccessPoints({"view": access_point_arn("view")}, function))) as endpoint:
        yield client(endpoint)


def test_the_event_is_that_of_s3(s3: Any, function: Recorder) -> None:
    function.result = {"statusCode": 200, "headers": {"Content-Length": 7, "ETag": '"e"'}}
    assert s3.head_object(Bucket=BUCKET, Key="a b/1.dcm", Range="bytes=0-9")["ContentLength"] == 7
    (event,) = function.events
    request = parse_request(event)
    assert (request.operation, request.key, request.range) == (Operation.HEAD, "a b/1.dcm", "bytes=0-9")
    assert request.access_point_arn == access_point_arn("view")
    assert event["userRequest"]["url"].startswith("https://view-123456789012.s3-object-lambda.")
    assert "authorization" not in {name.lower() for name in event["userRequest"]["headers"]}


def test_a_function_that_gives_no_answer_is_an_error(s3: Any, function: Recorder) -> None:
    with pytest.raises(ClientError, match="LambdaResponseNotReceived"):
        s3.get_object(Bucket=BUCKET, Key="key")
    assert parse_request(function.events[0]).operation is Operation.GET


def test_an_error_of_a_listing_is_passed_on(s3: Any, function: Recorder) -> None:
    function.result = {"statusCode": 400, "errorCode": "InvalidArgument", "errorMessage": "no <such> number"}
    with pytest.raises(ClientError, match=r"InvalidArgument.*no <such> number"):
        s3.list_objects_v2(Bucket=BUCKET, MaxKeys=1)
    assert parse_request(function.events[0]).query["max-keys"] == "1"


def test_what_is_no_access_point_is_left_to_the_buckets(s3: Any, function: Recorder) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="other", Key="key")
    with pytest.raises(ClientError):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"")
    assert function.events == []
