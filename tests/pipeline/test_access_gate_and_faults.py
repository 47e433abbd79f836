"""What is not served, and what breaks: an error of S3 or an aborted transfer, never a wrong file."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError
from pydicom.data import get_testdata_file

from handlers import redact_header
from handlers.telemetry import logger
from local.access_points import SUFFIX
from local.account import DEID, RAW
from local.environment import applied
from services import clients, objects, ranged
from tests.synthetic.served import VIEWS, Served, entry, publish, served


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


def error_of(found: Served, view: str = "research", name: str = "ct", **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        found.get(view, name, **parameters)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Served]:
    """One CT in two views, for tests that break something."""
    two = {name: VIEWS[name] for name in ("basic", "research")}
    with served(tmp_path, {"ct": Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()}, two) as found:
        yield found


def test_a_thousand_gets_leave_the_raw_object_as_it_was(one: Served) -> None:
    path, key = one.raw("ct"), one.keys["ct"]["research"]
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    s3 = one.client()
    with ThreadPoolExecutor(4) as pool:
        bodies = pool.map(
            lambda _: hashlib.sha256(s3.get_object(Bucket=f"research{SUFFIX}", Key=key)["Body"].read()).digest(),
            range(1000),
        )
        assert len(set(bodies)) == 1
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    current = clients.s3().get_object(Bucket=RAW, Key="CITIZEN^JAN/ct")
    assert current["VersionId"] == "newer-ct"


def test_nothing_of_the_source_is_in_the_answers_headers(one: Served) -> None:
    answer = one.get("research", "ct")
    headers = {name.lower() for name in answer["ResponseMetadata"]["HTTPHeaders"]}
    known = {"accept-ranges", "content-length", "content-type", "etag", "last-modified", "x-amz-request-id"}
    assert headers == known
    assert answer["ContentType"] == "application/dicom"
    assert answer["Metadata"] == {}


def test_conditions_are_answered_as_s3_does(one: Served) -> None:
    told = one.get("research", "ct")
    etag, modified = told["ETag"], told["LastModified"]
    with pytest.raises(ClientError) as unmodified:
        one.get("research", "ct", IfNoneMatch=etag)
    assert unmodified.value.response["ResponseMetadata"]["HTTPHeaders"]["etag"] == etag
    assert error_of(one, IfNoneMatch=etag) == ("304", 304)
    assert error_of(one, IfMatch='"other"') == ("PreconditionFailed", 412)
    assert error_of(one, IfModifiedSince=modified) == ("304", 304)
    assert error_of(one, IfUnmodifiedSince=datetime(2020, 1, 1, tzinfo=UTC)) == ("PreconditionFailed", 412)
    assert one.get("research", "ct", IfMatch=etag, IfUnmodifiedSince=datetime(2020, 1, 1, tzinfo=UTC))["Content"]
    s3 = one.client()
    for parameters, status in (({"IfNoneMatch": etag}, 304), ({"IfMatch": '"other"'}, 412)):
        with pytest.raises(ClientError) as caught:
            s3.head_object(Bucket=f"research{SUFFIX}", Key=one.keys["ct"]["research"], **parameters)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_range_reads_only_the_source_bytes_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.access import large_object

    size = 20 * 1024 * 1024
    with served(tmp_path, {"large": large_object(tmp_path / "l", size)}, {"basic": VIEWS["basic"]}) as found:
        asked: list[str] = []
        events = clients.s3().meta.events
        events.register("provide-client-params.s3.GetObject", lambda params, **_: asked.append(params["Range"]))
        content = found.get("basic", "large", Range="bytes=10000000-10000099")["Content"]
    assert len(content) == 100
    read = [int(last) - int(first) + 1 for first, last in (text[6:].split("-") for text in asked)]
    assert sum(read) <= 2 * 128 * 1024 + 100
    assert 100 in read


def test_what_the_access_table_does_not_hold_is_not_there(one: Served) -> None:
    s3, bucket = one.client(), f"research{SUFFIX}"
    clean = one.table.find("research", one.keys["ct"]["research"])
    assert clean is not None
    others = (clean.deid_key, clean.raw_key, one.keys["ct"]["basic"], "research/", "x", "@" + clean.instance_id)
    for key in others:
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket=bucket, Key=key)
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket=bucket, Key=key)


def test_researchers_reach_neither_bucket_nor_any_operation_but_three(one: Served) -> None:
    s3, bucket, key = one.client(), f"research{SUFFIX}", one.keys["ct"]["research"]
    for name in (RAW, DEID):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.list_objects_v2(Bucket=name)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.get_object(Bucket=name, Key="CITIZEN^JAN/ct")
    operations: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=bucket, Key=key, Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key=key),
        lambda: s3.get_object(Bucket=bucket, Key=key, VersionId="raw-ct"),
        lambda: s3.get_object(Bucket=bucket, Key=key, PartNumber=1),
    ]
    for refused in operations:
        with pytest.raises(ClientError):
            refused()
    assert one.get("research", "ct")["Content"]


def test_the_payload_of_an_access_point_is_not_trusted(one: Served) -> None:
    event = {
        "headObjectContext": {"inputS3Url": ""},
        "configuration": {
            "accessPointArn": "arn:aws:s3-object-lambda:ap-southeast-2:123456789012:accesspoint/other",
            "supportingAccessPointArn": "",
            "payload": '{"view": "research"}',
        },
        "userRequest": {"url": f"https://x/{one.keys['ct']['research']}", "headers": {}},
    }
    assert redact_header.handle(event, None)["errorCode"] == "AccessDenied"


def test_a_changed_view_serves_nothing_until_it_is_published_again(one: Served) -> None:
    before = one.get("research", "ct")
    known = json.loads(os.environ["DICOM_DEID_VIEWS"])
    known["research"]["profile"] = "minimal"
    with applied({"DICOM_DEID_VIEWS": json.dumps(known)}):
        assert error_of(one) == ("SlowDown", 503)
        assert "Contents" not in one.client().list_objects_v2(Bucket=f"research{SUFFIX}")
        item = one.table.find("research", one.keys["ct"]["research"])
        assert item is not None
        publish(one, entry("ct", item.instance_id, item.deid_key))
        after = one.get("research", "ct")
    assert after["ETag"] != before["ETag"]
    assert after["Content"] != before["Content"]
    assert after["LastModified"] > before["LastModified"]


def test_a_size_that_is_not_the_published_one_is_never_served(one: Served) -> None:
    item = one.table.find("research", one.keys["ct"]["research"])
    assert item is not None
    one.table.put(replace(item, size=item.size + 2))
    assert error_of(one) == ("SlowDown", 503)


def test_a_raw_object_deleted_after_head_is_not_found(one: Served) -> None:
    head = one.client().head_object(Bucket=f"research{SUFFIX}", Key=one.keys["ct"]["research"])
    assert head["ContentLength"]
    one.raw("ct").unlink()
    assert error_of(one) == ("NoSuchKey", 404)


def test_a_sanitized_object_cut_at_rest_is_an_error_before_the_first_byte(one: Served) -> None:
    content = one.clean("ct").read_bytes()
    one.clean("ct").write_bytes(content[:-5000])
    assert error_of(one) == ("InternalError", 500)


def _answer(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "CITIZEN^JAN"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetItem",
    )


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "told"),
    [
        ("dynamodb", "get_item", "ProvisionedThroughputExceededException", 400, ("SlowDown", 503)),
        ("dynamodb", "get_item", "InternalServerError", 500, ("SlowDown", 503)),
        ("s3", "get_object", "SlowDown", 503, ("SlowDown", 503)),
        ("s3", "get_object", "AccessDenied", 403, ("AccessDenied", 403)),
        ("s3", "get_object", "KMS.DisabledException", 400, ("AccessDenied", 403)),
        ("s3", "get_object", "Unheard", 400, ("InternalError", 500)),
    ],
)
def test_a_service_in_trouble_becomes_an_error_of_s3_without_its_message(
    one: Served,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    code: str,
    status: int,
    told: tuple[str, int],
) -> None:
    def fail(**_: object) -> None:
        raise _answer(code, status)

    monkeypatch.setattr(getattr(clients, service)(), operation, fail)
    with pytest.raises(ClientError) as caught:
        one.get("research", "ct")
    answer: Any = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == told
    assert "CITIZEN" not in str(answer)


def test_a_source_that_breaks_in_the_middle_is_an_aborted_transfer(
    one: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Iterator[bytes]:
        yield b"\0" * 1000
        raise IncompleteReadError(actual_bytes=1000, expected_bytes=2000)

    monkeypatch.setattr(ranged, "_stream", breaks)
    with pytest.raises(BotoCoreError):
        one.get("research", "ct")


def test_a_standard_download_fetches_a_part_that_broke_off_again(
    one: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """More breaks than the function itself overcomes: the researcher's transfer is cut, and their client goes on."""
    whole = one.get("research", "ct")["Content"]
    original, breaks = ranged._stream, iter([None] * 4)

    def breaks_off(version: objects.ObjectVersion, start: int, stop: int, etag: str) -> Iterator[bytes]:
        for block in original(version, start, stop, etag):
            if next(breaks, ()) is None:
                yield block[:1000]
                raise IncompleteReadError(actual_bytes=1000, expected_bytes=2000)
            yield block

    monkeypatch.setattr(ranged, "_stream", breaks_off)
    told: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(redact_header, "measure", lambda name, **_: told.put(name) if name == "BrokenOff" else None)
    target = tmp_path / "ct.dcm"
    one.client().download_file(f"research{SUFFIX}", one.keys["ct"]["research"], str(target))
    assert target.read_bytes() == whole
    assert told.get(timeout=10) == "BrokenOff"
    assert told.empty()


