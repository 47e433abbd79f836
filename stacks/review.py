"""Review: the rights of a reviewer. The page itself is another capability and not part of this version."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.grants import KeyArns
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import allow, document


class ReviewStack(Stack):
    """A managed policy to attach to the reviewers' roles, which the setting `reviewers` must name as well."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns, **stack: Any) -> None:
        super().__init__(scope, "Review", stack_name=f"{names.prefix}-review", **stack)
        del settings
        via = {
            "StringEquals": {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in ("dynamodb", "s3")]}
        }
        self.policy = iam.CfnManagedPolicy(
            self,
            "ReviewerPolicy",
            managed_policy_name=f"{names.prefix}-reviewer-{names.region}",
            description="See doubtful images and plans, and decide; nothing of the raw bucket",
            policy_document=document(
                allow(
                    "SeeImagesAndPlans",
                    "s3:GetObject",
                    [
                        names.objects_arn("work", f"*/{name}")
                        for name in ("images/*", "plan.json", "findings/*", "decisions/*")
                    ],
                ),
                allow("Decide", "s3:PutObject", names.objects_arn("work", "*/decisions/*")),
                allow("FindReviews", ("dynamodb:GetItem", "dynamodb:Scan"), names.table_arn("catalog")),
                allow("Answer", "states:SendTaskSuccess", names.state_machine_arn("deidentify")),
                allow("RawKeyThroughServices", ("kms:Decrypt", "kms:GenerateDataKey"), keys.raw, when=via),
            ),
        )
