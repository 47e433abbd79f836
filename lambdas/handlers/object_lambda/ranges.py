"""The Range of a request (RFC 9110 section 14): one range of bytes, as S3 takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from handlers.object_lambda.errors import S3Code, S3Error

_ONE_RANGE: Final = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes [start, stop) of an object of `size` bytes."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The header Content-Range."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def requested(header: str | None, size: int) -> ByteRange | None:
    """The range asked for, clipped to the object; None where the whole object is the answer.

    What is no single range of bytes is ignored, as S3 and RFC 9110 14.2 do.

    Raises
    ------
    S3Error
        ``InvalidRange`` when no byte of it exists.
    """
    found = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise S3Error(S3Code.INVALID_RANGE, size=size)
    return ByteRange(start, stop, size)
