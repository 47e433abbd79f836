"""What the kernel tells of processor time: used by another process, and waited for by this one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def seconds_of(pid: int) -> float:
    """User and system time that a process has used so far; 0 where there is no ``/proc`` to tell it."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return 0.0
    # proc(5): fields 14 and 15, in clock ticks; the program's name, in brackets, may hold spaces.
    fields = status.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waits() -> dict[str, float]:
    """By thread of this process, the seconds that it stood in the queue for a processor; empty without ``/proc``."""
    found: dict[str, float] = {}
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # The thread has ended meanwhile.
            found[path.parent.name] = int(path.read_text().split()[1]) / 1e9
    return found


def waited_since(before: dict[str, float]) -> float:
    """What the threads that live now have waited since `before`, in seconds."""
    return sum(seconds - before.get(thread, 0.0) for thread, seconds in waits().items())
