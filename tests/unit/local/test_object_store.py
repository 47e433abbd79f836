"""The file-backed endpoint: what a plain bucket of S3 answers, by a real client."""

from __future__ import annotations

import random
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local.object_store import Bucket, ObjectStore, StoredObject, listening
from tests.synthetic.served import client

CONTENT = random.Random(4).randbytes(300_001)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("bucket")
    for name in ("a b/ü+%.bin", "a/1", "a/2", "b/1", "c"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(CONTENT)
    older = StoredObject("x", folder / "c", "1")
    buckets = {
        "open": Bucket.of_folder(folder),
        "owned": Bucket.of_folder(folder, owner="OWNER"),
        "versions": Bucket([older, StoredObject("x", folder / "a" / "1", "2")]),
    }
    with listening(ObjectStore(buckets)) as url:
        yield url


@pytest.fixture
def s3(endpoint: str) -> Any:
    return client(endpoint)


@pytest.mark.parametrize("key", ["a b/ü+%.bin", "a/1", "c"])
def test_an_object_comes_whole_and_in_ranges_under_any_key(s3: Any, key: str) -> None:
    answer = s3.get_object(Bucket="open", Key=key)
    assert answer["Body"].read() == CONTENT
    assert s3.head_object(Bucket="open", Key=key)["ContentLength"] == len(CONTENT)
    part = s3.get_object(Bucket="open", Key=key, Range="bytes=100000-200000", IfMatch=answer["ETag"])
    assert part["Body"].read() == CONTENT[100_000:200_001]
    assert part["ContentRange"] == "bytes 100000-200000/300001"


def test_a_bucket_is_listed_by_pages_prefixes_and_delimiters(s3: Any) -> None:
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="open", PaginationConfig={"PageSize": 2}))
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert keys == ["a b/ü+%.bin", "a/1", "a/2", "b/1", "c"]
    grouped = s3.list_objects_v2(Bucket="open", Delimiter="/")
    assert [item["Prefix"] for item in grouped["CommonPrefixes"]] == ["a b/", "a/", "b/"]
    assert [item["Key"] for item in grouped["Contents"]] == ["c"]
    assert [i["Key"] for i in s3.list_objects_v2(Bucket="open", Prefix="a/", StartAfter="a/1")["Contents"]] == ["a/2"]


def test_a_version_is_asked_for_by_its_id(s3: Any) -> None:
    assert s3.get_object(Bucket="versions", Key="x")["VersionId"] == "2"
    assert s3.get_object(Bucket="versions", Key="x", VersionId="1")["VersionId"] == "1"
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="versions", Key="x", VersionId="3")


def test_an_owned_bucket_answers_to_nobody_else(s3: Any) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="owned", Key="c")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="owned")


@pytest.mark.parametrize("key", ["../bucket/c", "/etc/passwd", "a/../c", "a", "missing"])
def test_what_is_no_object_is_not_found(s3: Any, key: str) -> None:
    with pytest.raises(ClientError, match=r"NoSuchKey|404"):
        s3.get_object(Bucket="open", Key=key)


def test_a_file_that_shrinks_while_it_is_sent_is_an_aborted_transfer(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(64 * 1024 * 1024))
    with listening(ObjectStore({"open": Bucket.of_folder(tmp_path)})) as url:
        body = client(url).get_object(Bucket="open", Key="x")["Body"]
        body.read(1000)
        path.write_bytes(b"")
        with pytest.raises(BotoCoreError):
            body.read()


def test_a_connection_is_kept_for_the_next_request(endpoint: str) -> None:
    address = urlsplit(endpoint)
    connection = HTTPConnection(address.netloc, timeout=10)
    connection.connect()
    own = connection.sock
    for _ in range(3):
        connection.request("GET", "/open/missing")
        answer = connection.getresponse()
        assert (answer.status, b"NoSuchKey" in answer.read()) == (404, True)
    assert connection.sock is own
    connection.close()
