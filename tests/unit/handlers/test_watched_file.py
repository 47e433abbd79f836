"""A file whose reader's time is bounded."""

from __future__ import annotations

import io

import pytest

from dicom_deid.errors import BadInputError, Reason
from handlers.watched_file import WatchedFile

CONTENT = bytes(range(256)) * 100


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_in_time_it_reads_as_its_source_does(clock: Clock) -> None:
    watched = io.BufferedReader(WatchedFile(io.BytesIO(CONTENT), 60, clock=clock))
    assert watched.read(10) == CONTENT[:10]
    watched.seek(-3, io.SEEK_END)
    assert (watched.tell(), watched.read()) == (len(CONTENT) - 3, CONTENT[-3:])
    watched.seek(500)
    assert watched.read(5000) == CONTENT[500:5500]
    assert watched.read() == CONTENT[5500:]


@pytest.mark.parametrize(
    ("spent", "progress", "refused"),
    [
        (59, 1.0, False),
        (61, 1.0, True),
        (29, 0.001, False),
        (31, 0.001, True),
        (31, 0.3, False),
        (59, 0.5, False),
        (59, 0.48, True),
    ],
)
def test_it_refuses_when_the_time_is_up_or_sure_not_to_last(
    clock: Clock, spent: float, progress: float, refused: bool
) -> None:
    watched = WatchedFile(io.BytesIO(CONTENT), 60, clock=clock)
    watched.progress = lambda: progress
    clock.now += spent
    if not refused:
        assert watched.read(4) == CONTENT[:4]
        return
    with pytest.raises(BadInputError) as error:
        watched.read(4)
    assert error.value.reason is Reason.TOO_LARGE
