"""IAM policy statements as plain data: what stands in the template is what is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Statement = dict[str, Any]
Condition = Mapping[str, Mapping[str, object]]

EVERYBODY = {"AWS": "*"}
"""The principal of a Deny: every account, and the anonymous."""


def _many(values: str | Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def allow(
    sid: str,
    actions: str | Iterable[str],
    resources: str | Iterable[str],
    *,
    principal: object = None,
    when: Condition | None = None,
) -> Statement:
    """One Allow. `principal` only in resource policies."""
    return _statement("Allow", sid, actions, resources, principal, when)


def deny(
    sid: str,
    actions: str | Iterable[str],
    resources: str | Iterable[str],
    *,
    principal: object = None,
    when: Condition | None = None,
    elsewhere: bool = False,
) -> Statement:
    """One Deny. `principal` only in resource policies. `elsewhere`: on all resources but these."""
    statement = _statement("Deny", sid, actions, resources, principal, when)
    if elsewhere:
        statement["NotResource"] = statement.pop("Resource")
    return statement


def deny_all_but(
    sid: str,
    arns: Iterable[str],
    actions: str | Iterable[str],
    resources: str | Iterable[str],
    *,
    when: Condition | None = None,
) -> Statement:
    """Deny for everybody but `arns`, whatever another policy allows: roles, users, other accounts, the anonymous.

    Roles stand in a condition, because a principal that does not exist yet is refused. A request without
    ``aws:PrincipalArn`` (anonymous, or an AWS service for itself) is denied as well: negated operators match then.
    """
    known = list(arns)
    unless: dict[str, Mapping[str, object]] = {"ArnNotEquals": {"aws:PrincipalArn": known}} if known else {}
    return deny(sid, actions, resources, principal=EVERYBODY, when=unless | dict(when or {}))


def service(*names: str) -> dict[str, list[str]]:
    """AWS services as principal."""
    return {"Service": list(names)}


def assumed_by(name: str, **when: Mapping[str, object]) -> Statement:
    """The trust policy's statement for a role of an AWS service."""
    statement: Statement = {"Effect": "Allow", "Principal": service(name), "Action": ["sts:AssumeRole"]}
    return statement | ({"Condition": when} if when else {})


def accounts(*arns: str) -> dict[str, list[str]]:
    """AWS accounts or roles as principal."""
    return {"AWS": list(arns)}


def document(*statements: Statement) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    effect: str,
    sid: str,
    actions: str | Iterable[str],
    resources: str | Iterable[str],
    principal: object,
    when: Condition | None,
) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        statement["Principal"] = principal
    statement |= {"Action": _many(actions), "Resource": _many(resources)}
    if when:
        statement["Condition"] = {operator: dict(keys) for operator, keys in when.items()}
    return statement
