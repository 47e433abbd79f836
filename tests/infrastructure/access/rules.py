"""What must hold of every single statement, whatever the others say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.infrastructure.access.actors import DEPLOYMENT
from tests.infrastructure.access.estate import PEOPLE, PREFIX, REGION, Estate, Kind, arn, bucket, role
from tests.infrastructure.templates import ACCOUNT, listed

_ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def complaints(found: Estate, name: str, document: Mapping[str, Any]) -> list[str]:
    """What is wrong with the statements of one policy."""
    kind = found.policies[name].kind
    known = _known(found)
    broken = []
    for statement in document["Statement"]:
        for complaint in _of(name, kind, statement, known):
            broken.append(f"{name}, {statement.get('Sid', '')}: {complaint}")
    return broken


def _of(name: str, kind: Kind, statement: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    strangers = _named(statement) - known
    if strangers:
        yield f"names {', '.join(sorted(strangers))}, who is nobody of this deployment"
    if kind is Kind.TRUST and listed(statement["Action"]) != ["sts:AssumeRole"]:
        yield "trusts with more than the role"
    if statement["Effect"] == "Allow":
        if any(action.endswith(":*") or action == "*" for action in listed(statement["Action"])):
            yield "allows every action of a service"
        if kind is not Kind.IDENTITY:
            yield from _principals(statement["Principal"])
    if kind is Kind.RESOURCE:
        own = _own(name)
        foreign = [item for item in [*_list(statement, "Resource"), *_list(statement, "NotResource")] if not own(item)]
        if foreign:
            yield f"speaks of {', '.join(foreign)}, which it does not guard"


def _principals(principal: Any) -> Iterator[str]:
    """A role is named in a condition, a service as itself: nobody else is a principal of an Allow."""
    if not isinstance(principal, dict):
        yield "allows everybody"
    elif set(principal) - {"Service", "AWS"} or set(listed(principal.get("AWS", []))) - {_ROOT}:
        yield "allows another account"


def _named(statement: Mapping[str, Any]) -> set[str]:
    conditions = statement.get("Condition", {}).values()
    return {who for keys in conditions for key in keys if key == "aws:PrincipalArn" for who in listed(keys[key])}


def _known(found: Estate) -> set[str]:
    roles = {role(f"{PREFIX}-{name}-{REGION}") for name in found.roles}
    return roles | {role(name) for name in PEOPLE.values()} | {role(DEPLOYMENT), _ROOT}


def _list(statement: Mapping[str, Any], part: str) -> list[str]:
    return listed(statement.get(part, []))


def _own(name: str) -> Any:
    """Whether a resource is the one that the policy guards. Keys and secrets speak of themselves as ``*``."""
    kind, _, short = name.rpartition(" ")
    exact = {
        "bucket": f"arn:aws:s3:::{bucket(short)}",
        "table": arn("dynamodb", f"table/{PREFIX}-{short}"),
        "queue": arn("sqs", f"{PREFIX}-{short}"),
        "topic": arn("sns", f"{PREFIX}-{short}"),
        "access point": arn("s3", f"accesspoint/{PREFIX}-{short}"),
        "view": arn("s3-object-lambda", f"accesspoint/{PREFIX}-{short}"),
    }.get(kind, "*")
    return lambda item: item == exact or item.startswith(f"{exact}/")
