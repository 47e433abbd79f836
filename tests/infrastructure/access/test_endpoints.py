"""The private network's endpoints: what a role inside may do passes, and nothing else does, whoever asks.

Narrower than a role, an endpoint's policy would be an outage that no synthesis shows; wider, a way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from stacks.function_table import FUNCTIONS, OUTSIDE_THE_NETWORK
from tests.infrastructure.access.actors import Actor, everybody, roles
from tests.infrastructure.access.estate import private_estate
from tests.infrastructure.access.matrix import unguarded
from tests.infrastructure.access.questions import Question, ask
from tests.infrastructure.access.simulator import Asked, Run, Simulator

_INSIDE = {name.replace("_", "-") for name in set(FUNCTIONS) - OUTSIDE_THE_NETWORK}
_CARRIED = {"logs", "sqs", "ec2"}
"""Log lines, queue messages and network interfaces: Lambda itself sees to them, outside the network."""


def _endpoints() -> dict[str, dict[str, Any]]:
    """By service, the endpoint's policy as if it were held by a principal: what passes, and nothing of who may."""
    found = {
        name.removeprefix("endpoint "): policy
        for name, policy in private_estate().policies.items()
        if name.startswith("endpoint ")
    }
    assert {"s3", "dynamodb", "kms", "states", "secretsmanager", "xray", "textract"} <= set(found)
    return {service: _held(policy.statements) for service, policy in found.items()}


def _held(statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
    bare = [{key: value for key, value in one.items() if key != "Principal"} for one in statements]
    return {"Version": "2012-10-17", "Statement": bare}


@cache
def _questions() -> tuple[Question, ...]:
    """All that is asked of one thing: an access point is no way of a function's."""
    found = [one for one in ask(private_estate(), "materialised") if len(one.legs) == 1 and not one.partial]
    return tuple(one for one in found if not one.action.startswith(("sts:", "s3-object-lambda:")))


def _through_another_service(question: Question) -> bool:
    """Keys are used by the services that hold the data; the function's own call is to that service."""
    return question.action.startswith("kms:") and question.action != "kms:Sign"


def _asked(actors: Iterable[Actor]) -> list[Asked]:
    return [Asked(actor, question) for actor in actors for question in _questions()]


def _passing(asked: list[Asked]) -> list[bool]:
    """Whether each request passes the endpoint of its service, asked by whoever holds every right."""
    found, endpoints = private_estate(), _endpoints()
    own = {hold for item in asked for hold in item.actor.holds}
    merged = {
        "Version": "2012-10-17",
        "Statement": [one for policy in endpoints.values() for one in policy["Statement"]],
    }
    replaced = {**unguarded(found), **dict.fromkeys(own, merged)}
    (verdicts,) = Simulator(found, asked).verdicts([Run(replace=replaced)])
    assert verdicts is not None
    return verdicts


def test_what_the_roles_inside_may_do_passes_and_nothing_else_does() -> None:
    found = private_estate()
    asked = _asked(actor for actor in roles(found) if actor.name in _INSIDE)
    (granted,) = Simulator(found, asked).verdicts([Run(replace=unguarded(found))])
    assert granted is not None
    services = set(_endpoints())
    differing = {
        (item.actor.name, item.question.subject, item.question.action, "granted" if wanted else "passes")
        for item, wanted, passes in zip(asked, granted, _passing(asked), strict=True)
        if wanted is not passes and not _through_another_service(item.question)
        if item.question.action.partition(":")[0] not in _CARRIED
    }
    assert differing == set()
    used = {item.question.action.partition(":")[0] for item, wanted in zip(asked, granted, strict=True) if wanted}
    assert used - _CARRIED - {"kms"} <= services


def test_nobody_else_passes_whatever_they_hold() -> None:
    """Data does not leave by an endpoint in the name of another role, another account, or nobody."""
    strange = [actor for actor in everybody(private_estate()) if actor.name not in _INSIDE]
    others = [actor for actor in strange if actor.holds and not actor.is_service]
    names = {actor.name for actor in others}
    assert {"cloudformation", "custodian", "another account's administrator", "backfill"} <= names
    asked = _asked(others)
    passed = {
        (item.actor.name, item.question.action) for item, passes in zip(asked, _passing(asked), strict=True) if passes
    }
    assert passed == set()
