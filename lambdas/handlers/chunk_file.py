"""An iterator of byte strings, read like a file, or block by block."""

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


class BlockBody:
    """A request body that gives its blocks as they are, whatever size is asked for.

    urllib3 asks for 16 KiB at a time, which costs more than all else in sending; it sends what it gets. There is no
    `seek`: a body that is made while it is sent cannot be sent a second time.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, size: int = -1) -> bytes:
        """The next block; empty at the end."""
        del size
        return next(self._blocks, b"")
