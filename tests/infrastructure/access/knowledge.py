"""What IAM knows of a service: its actions by kind of resource, from the simulator's data."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.infrastructure.templates import ROOT

PACKAGES = ROOT / "node_modules" / "@cloud-copilot"


@cache
def _actions(service: str) -> dict[str, Any]:
    path = PACKAGES / "iam-data" / "data" / "actions" / f"{service}.json"
    assert path.exists(), "npm ci brings the policy simulator and its data"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def actions_on(service: str, resource: str | None) -> tuple[str, ...]:
    """Every action of `service` on that kind of resource; on None those that know no resource."""
    found = [
        f"{service}:{action['name']}"
        for action in _actions(service).values()
        if (resource in {kind["name"] for kind in action["resourceTypes"]} if resource else not action["resourceTypes"])
    ]
    assert found, (service, resource)
    return tuple(sorted(found))


def exists(action: str) -> bool:
    """Whether IAM knows the action (without wildcards)."""
    service, _, name = action.partition(":")
    return name.lower() in _actions(service)
