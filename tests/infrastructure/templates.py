"""The deployment's templates as plain data, synthesized once per set of settings, offline."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app import synthesize
from stacks.settings import PREFIX

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
STACKS = ("Data", "Audit", "Pipeline", "Review", "Access")
UNSTAGED = {"aws:cdk:disable-asset-staging": True}
"""An asset is named by its place, not copied: the templates are the same."""
Resource = Mapping[str, Any]
MODES: tuple[Mapping[str, str], ...] = (
    {},
    {"network": "private", "malware_scan": "true", "ocr_engine": "both", "alarm_email": "alarms@example.org"},
    {
        "access": "materialised",
        "existing_detector": "true",
        "uploaders": json.dumps([f"arn:aws:iam::{ACCOUNT}:role/x"]),
    },
    {
        "caller_rights": "true",
        "network": "private",
        "ocr_engine": "textract",
        "unmatched_text": "review",
        "pixel_analysis": "risk",
        "views": json.dumps({name: {"profile": "basic", "domain": name} for name in ("one", "two-b", "three")}),
    },
)
"""Between them every resource that there can be, as ``-c`` would give them."""


@dataclass(frozen=True)
class Templates:
    """The resources of all stacks; `AWS::Partition` is filled in, so that names read as in an account."""

    by_stack: Mapping[str, Mapping[str, Resource]]

    def of_type(self, kind: str) -> Iterator[tuple[str, Resource]]:
        for stack, resources in self.by_stack.items():
            for name, resource in resources.items():
                if resource["Type"] == kind:
                    yield f"{stack}/{name}", resource

    def properties(self, kind: str) -> list[Mapping[str, Any]]:
        return [resource["Properties"] for _, resource in self.of_type(kind)]

    def function(self, name: str) -> Mapping[str, Any]:
        for properties in self.properties("AWS::Lambda::Function"):
            if properties["FunctionName"] == f"dicom-deid-prod-{name.replace('_', '-')}":
                return properties
        raise KeyError(name)

    def role_statements(self, name: str) -> list[Mapping[str, Any]]:
        for properties in self.properties("AWS::IAM::ManagedPolicy"):
            if properties.get("ManagedPolicyName", "").startswith(f"dicom-deid-prod-{name.replace('_', '-')}-ap-"):
                return list(properties["PolicyDocument"]["Statement"])
        raise KeyError(name)

    def bucket_policy(self, kind: str) -> list[Mapping[str, Any]]:
        for properties in self.properties("AWS::S3::BucketPolicy"):
            statements = properties["PolicyDocument"]["Statement"]
            if f"dicom-deid-prod-{kind}-{ACCOUNT}" in json.dumps(statements):
                return list(statements)
        raise KeyError(kind)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@cache
def synthesized(**settings: str) -> Templates:
    context: dict[str, object] = {f"{PREFIX}account": ACCOUNT, **UNSTAGED}
    context |= {f"{PREFIX}{name}": value for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as folder:
        synthesize(folder, context)
        found = {name: json.loads((Path(folder) / f"{name}.template.json").read_text()) for name in STACKS}
    return Templates({name: _resolved(template["Resources"]) for name, template in found.items()})


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node == {"Ref": "AWS::Partition"}:
        return "aws"
    made = {key: _resolved(value) for key, value in node.items()}
    parts = made.get("Fn::Join", [None, [None]])[1] if len(made) == 1 else [None]
    if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
        return made["Fn::Join"][0].join(parts)
    return made
