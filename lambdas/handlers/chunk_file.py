"""An iterator of byte strings, read like a file."""

from __future__ import annotations

import io
from collections.abc import Iterator

from typing_extensions import override


class ChunkFile(io.RawIOBase):
    """A forward-only file over `chunks`; it holds one chunk at a time."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, b""

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        """Exactly `size` bytes, or fewer only at the end."""
        pieces: list[bytes] = []
        wanted = -1 if size is None or size < 0 else size
        while wanted:
            if not self._rest:
                self._rest = next(self._chunks, b"")
                if not self._rest:
                    break
            piece = self._rest if wanted < 0 else self._rest[:wanted]
            self._rest = self._rest[len(piece) :]
            pieces.append(piece)
            wanted -= len(piece) if wanted > 0 else 0
        return b"".join(pieces)
