"""Findings of cdk-nag that stand, each on one resource with its reason. None is acknowledged for a whole stack."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Acknowledge one finding on one construct.

    Ids with a second ``::`` are written as node metadata: the API takes them for a namespace.
    """
    if "::" in rule:
        construct.node.add_metadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {rule: reason})
    else:
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
