"""A file that refuses to be read on once its reader's time is up, or is sure not to last.

Work on pixels reads frame by frame: this ends it at a frame's border and with a reason, where Lambda would end it
anywhere, with none, after all the time was spent.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from typing_extensions import override

from dicom_deid.errors import BadInputError, Reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CERTAIN_AFTER = 30.0
"""Seconds after which the work so far says something about the rest."""
_CERTAIN = 2.0
"""A cine may calm down: only what would take this many times too long is refused early."""


class WatchedFile(io.RawIOBase):
    """`source`, readable for `seconds`; `progress` tells which share of the work is done.

    Raises
    ------
    BadInputError
        ``too-large`` on reading, once the time is up, or the share that is done says that it will not do.
    """

    def __init__(self, source: BinaryIO, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._source, self._seconds, self._clock = source, seconds, clock
        self._began = clock()
        self.progress: Callable[[], float] = lambda: 1.0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._source.tell()

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._source.seek(offset, whence)

    @override
    def readinto(self, buffer: WriteableBuffer, /) -> int:
        spent = self._clock() - self._began
        if spent > self._seconds or self._will_not_do(spent):
            raise BadInputError(Reason.TOO_LARGE, "the frames take longer than one run of a function")
        content = self._source.read(len(memoryview(buffer).cast("B")))
        memoryview(buffer).cast("B")[: len(content)] = content
        return len(content)

    def _will_not_do(self, spent: float) -> bool:
        return spent > _CERTAIN_AFTER and spent > self.progress() * self._seconds * _CERTAIN
