"""The state machines as they deploy: the ASL file with its `${…}` substitutions filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def substitutions(name: str) -> frozenset[str]:
    """The names of the substitutions that statemachine/<name> asks for."""
    return frozenset(_SUBSTITUTION.findall((ROOT / "statemachine" / name).read_text()))


def load(name: str) -> dict[str, Any]:
    """statemachine/<name>, filled in with plausible values."""
    text = (ROOT / "statemachine" / name).read_text()

    def value(match: re.Match[str]) -> str:
        if match[1] == "Partition":
            return "aws"
        # A number stands by itself, a name inside quotes.
        if text[match.start() - 1] == " ":
            return "86400"
        return f"arn:aws:lambda:ap-southeast-2:111122223333:function:{match[1]}"

    definition: dict[str, Any] = json.loads(_SUBSTITUTION.sub(value, text))
    return definition


def machines(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The definition and every machine nested in its Map and Parallel states."""
    yield definition
    for state in definition["States"].values():
        for nested in [state.get("ItemProcessor"), *state.get("Branches", [])]:
            if nested:
                yield from machines(nested)


def targets(state: Mapping[str, Any]) -> Iterator[str]:
    """Every state that may follow."""
    if "Next" in state:
        yield state["Next"]
    if "Default" in state:
        yield state["Default"]
    for rule in [*state.get("Choices", []), *state.get("Catch", [])]:
        yield rule["Next"]
