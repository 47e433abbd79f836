"""S3 Object Lambda gives a response 60 seconds. What would not fit is refused before its first byte, never cut short.

After the first byte there is no way back to an error: then the transfer is broken off, and the Content-Length that was
announced tells every client that something is missing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from handlers.object_lambda.errors import S3Code, S3Error

RESPONSE_SECONDS: Final = 50.0
"""Of the 60 seconds that S3 gives, what the body may take; the rest is for the start and the reading of two headers."""

FLOOR_BYTES_PER_SECOND: Final = 24 * 1024 * 1024
"""What a function of 2 GB memory moves at the least. So the largest response is 1.17 GiB."""

_MARGIN_SECONDS: Final = 2.0


class BrokenOffError(Exception):
    """The time was up in the middle of a body."""


def refuse_if_too_long(work: int) -> None:
    """Refuse a body for which `work` bytes must be made.

    Raises
    ------
    S3Error
        ``SlowDown``, advising ranges, when they would take too long at the floor throughput.
    """
    if work > RESPONSE_SECONDS * FLOOR_BYTES_PER_SECOND:
        raise S3Error(S3Code.TOO_LONG)


def time_left(context: Any) -> float:
    """Seconds until the response must have ended: by the invocation's own clock where it has one."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return RESPONSE_SECONDS + _MARGIN_SECONDS
    return float(remaining()) / 1000 - _MARGIN_SECONDS


def until(deadline: float, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks, as long as `time.monotonic` is before the deadline.

    Raises
    ------
    BrokenOffError
        After it.
    """
    for block in blocks:
        if time.monotonic() > deadline:
            raise BrokenOffError
        yield block
