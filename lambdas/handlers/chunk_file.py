"""An iterator of byte strings, read like a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _Chunks(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, memoryview(b"")

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._rest:
            block = next(self._chunks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def chunk_file(chunks: Iterator[bytes]) -> io.BufferedReader:
    """A forward-only file over `chunks`; it holds little more than one chunk at a time."""
    return io.BufferedReader(_Chunks(chunks), buffer_size=64 * 1024)