def test_the_log_names_the_instance_and_the_reason_and_no_key(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logger.registered_formatter)
    logger.setLevel("INFO")
    logging.getLogger("dicom-deid").addHandler(handler)
    try:
        one.raw("ct").unlink()
        assert error_of(one) == ("NoSuchKey", 404)
        with pytest.raises(ClientError):
            one.client().get_object(Bucket=f"research{SUFFIX}", Key="research/CITIZEN^JAN.dcm")
    finally:
        logging.getLogger("dicom-deid").removeHandler(handler)
        logger.setLevel("CRITICAL")
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["code"] for line in told] == ["NoSuchKey", "NoSuchKey"]
    assert told[0]["instance_id"] == "0" * 32
    assert "instance_id" not in told[1]
    assert not any(part in stream.getvalue() for part in ("CITIZEN", *one.keys["ct"]["research"].split("/")[1:]))


def test_an_object_that_takes_too_long_is_refused_with_advice(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers.object_lambda import deadline

    monkeypatch.setattr(deadline, "FLOOR_BYTES_PER_SECOND", 100)
    with pytest.raises(ClientError, match="ranges") as caught:
        one.get("research", "ct")
    assert caught.value.response["Error"]["Code"] == "SlowDown"
    assert len(one.get("research", "ct", Range="bytes=0-4999")["Content"]) == 5000


def test_time_that_runs_out_in_the_middle_aborts_the_transfer(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers.object_lambda import deadline

    monkeypatch.setattr(deadline, "time_left", lambda context: -1.0)
    with pytest.raises((BotoCoreError, ClientError)):
        one.get("research", "ct")


def test_a_client_that_goes_away_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.access import large_object

    told: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(redact_header, "measure", lambda name, **_: told.put(name) if name == "BrokenOff" else None)

    with served(tmp_path, {"large": large_object(tmp_path / "l", 8 << 20)}, {"basic": VIEWS["basic"]}) as found:
        expected = hashlib.sha256(found.get("basic", "large")["Content"]).digest()
        address = urlsplit(found.endpoint)
        for _ in range(5):
            with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
                request = f"GET /basic{SUFFIX}/{found.keys['large']['basic']} HTTP/1.1\r\nHost: x\r\n\r\n"
                connection.sendall(request.encode())
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert [told.get(timeout=10) for _ in range(5)] == ["BrokenOff"] * 5
        assert hashlib.sha256(found.get("basic", "large")["Content"]).digest() == expected
    assert told.empty()


def test_a_token_is_good_for_one_answer(one: Served) -> None:
    seen: list[str] = []
    original = clients.object_lambda().write_get_object_response

    def twice(**parameters: Any) -> Any:
        seen.append(parameters["RequestToken"])
        return original(**parameters)

    clients.object_lambda().write_get_object_response = twice  # type: ignore[method-assign]
    assert one.get("research", "ct")["Content"]
    with pytest.raises(ClientError, match="token"):
        original(RequestRoute="local", RequestToken=seen[0], StatusCode=200, Body=b"")
