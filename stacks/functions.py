"""A Lambda with its role, policy and log group, from its line in the table."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from aws_cdk import CfnRule, Fn, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from packaging_assets.packages import PACKAGES
from stacks.function_table import EXTRACT_SECONDS, OUTSIDE_THE_NETWORK, Asset, FunctionSpec, max_images
from stacks.grants import KeyArns, network_statements, statements
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import assumed_by, document

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "lambdas"
_SOURCE_ONLY = ["**/__pycache__", "**/*.pyc", "**/.DS_Store"]


@cache
def asset_of(asset: Asset) -> Path:
    """The archive that `make build` made of these sources; else the sources, so that synthesis needs no build."""
    (package,) = (package for package in PACKAGES if package.name == asset.value)
    return package.archive if package.is_current() else SOURCES


def refuse_without_build(stack: Stack) -> None:
    """A rule that fails any deployment of a stack whose functions are sources without their libraries.

    The template still synthesizes, offline; CloudFormation evaluates the rule before it changes anything.
    """
    if all(asset_of(asset) != SOURCES for asset in Asset):
        return
    CfnRule(
        stack,
        "BuiltAssets",
        assertions=[
            {
                "assert": Fn.condition_contains(["built"], "sources"),
                "assertDescription": "The Lambda assets are missing or older than their sources: run make build.",
            }
        ],
    )


def environment(spec: FunctionSpec, names: Names, settings: Settings, keys: KeyArns) -> dict[str, str]:
    """The environment that the handler's settings ask for, and Powertools' with capture of values turned off."""
    arns = {view: names.object_lambda_arn(view) for view in settings.views if settings.access == "object-lambda"}
    views = {
        view: {"profile": rules.profile, "domain": rules.domain, "access_point_arn": arns.get(view, "")}
        for view, rules in settings.views.items()
    }
    values = {
        "RAW_BUCKET": names.bucket("raw"),
        "WORK_BUCKET": names.bucket("work"),
        "DEID_BUCKET": names.bucket("deid"),
        "EVIDENCE_BUCKET": names.bucket("evidence"),
        "CATALOG_TABLE": names.table("catalog"),
        "ACCESS_TABLE": names.table("access"),
        "SECRET_ID": keys.secret,
        "SIGNING_KEY_ID": keys.signing,
        "STATE_MACHINE_ARN": names.state_machine_arn("deidentify"),
        "OCR_ENGINE": settings.ocr_engine,
        "PHI_THRESHOLD": str(settings.phi_threshold),
        "UNMATCHED_TEXT": settings.unmatched_text,
        "PIXEL_ANALYSIS": settings.pixel_analysis,
        "PROFILE": settings.profile,
        "DOMAIN": settings.domain,
        "ACCESS": settings.access,
        "MALWARE_SCAN": json.dumps(settings.malware_scan),
        "MAX_OBJECT_BYTES": str(settings.max_object_bytes),
        "MAX_IMAGES": str(max_images(settings.retry_max_attempts)),
        "MAX_SECONDS": str(EXTRACT_SECONDS),
        "VIEWS": json.dumps(views, sort_keys=True),
    }
    return {
        **{f"DICOM_DEID_{name}": values[name] for name in spec.environment},
        "POWERTOOLS_SERVICE_NAME": "dicom-deid",
        "POWERTOOLS_METRICS_NAMESPACE": "DicomDeid",
        "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
        "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
        "POWERTOOLS_LOGGER_LOG_EVENT": "false",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


class DeidFunction(Construct):
    """One Lambda of the table."""

    def __init__(
        self,
        scope: Construct,
        spec: FunctionSpec,
        names: Names,
        settings: Settings,
        keys: KeyArns,
        network: lambda_.CfnFunction.VpcConfigProperty | None = None,
    ) -> None:
        super().__init__(scope, spec.construct_id)
        in_network = network if spec.name not in OUTSIDE_THE_NETWORK else None
        group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=names.log_group(spec.name),
            kms_key_id=keys.service,
            retention_in_days=settings.log_retention_days,
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)
        role = iam.CfnRole(
            self,
            "Role",
            role_name=names.role(spec.name),
            assume_role_policy_document=document(assumed_by("lambda.amazonaws.com")),
        )
        policy = statements(spec, names, settings, keys) + (network_statements() if in_network else [])
        rights = iam.CfnManagedPolicy(
            self,
            "Policy",
            managed_policy_name=names.role(spec.name),
            description=f"What the function {spec.name} may do, and nothing else",
            roles=[role.ref],
            policy_document=document(*policy),
        )
        code = s3_assets.Asset(self, "Code", path=str(asset_of(spec.asset)), exclude=_SOURCE_ONLY)
        dead_letters = names.queue_arn("schedule-dlq") if spec.name == "redrive_deferred" else None
        self.function = lambda_.CfnFunction(
            self,
            "Function",
            function_name=names.function(spec.name),
            description=f"dicom-deid: handlers.{spec.name}",
            architectures=["arm64"],
            runtime="python3.13",
            handler=f"handlers.{spec.name}.handle",
            code={"s3Bucket": code.s3_bucket_name, "s3Key": code.s3_object_key},
            role=role.attr_arn,
            memory_size=spec.memory,
            timeout=spec.timeout,
            ephemeral_storage={"size": spec.storage},
            environment={"variables": environment(spec, names, settings, keys)},
            kms_key_arn=keys.service,
            tracing_config={"mode": "Active"},
            reserved_concurrent_executions=spec.reserved(settings),
            logging_config={"logGroup": names.log_group(spec.name)},
            dead_letter_config={"targetArn": dead_letters} if dead_letters else None,
            vpc_config=in_network,
        )
        self.function.add_resource_dependency(rights)
        self.function.add_resource_dependency(group)
        code.add_resource_metadata(self.function, "Code.S3Key")
