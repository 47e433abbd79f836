"""The event of S3 Object Lambda, in its documented form."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.object_lambda.request import Operation, parse_request

ARN = "arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/example-object-lambda-ap"


def event(context: str, url: str = "https://ap.example/research/1/2/3.dcm", **headers: str) -> dict[str, Any]:
    return {
        "xAmzRequestId": "requestId",
        context: {"inputS3Url": "https://x", "outputRoute": "io-use1-001", "outputToken": "OutputToken"},
        "configuration": {"accessPointArn": ARN, "supportingAccessPointArn": "", "payload": "{}"},
        "userRequest": {"url": url, "headers": headers},
        "userIdentity": {"type": "AssumedRole"},
        "protocolVersion": "1.00",
    }


@pytest.mark.parametrize(
    ("context", "operation"),
    [
        ("getObjectContext", Operation.GET),
        ("headObjectContext", Operation.HEAD),
        ("listObjectsV2Context", Operation.LIST),
    ],
)
def test_the_context_tells_the_operation(context: str, operation: Operation) -> None:
    request = parse_request(event(context))
    assert request.operation is operation
    assert request.access_point_arn == ARN
    assert request.key == "research/1/2/3.dcm"
    answered = ("io-use1-001", "OutputToken") if operation is Operation.GET else ("", "")
    assert (request.route, request.token) == answered


@pytest.mark.parametrize("name", ["Range", "range", "RANGE"])
def test_a_range_counts_in_headers_and_signed_url_in_any_case(name: str) -> None:
    assert parse_request(event("getObjectContext", **{name: "bytes=0-9"})).range == "bytes=0-9"
    url = f"https://ap.example/key?{name}=bytes%3D0-9&other=1"
    assert parse_request(event("getObjectContext", url)).range == "bytes=0-9"
    assert parse_request(event("getObjectContext", f"https://ap.example/key?{name}=bytes=0-9")).range == "bytes=0-9"
    assert parse_request(event("getObjectContext")).range is None


def test_the_key_is_decoded() -> None:
    assert parse_request(event("getObjectContext", "https://ap.example/a%20b/%C3%BC?x=1")).key == "a b/ü"


def test_another_event_is_refused() -> None:
    with pytest.raises(KeyError):
        parse_request(event("writeObjectContext"))
