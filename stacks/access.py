"""Access: what researchers reach. Deployed last, so that an account without Object Lambda loses only this stack."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3objectlambda as object_lambda
from constructs import Construct

from stacks.function_table import FUNCTIONS
from stacks.functions import DeidFunction, refuse_without_build
from stacks.grants import KeyArns
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Statement, allow, document

_CALLED_VIA = {"ForAnyValue:StringEquals": {"aws:CalledVia": "s3-object-lambda.amazonaws.com"}}
_PRIVATE = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True}


class AccessStack(Stack):
    """One access point and one researcher policy per view."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns, **stack: Any) -> None:
        super().__init__(scope, "Access", stack_name=f"{names.prefix}-access", **stack)
        self._names, self._settings, self._keys = names, settings, keys
        if settings.access == "materialised":
            for view in settings.views:
                self._plain_access_point(view)
            return
        refuse_without_build(self)
        self.redactor = DeidFunction(self, FUNCTIONS["redact_header"], names, settings, keys)
        self._supporting = s3.CfnAccessPoint(
            self,
            "Supporting",
            bucket=names.bucket("raw"),
            name=names.supporting_access_point(),
            public_access_block_configuration=_PRIVATE,
        )
        for view in settings.views:
            self._object_lambda(view)

    def _object_lambda(self, view: str) -> None:
        names = self._names
        point = object_lambda.CfnAccessPoint(
            self,
            f"View{_logical(view)}",
            name=names.access_point(view),
            object_lambda_configuration={
                "supportingAccessPoint": names.access_point_arn(names.supporting_access_point()),
                "allowedFeatures": ["GetObject-Range"],
                "cloudWatchMetricsEnabled": True,
                "transformationConfigurations": [
                    {
                        "actions": ["GetObject"],
                        "contentTransformation": {"AwsLambda": {"FunctionArn": names.function_arn("redact_header")}},
                    }
                ],
            },
        )
        point.add_resource_dependency(self._supporting)
        point.add_resource_dependency(self.redactor.function)
        function = names.function_arn("redact_header")
        statements = [
            allow("ReadTheView", "s3-object-lambda:GetObject", names.object_lambda_arn(view)),
            allow("ThroughTheView", "lambda:InvokeFunction", [function, f"{function}:*"], when=_CALLED_VIA),
        ]
        if self._settings.caller_rights:
            supporting = names.access_point_arn(names.supporting_access_point())
            statements.append(
                allow(
                    "OnlyCalledByTheView",
                    ("s3:GetObject", "s3:ListBucket"),
                    [supporting, f"{supporting}/object/*"],
                    when=_CALLED_VIA,
                )
            )
        self._researcher(view, statements)

    def _plain_access_point(self, view: str) -> None:
        names = self._names
        arn = names.access_point_arn(names.access_point(view))
        s3.CfnAccessPoint(
            self,
            f"View{_logical(view)}",
            bucket=names.bucket("deid"),
            name=names.access_point(view),
            public_access_block_configuration=_PRIVATE,
        )
        via_point = {"StringEquals": {"s3:DataAccessPointArn": arn}}
        self._researcher(
            view,
            [
                allow("ReadTheView", "s3:GetObject", f"{arn}/object/{view}/*"),
                allow("ReadTheViewsObjects", "s3:GetObject", names.objects_arn("deid", f"{view}/*"), when=via_point),
                allow("ListTheView", "s3:ListBucket", arn, when={"StringLike": {"s3:prefix": f"{view}/*"}}),
                allow(
                    "DecryptThroughS3",
                    "kms:Decrypt",
                    self._keys.deid,
                    when={"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}},
                ),
            ],
        )

    def _researcher(self, view: str, statements: list[Statement]) -> None:
        names = self._names
        iam.CfnManagedPolicy(
            self,
            f"Researcher{_logical(view)}",
            managed_policy_name=f"{names.prefix}-researcher-{view}-{names.region}",
            description=f"Read the de-identified objects of the view {view}, and nothing else",
            policy_document=document(*statements),
        )


def _logical(view: str) -> str:
    return "".join(part.capitalize() for part in view.split("-"))
