"""S3: ranges, conditions, parts, and nothing half-written."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError

from dicom_deid.errors import BadInputError, ServiceUnavailableError
from services import clients, objects
from services.objects import ConflictError, ObjectGoneError, ObjectVersion
from services.ranged import RangedReader


@pytest.fixture
def stored(account: str) -> tuple[ObjectVersion, bytes]:
    content = random.Random(1).randbytes(1_000_003)
    target = ObjectVersion(account, "a b/ü.dcm")
    written = objects.put_bytes(target, content)
    return ObjectVersion(account, target.key, written.version_id), content


@pytest.fixture
def requests(account: str) -> Iterator[list[dict[str, Any]]]:
    """The GET requests that were made."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        seen.append(params)

    events = clients.s3().meta.events
    events.register("provide-client-params.s3.GetObject", note)
    yield seen
    events.unregister("provide-client-params.s3.GetObject", note)


def test_any_seek_and_read_gives_the_slice(stored: tuple[ObjectVersion, bytes]) -> None:
    version, content = stored
    chance = random.Random(2)
    with RangedReader(version, block=4096) as reader:
        for _ in range(200):
            start, length = chance.randrange(len(content) + 10), chance.randrange(1, 50_000)
            reader.seek(start)
            assert reader.read(length) == content[start : start + length]
        reader.seek(0)
        assert reader.read() == content


def test_a_header_costs_one_small_request(stored: tuple[ObjectVersion, bytes], requests: list[dict[str, Any]]) -> None:
    version, content = stored
    with RangedReader(version) as reader:
        assert reader.read(132) == content[:132]
        assert reader.read(5000) == content[132:5132]
    assert len(requests) == 1
    assert requests[0]["Range"] == "bytes=0-131071"


def test_sequential_reading_asks_for_ever_larger_blocks(
    stored: tuple[ObjectVersion, bytes], requests: list[dict[str, Any]]
) -> None:
    with RangedReader(stored[0], block=1024) as reader:
        while reader.read(1000):
            pass
    assert len(requests) < 30


def test_a_reader_never_mixes_two_versions(account: str) -> None:
    target = ObjectVersion(account, "key")
    objects.put_bytes(target, b"a" * 300_000)
    reader = RangedReader(target, block=1000)
    reader.read(10)
    objects.put_bytes(target, b"b" * 300_000)
    reader.seek(200_000)
    with pytest.raises(ObjectGoneError):
        reader.read(10)


