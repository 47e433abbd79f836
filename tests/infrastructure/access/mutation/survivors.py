"""The mutants that nothing catches, each with the reason why that is no hole."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("survivors.txt")


@cache
def survivors() -> dict[str, str]:
    """Reason by name. In the file a reason stands before the indented mutants that it explains."""
    found: dict[str, str] = {}
    reason = ""
    for line in FILE.read_text().splitlines():
        if line.startswith("   "):
            found[line.strip()] = reason
        elif line and not line.startswith("#"):
            reason = line
    return found
