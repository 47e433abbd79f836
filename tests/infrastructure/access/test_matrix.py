"""The tables of rights and guards are what the golden files say, and leave out no policy of the templates."""

from __future__ import annotations

import json

import pytest

from tests.infrastructure.access.actors import everybody
from tests.infrastructure.access.estate import MODES, Kind, estate
from tests.infrastructure.access.knowledge import exists
from tests.infrastructure.access.matrix import GOLDEN, grants_text, guards_text, rights_text
from tests.infrastructure.access.questions import ask
from tests.infrastructure.templates import synthesized

WRITE_ANEW = "python -m tests.infrastructure.access.matrix writes them anew, for a reviewer to read the difference"


@pytest.mark.parametrize("mode", MODES)
def test_the_rights_are_those_of_the_golden_file(mode: str) -> None:
    assert rights_text(mode) == (GOLDEN / f"rights-{mode}.txt").read_text(), WRITE_ANEW


@pytest.mark.parametrize("mode", MODES)
def test_identity_policies_alone_grant_what_the_golden_file_says(mode: str) -> None:
    assert grants_text(mode) == (GOLDEN / f"grants-{mode}.txt").read_text(), WRITE_ANEW


@pytest.mark.parametrize("mode", MODES)
def test_the_guards_leave_what_the_golden_file_says(mode: str) -> None:
    assert guards_text(mode) == (GOLDEN / f"guards-{mode}.txt").read_text(), WRITE_ANEW


@pytest.mark.parametrize("mode", MODES)
def test_every_policy_of_the_templates_is_asked_about(mode: str) -> None:
    found = estate(mode)
    held = {name for actor in everybody(found) for name in actor.holds}
    guarding = {leg.guard for question in ask(found, mode) for leg in question.legs}
    assert set(found.policies) <= held | guarding


def test_no_resource_of_the_templates_has_a_policy_that_the_estate_does_not_know() -> None:
    documents = sum(text.count('"Statement": [') for text in _properties_with_policies())
    # Endpoint policies guard the way out of the private network, which this table does not have.
    assert documents == len(estate("object-lambda").policies)


def _properties_with_policies() -> list[str]:
    views = {view: {"profile": "basic", "domain": view} for view in ("research", "teaching")}
    templates = synthesized(malware_scan="true", views=json.dumps(views))
    return [
        json.dumps(resource["Properties"])
        for resources in templates.by_stack.values()
        for resource in resources.values()
        if "Properties" in resource
    ]


def test_every_action_that_is_asked_exists() -> None:
    for mode in MODES:
        unknown = {question.action for question in ask(estate(mode), mode) if not exists(question.action)}
        assert not unknown


@pytest.mark.parametrize("mode", MODES)
def test_every_policy_fits_the_limits_of_its_service(mode: str) -> None:
    """IAM counts 6,144 characters without white space, S3, DynamoDB and Secrets Manager 20 KB, KMS 32 KB."""
    for name, policy in estate(mode).policies.items():
        size = len(json.dumps(policy.document, separators=(",", ":")))
        limit = 6144 if policy.kind is Kind.IDENTITY else 32768 if name.startswith("key ") else 20480
        assert size <= limit, (name, size)
