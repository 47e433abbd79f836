"""What the kernel tells of processor time: used by another process, and waited for by this one."""

from __future__ import annotations

import os
from pathlib import Path


def seconds_of(pid: int) -> float:
    """User and system time that a process has used so far; 0 where there is no ``/proc`` to tell it."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return 0.0
    # proc(5): fields 14 and 15, in clock ticks; the program's name, in brackets, may hold spaces.
    fields = status.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_seconds() -> float:
    """How long the threads of this process that still live stood in the queue for a processor; 0 without ``/proc``."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        return 0.0
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks.iterdir()) / 1e9
