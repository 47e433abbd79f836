"""The policies of a deployment as its templates have them: who holds which, and which guards what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from tests.infrastructure.templates import ACCOUNT, Resource, Templates, synthesized

REGION = "ap-southeast-2"
PREFIX = "dicom-deid-prod"
PEOPLE = {
    "uploaders": "pacs",
    "custodians": "custodian",
    "reviewers": "reviewer",
    "auditors": "auditor",
    "deployers": "deployer",
}
"""The settings that name people, and the role that each names here."""
VIEWS = ("research", "teaching")
MODES: Mapping[str, Mapping[str, str]] = {
    "object-lambda": {"access": "object-lambda"},
    "materialised": {"access": "materialised"},
    "caller-rights": {"access": "object-lambda", "caller_rights": "true"},
}


class Kind(StrEnum):
    """Where a policy stands, which decides on its syntax and on how it is evaluated."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


@dataclass(frozen=True)
class Policy:
    """One policy document with all references filled in."""

    kind: Kind
    document: Mapping[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        return list(self.document["Statement"])


@dataclass(frozen=True)
class Estate:
    """All policies by a name that a person can read, such as ``role extract-frames`` or ``bucket raw``."""

    policies: Mapping[str, Policy]

    def guard(self, name: str) -> str | None:
        """The policy of a resource, if it has one."""
        return name if name in self.policies else None

    @property
    def roles(self) -> list[str]:
        """The roles of the templates."""
        return [name.removeprefix("trust ") for name in self.policies if name.startswith("trust ")]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def bucket(kind: str) -> str:
    return f"{PREFIX}-{kind}-{ACCOUNT}-{REGION}"


@cache
def estate(mode: str) -> Estate:
    """The deployment with two views, a malware scan and one role of each kind of people, in one of the access modes."""
    views = {view: {"profile": "basic", "domain": view} for view in VIEWS}
    people = {setting: json.dumps([role(name)]) for setting, name in PEOPLE.items()}
    return _read(synthesized(malware_scan="true", views=json.dumps(views), **people, **MODES[mode]))


@cache
def private_estate() -> Estate:
    """The same in a private network, with every detection service: the policies of its endpoints besides."""
    views = {view: {"profile": "basic", "domain": view} for view in VIEWS}
    people = {setting: json.dumps([role(name)]) for setting, name in PEOPLE.items()}
    shape = {"network": "private", "ocr_engine": "both", "malware_scan": "true", **MODES["materialised"]}
    return _read(synthesized(views=json.dumps(views), **people, **shape))


def _read(templates: Templates) -> Estate:
    resolver = _Resolver(templates)
    return Estate(dict(sorted(_policies(templates, resolver))))


def _policies(templates: Templates, resolver: _Resolver) -> Iterator[tuple[str, Policy]]:
    for stack, resources in templates.by_stack.items():
        for logical, resource in resources.items():
            properties = resolver.resolved(stack, resource["Properties"])
            for name, kind, document in _of(resource["Type"], logical, properties):
                yield name, Policy(kind, document)


def _of(kind: str, logical: str, p: Mapping[str, Any]) -> Iterator[tuple[str, Kind, Mapping[str, Any]]]:
    """The policies of one resource; a kind of resource that this does not know has none (a test compares)."""
    if kind == "AWS::IAM::Role":
        yield f"trust {_short(p['RoleName'])}", Kind.TRUST, p["AssumeRolePolicyDocument"]
    elif kind == "AWS::IAM::ManagedPolicy":
        roles = p.get("Roles")
        name = f"role {_short(roles[0])}" if roles else f"policy {_short(p['ManagedPolicyName'])}"
        yield name, Kind.IDENTITY, p["PolicyDocument"]
    elif kind == "AWS::S3::BucketPolicy":
        yield f"bucket {_kind_of_bucket(p['Bucket'])}", Kind.RESOURCE, p["PolicyDocument"]
    elif kind == "AWS::KMS::Key":
        yield f"key {_zone(logical)}", Kind.RESOURCE, p["KeyPolicy"]
    elif kind == "AWS::DynamoDB::Table":
        yield f"table {_short(p['TableName'])}", Kind.RESOURCE, p["ResourcePolicy"]["PolicyDocument"]
    elif kind == "AWS::SecretsManager::ResourcePolicy":
        yield "secret pseudonym-key", Kind.RESOURCE, p["ResourcePolicy"]
    elif kind == "AWS::SQS::QueuePolicy":
        yield f"queue {_short(p['Queues'][0].rsplit(':', 1)[-1])}", Kind.RESOURCE, p["PolicyDocument"]
    elif kind == "AWS::SNS::TopicPolicy":
        yield f"topic {_short(p['Topics'][0].rsplit(':', 1)[-1])}", Kind.RESOURCE, p["PolicyDocument"]
    elif kind == "AWS::EC2::VPCEndpoint":
        yield f"endpoint {p['ServiceName'].rpartition('.')[2]}", Kind.RESOURCE, p["PolicyDocument"]
    elif kind == "AWS::S3::AccessPoint":
        yield f"access point {_short(p['Name'])}", Kind.RESOURCE, p["Policy"]
    elif kind == "AWS::S3ObjectLambda::AccessPointPolicy":
        yield f"view {_short(p['ObjectLambdaAccessPoint'])}", Kind.RESOURCE, p["PolicyDocument"]


def _short(name: str) -> str:
    return name.removeprefix(f"{PREFIX}-").removesuffix(f"-{REGION}")


def _kind_of_bucket(name: str) -> str:
    return name.removeprefix(f"{PREFIX}-").removesuffix(f"-{ACCOUNT}-{REGION}")


def _zone(logical: str) -> str:
    match = re.match(r"Keys([A-Z][a-z]+)", logical)
    assert match, logical
    return match[1].lower()


class _Resolver:
    """Fills in the references between resources and stacks, with the ARNs that the account would give."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def resolved(self, stack: str, node: Any) -> Any:
        if isinstance(node, list):
            return [self.resolved(stack, item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Ref":
                return self._value(stack, argument, None)
            if function == "Fn::GetAtt":
                return self._value(stack, *argument)
            if function == "Fn::ImportValue":
                return self._imported(argument)
        return {key: self.resolved(stack, value) for key, value in node.items()}

    def _imported(self, export: str) -> str:
        """An export is named after its resource: ``<stack>:ExportsOutput<function><logical id><attribute><hash>``."""
        source, _, output = export.partition(":")
        stack = source.removeprefix(f"{PREFIX}-").capitalize()
        ids = sorted(self._templates.by_stack[stack], key=len, reverse=True)
        for function, attribute in (("FnGetAtt", "Arn"), ("Ref", None)):
            rest = output.removeprefix(f"ExportsOutput{function}")
            found = next((name for name in ids if rest != output and rest.startswith(name)), None)
            if found:
                return self._value(stack, found, attribute)
        raise KeyError(export)

    def _value(self, stack: str, logical: str, attribute: str | None) -> str:
        resource: Resource = self._templates.by_stack[stack][logical]
        kind, p = resource["Type"], resource.get("Properties", {})
        match kind:
            case "AWS::KMS::Key":
                return arn("kms", f"key/{_zone(logical)}")
            case "AWS::SQS::Queue":
                return arn("sqs", p["QueueName"])
            case "AWS::SNS::Topic":
                return arn("sns", p["TopicName"])
            case "AWS::SecretsManager::Secret":
                return arn("secretsmanager", f"secret:{p['Name']}-AbCdEf")
            case "AWS::IAM::Role":
                return role(p["RoleName"]) if attribute else str(p["RoleName"])
            case "AWS::S3::Bucket":
                return str(p["BucketName"])
        return f"{kind}/{logical}"