def test_an_object_that_ends_early_is_an_error(
    stored: tuple[ObjectVersion, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = RangedReader(stored[0], block=1000)
    monkeypatch.setattr(
        clients.s3(), "get_object", lambda **_: {"Body": io.BytesIO(b"short"), "ContentLength": 131_072}
    )
    reader.seek(500_000)
    with pytest.raises(BadInputError):
        reader.read(1000)
    with pytest.raises(BadInputError):
        RangedReader(stored[0])


def test_a_span_is_one_request_for_exactly_its_bytes(
    stored: tuple[ObjectVersion, bytes], requests: list[dict[str, Any]]
) -> None:
    version, content = stored
    with RangedReader(version, block=1000) as reader:
        assert b"".join(reader.span(200_001, 900_000)) == content[200_001:900_000]
        assert b"".join(reader.span(5, 5)) == b""
    assert [request["Range"] for request in requests] == ["bytes=0-999", "bytes=200001-899999"]


class _Breaking:
    """A body that gives `good` bytes and then breaks."""

    def __init__(self, content: bytes, good: int) -> None:
        self.content, self.good = content, good

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        yield self.content[: self.good]
        raise IncompleteReadError(actual_bytes=self.good, expected_bytes=len(self.content))

    def close(self) -> None:
        pass


@pytest.mark.parametrize("good", [0, 1000])
def test_a_broken_span_goes_on_where_it_broke_but_not_for_ever(
    stored: tuple[ObjectVersion, bytes], monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    version, content = stored
    asked: list[str] = []

    def get(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["Range"])
        start, stop = parameters["Range"].removeprefix("bytes=").split("-")
        return {"Body": _Breaking(content[int(start) : int(stop) + 1], good)}

    reader = RangedReader(version)
    monkeypatch.setattr(clients.s3(), "get_object", get)
    got: list[bytes] = []
    with pytest.raises(ServiceUnavailableError):
        got.extend(reader.span(10, 20_000))
    assert asked[-1] == f"bytes={10 + 3 * good}-19999"
    assert b"".join(got) == content[10 : 10 + 4 * good]


def test_an_empty_object_has_no_range_and_is_read_all_the_same(account: str) -> None:
    objects.put_bytes(ObjectVersion(account, "empty"), b"")
    with RangedReader(ObjectVersion(account, "empty")) as reader:
        assert (reader.size, reader.read()) == (0, b"")


def test_what_is_not_there_is_told_apart(account: str) -> None:
    missing = ObjectVersion(account, "missing")
    assert objects.head(missing) is None
    with pytest.raises(ObjectGoneError):
        RangedReader(missing)
    with pytest.raises(ObjectGoneError):
        objects.read_bytes(missing)


def test_if_none_match_refuses_a_second_write(account: str) -> None:
    target = ObjectVersion(account, "once")
    objects.put_bytes(target, b"first", if_none_match=True)
    with pytest.raises(ConflictError):
        objects.put_bytes(target, b"second", if_none_match=True)
    assert objects.read_bytes(target) == b"first"


def test_if_match_replaces_only_what_was_seen(account: str) -> None:
    target = ObjectVersion(account, "replace")
    first = objects.put_bytes(target, b"first")
    objects.put_bytes(target, b"second", if_match=first.etag)
    with pytest.raises(ConflictError):
        objects.put_bytes(target, b"third", if_match=first.etag)
    assert objects.read_bytes(target) == b"second"


def test_a_large_write_goes_in_parts_and_keeps_every_byte(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "PART_BYTES", 5 * 1024 * 1024)
    content = random.Random(3).randbytes(12 * 1024 * 1024 + 7)
    target = ObjectVersion(account, "large")
    stored = objects.put_file(target, io.BytesIO(content), if_none_match=True, metadata={"sha256": "0"})
    assert stored.etag.endswith("-3")
    assert objects.read_bytes(target) == content
    with pytest.raises(ConflictError):
        objects.put_file(target, io.BytesIO(content), if_none_match=True)


def test_a_failed_multipart_upload_leaves_nothing_behind(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "PART_BYTES", 5 * 1024 * 1024)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 10 * 1024 * 1024:
                raise OSError("the disk failed")
            return super().read(size)

    with pytest.raises(OSError, match="disk"):
        objects.put_file(ObjectVersion(account, "broken"), Broken(bytes(15 * 1024 * 1024)))
    s3 = boto3.client("s3")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=account)
    assert objects.head(ObjectVersion(account, "broken")) is None


@pytest.mark.parametrize(
    ("code", "status"), [("SlowDown", 503), ("InternalError", 500), ("RequestTimeout", 400), ("Unheard", 502)]
)
def test_service_trouble_is_named_without_its_message(
    account: str, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    def fail(**_: object) -> None:
        answer: Any = {
            "Error": {"Code": code, "Message": "CITIZEN^JAN"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        raise ClientError(answer, "HeadObject")

    monkeypatch.setattr(clients.s3(), "head_object", fail)
    with pytest.raises(ServiceUnavailableError) as caught:
        objects.head(ObjectVersion(account, "key"))
    assert "CITIZEN" not in str(caught.value)
    assert code in str(caught.value)


def test_a_write_that_meets_its_own_first_sending_is_a_conflict_and_no_fault(account: str) -> None:
    """The first answer is lost on its way, the client sends the request again: which stands, the caller looks up."""
    sendings = iter([0])
    lost: Any = lambda **_: next(sendings, None)  # noqa: E731
    clients.s3().meta.events.register("needs-retry.s3.PutObject", lost)
    target = ObjectVersion(account, "once")
    with pytest.raises(ConflictError):
        objects.put_bytes(target, b"content", if_none_match=True)
    assert objects.read_bytes(target) == b"content"


def test_parts_that_were_put_together_before_the_answer_was_lost_are_a_conflict_too(
    account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PART_BYTES", 5 * 1024 * 1024)
    complete = clients.s3().complete_multipart_upload

    def sent_twice(**parameters: Any) -> None:
        complete(**parameters)
        raise ClientError({"Error": {"Code": "NoSuchUpload"}}, "CompleteMultipartUpload")

    monkeypatch.setattr(clients.s3(), "complete_multipart_upload", sent_twice)
    with pytest.raises(ConflictError):
        objects.put_bytes(ObjectVersion(account, "once"), bytes(6 * 1024 * 1024), if_none_match=True)


def test_an_upload_that_cannot_be_aborted_either_says_why_it_failed(
    account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PART_BYTES", 5 * 1024 * 1024)

    def fail(code: str) -> Any:
        def call(**_: object) -> None:
            raise ClientError({"Error": {"Code": code}}, "Any")

        return call

    monkeypatch.setattr(clients.s3(), "upload_part", fail("SlowDown"))
    monkeypatch.setattr(clients.s3(), "abort_multipart_upload", fail("AccessDenied"))
    with pytest.raises(ServiceUnavailableError):
        objects.put_bytes(ObjectVersion(account, "large"), bytes(6 * 1024 * 1024))
