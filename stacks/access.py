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
from stacks.statements import EVERYBODY, Condition, Statement, allow, deny, deny_all_but, document

TRANSFORMED = ("GetObject", "HeadObject", "ListObjectsV2")
"""What the function answers. HeadObject is authorised as GetObject, ListObjectsV2 as ListBucket."""

_UNTRANSFORMED = (
    "s3-object-lambda:AbortMultipartUpload",
    "s3-object-lambda:DeleteObject*",
    "s3-object-lambda:GetObjectAcl",
    "s3-object-lambda:GetObjectLegalHold",
    "s3-object-lambda:GetObjectRetention",
    "s3-object-lambda:GetObjectTagging",
    "s3-object-lambda:GetObjectVersion*",
    "s3-object-lambda:ListBucketMultipartUploads",
    "s3-object-lambda:ListBucketVersions",
    "s3-object-lambda:ListMultipartUploadParts",
    "s3-object-lambda:PutObject*",
    "s3-object-lambda:RestoreObject",
)
"""Every other call of an Object Lambda access point: S3 passes it on to the raw bucket as it is."""

_DATA = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListBucket*",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:RestoreObject",
)
_OTHER_READS = ("s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion*", "s3:ListBucketVersions")
_READING = ("s3:GetObject", "s3:ListBucket")
_CHANGING = tuple(action for action in _DATA if not action.startswith(_READING))
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
            policy=document(*_supporting_policy(names, settings)),
        )
        for view in settings.views:
            self._object_lambda(view)

    def _object_lambda(self, view: str) -> None:
        names = self._names
        arn, function = names.object_lambda_arn(view), names.function_arn("redact_header")
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
                        "actions": list(TRANSFORMED),
                        "contentTransformation": {"AwsLambda": {"FunctionArn": function}},
                    }
                ],
            },
        )
        point.add_resource_dependency(self._supporting)
        point.add_resource_dependency(self.redactor.function)
        object_lambda.CfnAccessPointPolicy(
            self,
            f"View{_logical(view)}Policy",
            object_lambda_access_point=names.access_point(view),
            policy_document=document(*_object_lambda_policy(names, arn)),
        ).add_resource_dependency(point)
        statements = [
            allow("ReadTheView", "s3-object-lambda:GetObject", arn),
            allow("ListTheView", "s3-object-lambda:ListBucket", arn),
            allow("ThroughTheView", "lambda:InvokeFunction", [function, f"{function}:*"], when=_CALLED_VIA),
        ]
        if self._settings.caller_rights:
            supporting = names.access_point_arn(names.supporting_access_point())
            both = [supporting, f"{supporting}/object/*"]
            statements.append(allow("OnlyCalledByTheView", _READING, both, when=_CALLED_VIA))
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
            policy=document(*_view_policy(arn, view)),
        )
        via_point = {"StringEquals": {"s3:DataAccessPointArn": arn}}
        own: Condition = {"StringLike": {"s3:prefix": f"{view}/*"}}
        through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}}
        self._researcher(
            view,
            [
                allow("ReadTheView", "s3:GetObject", f"{arn}/object/{view}/*"),
                allow("ReadTheViewsObjects", "s3:GetObject", names.objects_arn("deid", f"{view}/*"), when=via_point),
                allow("ListTheView", "s3:ListBucket", arn, when=own),
                allow("ListTheViewsBucket", "s3:ListBucket", names.bucket_arn("deid"), when={**own, **via_point}),
                allow("DecryptThroughS3", "kms:Decrypt", self._keys.deid, when=through_s3),
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


def _object_lambda_policy(names: Names, arn: str) -> list[Statement]:
    """Researchers of this account read and list; the function answers; nothing else passes, whoever asks."""
    elsewhere = {"StringNotEquals": {"aws:PrincipalAccount": names.account}}
    answer = "s3-object-lambda:WriteGetObjectResponse"
    reading = ("s3-object-lambda:GetObject", "s3-object-lambda:ListBucket")
    return [
        deny("WhatIsNotTransformed", _UNTRANSFORMED, arn, principal=EVERYBODY),
        deny("OnlyThisAccount", reading, arn, principal=EVERYBODY, when=elsewhere),
        deny_all_but("OnlyTheFunctionAnswers", [names.role_arn("redact_header")], answer, arn),
    ]


def _supporting_policy(names: Names, settings: Settings) -> list[Statement]:
    """Nobody passes the access point on the raw bucket; with `caller_rights`, Object Lambda reads for its caller."""
    arn = names.access_point_arn(names.supporting_access_point())
    both = (arn, f"{arn}/object/*")
    if not settings.caller_rights:
        return [deny("NobodyDirectly", _DATA, both, principal=EVERYBODY)]
    directly = {"StringNotEquals": {"aws:CalledViaLast": "s3-object-lambda.amazonaws.com"}}
    return [
        deny("NobodyDirectly", _DATA, both, principal=EVERYBODY, when=directly),
        deny("ReadOnly", (*_CHANGING, *_OTHER_READS), both, principal=EVERYBODY),
    ]


def _view_policy(arn: str, view: str) -> list[Statement]:
    """The current version of the view's own copies, and their list; nothing else passes."""
    both, prefix = (arn, f"{arn}/object/*"), {"StringNotLike": {"s3:prefix": f"{view}/*"}}
    own = f"{arn}/object/{view}/*"
    return [
        deny("ReadOnly", (*_CHANGING, *_OTHER_READS), both, principal=EVERYBODY),
        deny("ItsOwnObjects", "s3:GetObject", own, principal=EVERYBODY, elsewhere=True),
        deny("ItsOwnList", "s3:ListBucket", arn, principal=EVERYBODY, when=prefix),
    ]


def _logical(view: str) -> str:
    return "".join(part.capitalize() for part in view.split("-"))
