"""The deflated transfer syntax (PS3.5 A.5) as a seekable stream, with a bound on what it may inflate to."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

from dicom_deid.errors import BadInputError, Reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 256 * 1024


class _Inflated(io.RawIOBase):
    def __init__(self, source: BinaryIO, start: int, limit: int) -> None:
        super().__init__()
        self._source, self._start, self._limit = source, start, limit
        self._restart()

    def _restart(self) -> None:
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._next = self._start
        self._pending = b""
        self._position = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            while self._take(_CHUNK):
                pass
            target = self._position + offset
        else:
            target = offset + (self._position if whence == io.SEEK_CUR else 0)
        if target < self._position:
            self._restart()
        while self._position < target and self._take(min(_CHUNK, target - self._position)):
            pass
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        found = self._take(len(view))
        view[: len(found)] = found
        return len(found)

    def _take(self, size: int) -> bytes:
        """At most `size` bytes, at least one unless the stream ended."""
        while not self._ended:
            try:
                if self._pending:
                    found = self._inflater.decompress(self._pending, size)
                else:
                    self._source.seek(self._next)
                    block = self._source.read(_CHUNK)
                    self._next += len(block)
                    if not block:
                        self._ended = True
                        break
                    found = self._inflater.decompress(block, size)
            except zlib.error:
                raise BadInputError(Reason.PARSE_ERROR, "the deflated data set is damaged") from None
            self._pending = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self._ended = True
            if found:
                self._position += len(found)
                if self._position > self._limit:
                    raise BadInputError(Reason.TOO_LARGE, "the data set inflates beyond the limit")
                return found
        return b""


def inflated(source: BinaryIO, start: int, limit: int) -> io.BufferedReader:
    """The data set that begins deflated at `start` of `source`; position 0 is its first inflated byte.

    Seeking backwards inflates again from the beginning.

    Raises
    ------
    BadInputError
        On reading: ``parse-error`` where the stream is damaged, ``too-large`` beyond `limit` bytes.
    """
    return io.BufferedReader(_Inflated(source, start, limit), buffer_size=_CHUNK)
