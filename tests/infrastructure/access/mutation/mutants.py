"""Every way in which one statement of a policy could be looser than it is.

An Allow is loosened by a condition less, more actions, more resources, more principals; a Deny by being gone or turned
round, by an exception more, by an action or a resource less.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.infrastructure.access.actors import FOREIGN
from tests.infrastructure.access.estate import Estate, Kind, Policy, role
from tests.infrastructure.templates import listed

Statement = dict[str, Any]
STRANGER = role("administrator")
"""Whom an exception too many lets in: a role with every right that no setting names."""
_NEGATED = ("StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike")


@dataclass(frozen=True)
class Mutant:
    """One policy with one statement loosened."""

    policy: str
    sid: str
    change: str
    document: Mapping[str, Any] = field(compare=False)
    actions: tuple[str, ...] = field(compare=False)
    """The actions, with wildcards, of the statement before and after: on others it has no say."""

    @property
    def name(self) -> str:
        """Unique, and stable as long as the statement is the same."""
        return f"{self.policy} | {self.sid} | {self.change}"


def mutants(found: Estate) -> Iterator[Mutant]:
    """All mutants of all policies."""
    for name, policy in found.policies.items():
        yield from _of(name, policy)


def _of(name: str, policy: Policy) -> Iterator[Mutant]:
    for index, statement in enumerate(policy.statements):
        loosened = _looser_allow if statement["Effect"] == "Allow" else _looser_deny
        for change, changed in loosened(statement, policy.kind):
            rest = policy.statements
            rest[index : index + 1] = [changed] if changed else []
            if not rest:
                # A policy has a statement; one that grants nobody anything stands for none.
                rest = [{"Effect": "Deny", "Principal": "*", "Action": "sts:GetCallerIdentity", "Resource": "*"}]
            actions = {*listed(statement["Action"]), *listed((changed or statement)["Action"])}
            document = {**policy.document, "Statement": rest}
            yield Mutant(name, statement.get("Sid", str(index)), change, document, tuple(sorted(actions)))


def _looser_allow(statement: Statement, kind: Kind) -> Iterator[tuple[str, Statement]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            yield f"without {operator} {key}", _without_condition(statement, operator, key)
            if key == "aws:PrincipalArn":
                changed = copy.deepcopy(statement)
                changed["Condition"][operator][key] = [*listed(keys[key]), STRANGER]
                yield "one principal more", changed
    services = sorted({action.partition(":")[0] for action in listed(statement["Action"])})
    every = [f"{service}:*" for service in services]
    if every != listed(statement["Action"]):
        yield "every action", {**statement, "Action": every}
    if kind is not Kind.TRUST and listed(statement["Resource"]) != ["*"]:
        yield "every resource", {**statement, "Resource": "*"}
    if kind is not Kind.IDENTITY:
        yield "every principal", {**statement, "Principal": "*"}
        principal = {who: listed(names) for who, names in statement["Principal"].items()}
        foreign = [*principal.get("AWS", []), f"arn:aws:iam::{FOREIGN}:root"]
        yield "another account too", {**statement, "Principal": principal | {"AWS": foreign}}


def _looser_deny(statement: Statement, _kind: Kind) -> Iterator[tuple[str, Statement | None]]:
    yield "gone", None
    yield "an Allow", {**statement, "Effect": "Allow"}
    yield "one exception more", _excepting(statement)
    for part in ("Action", "Resource"):
        values = listed(statement.get(part, []))
        for value in values if len(values) > 1 else ():
            yield f"not on {value}", {**statement, part: [other for other in values if other != value]}
    if "NotResource" in statement:
        yield "not on any other resource", {**statement, "NotResource": "*"}
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if operator in _NEGATED and key != "aws:PrincipalArn":
                changed = copy.deepcopy(statement)
                changed["Condition"][operator][key] = "*"
                like = operator.replace("Equals", "Like")
                changed["Condition"][like] = changed["Condition"].get(like, {}) | changed["Condition"].pop(operator)
                yield f"whatever {key}", changed
            for value in listed(values) if operator.endswith("Equals") and len(listed(values)) > 1 else ():
                if operator not in _NEGATED:
                    changed = copy.deepcopy(statement)
                    changed["Condition"][operator][key] = [other for other in listed(values) if other != value]
                    yield f"not for {value}", changed


def _without_condition(statement: Statement, operator: str, key: str) -> Statement:
    changed = copy.deepcopy(statement)
    del changed["Condition"][operator][key]
    if not changed["Condition"][operator]:
        del changed["Condition"][operator]
    if not changed["Condition"]:
        del changed["Condition"]
    return changed


def _excepting(statement: Statement) -> Statement:
    changed = copy.deepcopy(statement)
    conditions = changed.setdefault("Condition", {})
    known = conditions.setdefault("ArnNotEquals", {}).get("aws:PrincipalArn", [])
    conditions["ArnNotEquals"]["aws:PrincipalArn"] = [*listed(known), STRANGER]
    return changed
