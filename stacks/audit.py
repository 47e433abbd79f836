"""Audit: trail, evidence and threat detection; alarms and dashboard are in `stacks.alarms`."""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.alarms import Alarms, Dashboard
from stacks.bucket_policies import evidence_bucket, trail_bucket
from stacks.buckets import private_bucket
from stacks.grants import KeyArns
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import allow, assumed_by, document


class AuditStack(Stack):
    """Who did what, kept so that nobody can take it back."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns, **stack: Any) -> None:
        super().__init__(scope, "Audit", stack_name=f"{names.prefix}-audit", **stack)
        self._names, self._settings, self._keys = names, settings, keys
        private_bucket(
            self,
            "Evidence",
            names,
            "evidence",
            policy=evidence_bucket(names, settings),
            key_arn=keys.audit,
            lock_days=settings.evidence_retention_days,
        )
        self._trail()
        self._threats()
        alarms = Alarms(self, names, settings, keys.service)
        Dashboard(self, names, alarms)

    def _trail(self) -> None:
        names, settings, keys = self._names, self._settings, self._keys
        bucket = private_bucket(
            self,
            "TrailLogs",
            names,
            "trail",
            policy=trail_bucket(names, settings),
            key_arn=keys.audit,
            lock_days=settings.audit_retention_days,
        )
        group = logs.CfnLogGroup(
            self,
            "TrailGroup",
            log_group_name=f"/{names.prefix}/trail",
            kms_key_id=keys.audit,
            retention_in_days=settings.log_retention_days,
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)
        role = iam.CfnRole(
            self,
            "TrailRole",
            role_name=names.role("trail"),
            assume_role_policy_document=document(assumed_by("cloudtrail.amazonaws.com")),
        )
        streams = f"{names.arn('logs', f'log-group:/{names.prefix}/trail')}:log-stream:*"
        rights = iam.CfnManagedPolicy(
            self,
            "TrailPolicy",
            roles=[role.ref],
            policy_document=document(allow("WriteTheTrail", ("logs:CreateLogStream", "logs:PutLogEvents"), streams)),
        )
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=names.prefix,
            s3_bucket_name=names.bucket("trail"),
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=keys.audit,
            cloud_watch_logs_log_group_arn=f"{names.arn('logs', f'log-group:/{names.prefix}/trail')}:*",
            cloud_watch_logs_role_arn=role.attr_arn,
            advanced_event_selectors=_selectors(names, settings),
        )
        for earlier in (bucket, rights, group):
            trail.add_resource_dependency(earlier)
        logs.CfnMetricFilter(
            self,
            "DeniedKeys",
            log_group_name=f"/{names.prefix}/trail",
            filter_pattern='{ ($.eventSource = "kms.amazonaws.com") && ($.errorCode = "AccessDenied*") }',
            metric_transformations=[
                {"metricName": "DeniedKms", "metricNamespace": "DicomDeid", "metricValue": "1", "defaultValue": 0}
            ],
        ).add_resource_dependency(group)

    def _threats(self) -> None:
        if not self._settings.existing_detector:
            guardduty.CfnDetector(
                self,
                "Detector",
                enable=True,
                finding_publishing_frequency="FIFTEEN_MINUTES",
                features=[{"name": "S3_DATA_EVENTS", "status": "ENABLED"}],
            )
        if self._settings.malware_scan:
            self._malware_plan()

    def _malware_plan(self) -> None:
        names = self._names
        role = iam.CfnRole(
            self,
            "ScanRole",
            role_name=names.role("malware_scan"),
            assume_role_policy_document=document(
                assumed_by(
                    "malware-protection-plan.guardduty.amazonaws.com",
                    StringEquals={"aws:SourceAccount": names.account},
                )
            ),
        )
        rule = names.arn("events", "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*")
        managed = {"StringLike": {"events:ManagedBy": "malware-protection-plan.guardduty.amazonaws.com"}}
        via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}}
        rules = ("events:PutRule", "events:DeleteRule", "events:PutTargets", "events:RemoveTargets")
        tags = (
            "s3:PutObjectTagging",
            "s3:GetObjectTagging",
            "s3:PutObjectVersionTagging",
            "s3:GetObjectVersionTagging",
        )
        own = names.objects_arn("raw", "malware-protection-resource-validation-object")
        policy = iam.CfnManagedPolicy(
            self,
            "ScanPolicy",
            roles=[role.ref],
            policy_document=document(
                allow("OwnRule", rules, rule, when=managed),
                allow("SeeOwnRule", ("events:DescribeRule", "events:ListTargetsByRule"), rule),
                allow("Scan", ("s3:GetObject", "s3:GetObjectVersion"), names.objects_arn("raw")),
                allow("Tag", tags, names.objects_arn("raw")),
                allow("ValidateOwnership", "s3:PutObject", own),
                allow(
                    "SeeTheBucket",
                    ("s3:ListBucket", "s3:GetBucketNotification", "s3:PutBucketNotification"),
                    names.bucket_arn("raw"),
                ),
                allow("ReadEncrypted", ("kms:Decrypt", "kms:GenerateDataKey"), self._keys.raw, when=via_s3),
            ),
        )
        guardduty.CfnMalwareProtectionPlan(
            self,
            "MalwarePlan",
            role=role.attr_arn,
            protected_resource={"s3Bucket": {"bucketName": names.bucket("raw")}},
            actions={"tagging": {"status": "ENABLED"}},
        ).add_resource_dependency(policy)


def _selectors(names: Names, settings: Settings) -> list[dict[str, Any]]:
    """Management events, and data events of every bucket but the trail's own, through access points too, of the views,
    the tables and the functions.
    """
    kinds = ("raw", "work", "deid", "evidence", "access-logs")
    buckets = [f"{names.bucket_arn(kind)}/" for kind in kinds]

    def data(name: str, kind: str, *more: dict[str, Any]) -> dict[str, Any]:
        category = {"field": "eventCategory", "equalTo": ["Data"]}
        return {"name": name, "fieldSelectors": [category, {"field": "resources.type", "equalTo": [kind]}, *more]}

    copies = settings.access == "materialised"
    behind = [names.access_point(view) for view in settings.views] if copies else [names.supporting_access_point()]
    points = [names.access_point_arn(name) for name in behind]
    tables = [names.table_arn("catalog"), names.table_arn("access")]
    functions = [names.function_arn("")]
    return [
        {"name": "Management", "fieldSelectors": [{"field": "eventCategory", "equalTo": ["Management"]}]},
        data("Objects", "AWS::S3::Object", {"field": "resources.ARN", "startsWith": buckets}),
        data("AccessPoints", "AWS::S3::AccessPoint", {"field": "resources.ARN", "startsWith": points}),
        data("Views", "AWS::S3ObjectLambda::AccessPoint"),
        data("Tables", "AWS::DynamoDB::Table", {"field": "resources.ARN", "equalTo": tables}),
        data("Functions", "AWS::Lambda::Function", {"field": "resources.ARN", "startsWith": functions}),
    ]
