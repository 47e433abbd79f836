"""The simulator knows the rules of IAM that the proof stands on, and tells a crash from an answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.access.actors import everybody
from tests.infrastructure.access.estate import Estate, Kind, Policy, estate
from tests.infrastructure.access.matrix import rights_asked
from tests.infrastructure.access.questions import Leg, Question
from tests.infrastructure.access.simulator import Asked, InvalidPolicyError, Run, Simulator

OBJECT = "arn:aws:s3:::b/k"


def _decide(actor: str, action: str, guard: dict[str, Any] | None, resource: str = OBJECT, **context: str) -> bool:
    found = Estate({"guard": Policy(Kind.RESOURCE, guard)} if guard else {})
    known = {item.name: item for item in everybody(estate("object-lambda"))}
    question = Question("s", action, "", (Leg(action, resource, "guard" if guard else None, context),))
    (verdicts,) = Simulator(found, [Asked(known[actor], question)]).verdicts([Run([0])])
    assert verdicts is not None
    return verdicts[0]


def _guard(effect: str, action: str, principal: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_an_identity_policy_suffices_for_an_object_but_not_for_a_key() -> None:
    powerful = "a role with s3:* and kms:*"
    key = "arn:aws:kms:ap-southeast-2:111122223333:key/k"
    root = {"AWS": "arn:aws:iam::111122223333:root"}
    assert _decide(powerful, "s3:GetObject", None)
    assert not _decide(powerful, "kms:Decrypt", _guard("Allow", "kms:Sign", root), key)
    assert _decide(powerful, "kms:Decrypt", _guard("Allow", "kms:Decrypt", root), key)


def test_a_deny_wins_over_every_allow() -> None:
    assert not _decide("a role with every right", "s3:GetObject", _guard("Deny", "s3:Get*", {"AWS": "*"}))


def test_a_negated_condition_matches_a_key_that_is_absent() -> None:
    unless = _guard("Deny", "s3:GetObject", {"AWS": "*"}, Condition={"StringNotEquals": {"s3:x": "y"}})
    assert not _decide("a role with every right", "s3:GetObject", unless)
    assert _decide("a role with every right", "s3:GetObject", unless, **{"s3:x": "y"})


def test_if_exists_matches_a_header_that_is_absent() -> None:
    """Why a guard on encryption headers asks for presence first: this Deny hits every write without the header."""
    unless = _guard("Deny", "s3:PutObject", {"AWS": "*"}, Condition={"StringNotEqualsIfExists": {"s3:x": "y"}})
    assert not _decide("a role with every right", "s3:PutObject", unless)


def test_another_account_and_the_anonymous_need_the_guard_to_allow_them() -> None:
    for actor in ("another account's administrator", "anonymous"):
        assert not _decide(actor, "s3:GetObject", _guard("Allow", "s3:PutObject", "*"))
        assert _decide(actor, "s3:GetObject", _guard("Allow", "s3:GetObject", "*"))


def test_statements_about_other_actions_decide_nothing() -> None:
    found = estate("object-lambda")
    asked = rights_asked("object-lambda")
    sample = Run(range(0, len(asked), 97))
    simulator = Simulator(found, asked)
    assert simulator.verdicts([sample]) == simulator.verdicts([sample], whole=True)


def test_a_policy_that_is_none_is_told_from_a_verdict() -> None:
    found = Estate({"guard": Policy(Kind.RESOURCE, _guard("Allow", "s3:GetObject", "*"))})
    actor = next(item for item in everybody(estate("object-lambda")) if item.name == "anonymous")
    asked = [Asked(actor, Question("s", "s3:GetObject", "", (Leg("s3:GetObject", OBJECT, "guard"),)))]
    broken = {"guard": {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}}
    whole, none = Simulator(found, asked).verdicts([Run([0]), Run([0], broken)])
    assert whole is not None
    assert none is None
    with pytest.raises(InvalidPolicyError, match="guard"):
        Simulator(Estate({"guard": Policy(Kind.RESOURCE, broken["guard"])}), asked).verdicts([Run([0])])


def test_a_crash_is_no_verdict() -> None:
    actor = everybody(estate("object-lambda"))[0]
    asked = [Asked(actor, Question("s", "s3:GetObject", "", (Leg("s3:GetObject", OBJECT, "no such policy"),)))]
    with pytest.raises(RuntimeError, match="crashed"):
        Simulator(Estate({}), asked).verdicts([Run([0])])
