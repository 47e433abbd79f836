"""Review: the rights of the people who hand in, decide and audit. The review page itself is another capability.

Each is a managed policy to attach to the roles that the settings name: the guards of the resources know the same names.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.grants import KeyArns
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Condition, Statement, allow, document


class ReviewStack(Stack):
    """Managed policies for the settings' `reviewers`, `uploaders` and `auditors`."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns, **stack: Any) -> None:
        super().__init__(scope, "Review", stack_name=f"{names.prefix}-review", **stack)
        del settings
        self._names = names
        self._policy("reviewer", "See doubtful images and plans, and decide", _reviewer(names, keys))
        self._policy(
            "uploader", "Hand in raw objects; read nothing, not even what was handed in", _uploader(names, keys)
        )
        self._policy("auditor", "Read evidence, trail and access logs; nothing of the raw zone", _auditor(names, keys))

    def _policy(self, who: str, description: str, statements: list[Statement]) -> None:
        iam.CfnManagedPolicy(
            self,
            f"{who.capitalize()}Policy",
            managed_policy_name=f"{self._names.prefix}-{who}-{self._names.region}",
            description=description,
            policy_document=document(*statements),
        )


def _through(names: Names, *services: str) -> Condition:
    return {"StringEquals": {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in services]}}


def _reviewer(names: Names, keys: KeyArns) -> list[Statement]:
    use = ("kms:Decrypt", "kms:GenerateDataKey")
    parts = ("images/*", "source.json", "plan.json", "findings/*", "decisions/*")
    seen = [names.objects_arn("work", f"*/{name}") for name in parts]
    return [
        allow("SeeImagesAndPlans", "s3:GetObject", seen),
        allow("Decide", "s3:PutObject", names.objects_arn("work", "*/decisions/*")),
        allow("FindReviews", ("dynamodb:GetItem", "dynamodb:Scan"), names.table_arn("catalog")),
        allow("Answer", "states:SendTaskSuccess", names.state_machine_arn("deidentify")),
        allow("RawKeyThroughServices", use, keys.raw, when=_through(names, "dynamodb", "s3")),
        allow("ServiceKeyToAnswer", use, keys.service, when=_through(names, "states")),
    ]


def _uploader(names: Names, keys: KeyArns) -> list[Statement]:
    parts = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    return [
        allow("HandIn", parts, names.objects_arn("raw")),
        allow("EncryptThroughS3", ("kms:Decrypt", "kms:GenerateDataKey"), keys.raw, when=_through(names, "s3")),
    ]


def _auditor(names: Names, keys: KeyArns) -> list[Statement]:
    kinds = ("evidence", "trail", "access-logs")
    return [
        allow("Read", ("s3:GetObject", "s3:GetObjectVersion"), [names.objects_arn(kind) for kind in kinds]),
        allow("List", ("s3:ListBucket", "s3:ListBucketVersions"), [names.bucket_arn(kind) for kind in kinds]),
        allow("DecryptThroughS3", "kms:Decrypt", keys.audit, when=_through(names, "s3")),
        allow("VerifySignatures", ("kms:GetPublicKey", "kms:DescribeKey"), keys.signing),
    ]
