"""What does not fit into a response's time is refused beforehand, or broken off."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from handlers.object_lambda.deadline import (
    FLOOR_BYTES_PER_SECOND,
    RESPONSE_SECONDS,
    BrokenOffError,
    refuse_if_too_long,
    time_left,
    until,
)
from handlers.object_lambda.errors import S3Code, S3Error

LARGEST = int(FLOOR_BYTES_PER_SECOND * RESPONSE_SECONDS)


def test_a_gigabyte_fits_and_more_than_the_floor_allows_does_not() -> None:
    refuse_if_too_long(1024**3)
    refuse_if_too_long(LARGEST)
    with pytest.raises(S3Error) as caught:
        refuse_if_too_long(LARGEST + 1)
    assert caught.value.code is S3Code.TOO_LONG
    assert (caught.value.code.status, caught.value.code.code) == (503, "SlowDown")


def test_the_invocation_s_own_clock_counts() -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
    assert time_left(context) == 28
    assert time_left(None) >= RESPONSE_SECONDS


def test_blocks_come_until_the_deadline() -> None:
    assert list(until(time.monotonic() + 100, iter([b"a", b"b"]))) == [b"a", b"b"]
    with pytest.raises(BrokenOffError):
        next(until(time.monotonic() - 1, iter([b"a"])))
