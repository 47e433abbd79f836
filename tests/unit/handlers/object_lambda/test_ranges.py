"""The Range of a request, as RFC 9110 and S3 take it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.object_lambda.errors import S3Code, S3Error
from handlers.object_lambda.ranges import requested

CONTENT = bytes(range(100))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99", (0, 100)),
        ("bytes=0-1000", (0, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        ("Bytes=5-9", (5, 10)),
        (" bytes= 5 - 9 ", (5, 10)),
    ],
)
def test_a_range_is_clipped_to_the_object(header: str, expected: tuple[int, int]) -> None:
    found = requested(header, len(CONTENT))
    assert found is not None
    assert (found.start, found.stop) == expected
    assert found.content_range == f"bytes {expected[0]}-{expected[1] - 1}/100"
    assert found.length == expected[1] - expected[0]


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_without_a_byte_is_refused_with_the_size(header: str) -> None:
    with pytest.raises(S3Error) as caught:
        requested(header, 100)
    assert (caught.value.code, caught.value.size) == (S3Code.INVALID_RANGE, 100)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=9-5",
        "bytes=0-1,5-6",
        "items=0-1",
        "bytes=a-b",
        "bytes=²-3",
    ],
)
def test_what_is_no_single_range_means_the_whole(header: str | None) -> None:
    assert requested(header, 100) is None


@given(first=st.integers(0, 99), last=st.integers(0, 10**18))
def test_every_range_is_the_slice(first: int, last: int) -> None:
    found = requested(f"bytes={first}-{last}", len(CONTENT))
    if last < first:
        assert found is None
        return
    assert found is not None
    assert CONTENT[found.start : found.stop] == CONTENT[first : last + 1]
