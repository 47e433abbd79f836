"""Findings of cdk-nag that stand: `acknowledged.toml` has the reasons, each put onto one resource, never a stack."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cdk_nag
from aws_cdk import Acknowledgment, App, CfnResource, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from stacks.function_table import FUNCTIONS, FunctionSpec

PACKS = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.ServerlessChecks,
)
_WILDCARD_RULE = "AwsSolutions-IAM5"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One finding that stands: the construct's path, the rule (with the finding, where it has several), the reason."""

    path: str
    rule: str
    reason: str


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("acknowledged.toml").read_text())


def acknowledge(app: App) -> list[Acknowledged]:
    """Put every acknowledgment onto its resource; returns them all."""
    found: list[Acknowledged] = []
    for resource in _resources(app):
        reasons = [*_of_resource(resource), *_of_wildcards(resource)]
        if reasons:
            Validations.of(resource).acknowledge(*(Acknowledgment(id=one.rule, reason=one.reason) for one in reasons))
        found += reasons
    return found


def explanations(app: App) -> dict[tuple[str, str, str], str]:
    """By stack, logical id and check of checkov: why the finding stands."""
    found: dict[tuple[str, str, str], str] = {}
    for resource in _resources(app):
        stack = Stack.of(resource)
        reasons = _reasons(resource)
        if unbound := [one.reason for one in _of_wildcards(resource) if one.rule.endswith("[Resource::*]")]:
            reasons["wildcard"] = unbound[0]
        for check, control in _table()["checkov"].items():
            if control in reasons:
                found[stack.node.id, stack.get_logical_id(resource), check] = reasons[control]
    return found


def _resources(app: App) -> Iterator[CfnResource]:
    return (construct for construct in app.node.find_all() if isinstance(construct, CfnResource))


def known_reasons() -> set[str]:
    """Every reason of the table, for every function: each must be in use somewhere."""
    resources = (text for reasons in _table()["resources"].values() for text in reasons.values())
    functions = (text for spec in FUNCTIONS.values() for text in _of_function(spec).values())
    return {*resources, *functions, *_table()["wildcards"].values()}


def _of_resource(resource: CfnResource) -> Iterator[Acknowledged]:
    for control, reason in _reasons(resource).items():
        for rule in _table()["rules"][control]:
            yield Acknowledged(resource.node.path, rule, reason)


def _reasons(resource: CfnResource) -> dict[str, str]:
    """By control, why it does not apply to this resource."""
    path = resource.node.path
    if not isinstance(resource, lambda_.CfnFunction):
        return dict(_table()["resources"].get(path, {}))
    spec = next(spec for spec in FUNCTIONS.values() if spec.construct_id == path.split("/")[1])
    answered = {"inside-vpc": resource.vpc_config, "dead-letters": resource.dead_letter_config}
    return {control: text for control, text in _of_function(spec).items() if not answered.get(control)}


def _of_function(spec: FunctionSpec) -> dict[str, str]:
    by_caller = {control: texts.get(spec.caller.value) for control, texts in _table()["functions"].items()}
    return {control: text.format(name=spec.name) for control, text in by_caller.items() if text}


def _of_wildcards(resource: CfnResource) -> Iterator[Acknowledged]:
    """Each wildcard of an identity policy, explained by the statements it stands in."""
    if not isinstance(resource, iam.CfnManagedPolicy):
        return
    reasons: dict[str, set[str]] = {}
    for statement in Stack.of(resource).resolve(resource.policy_document)["Statement"]:
        reason = _table()["wildcards"].get(statement["Sid"])
        for target in map(_flat, statement["Resource"]):
            if "*" in target and reason:
                reasons.setdefault(target, set()).add(reason)
    for target, texts in reasons.items():
        yield Acknowledged(resource.node.path, f"{_WILDCARD_RULE}[Resource::{target}]", " ".join(sorted(texts)))


def _flat(node: Any) -> str:
    """A resource as cdk-nag writes it into the name of a finding: references in angle brackets."""
    if isinstance(node, str):
        return node
    (kind, value), *_ = node.items()
    if kind == "Fn::Join":
        return str(value[0]).join(_flat(part) for part in value[1])
    if kind == "Fn::GetAtt":
        return f"<{value[0]}.{value[1]}>"
    return f"<{value}>"
