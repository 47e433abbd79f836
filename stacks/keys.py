"""The customer managed keys, one per zone, with policies that name their readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnTag, RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Statement, accounts, allow, deny, document, service

RAW_READERS = (
    "register_upload",
    "extract_frames",
    "detect_text",
    "detect_phi",
    "plan_redaction",
    "request_review",
    "apply_redaction",
    "verify_redaction",
    "save_sanitized",
    "record_audit",
    "publish_views",
    "quarantine",
    "defer",
    "redact_header",
    "list_uploads",
    "redrive_deferred",
    "backfill",
)
"""Roles that may decrypt with the raw key: every state reads the catalog or the work area, both raw zone."""

DEID_USERS = ("save_sanitized", "publish_views", "redact_header")
"""Roles that may use the de-identified key. They are also among RAW_READERS: the only ones that touch both zones."""

AUDIT_WRITERS = ("record_audit",)

_USE = ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")
_MANAGE = (
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)
"""What the account's administrators need. The key policy alone decides on use: no IAM policy can widen it."""
_READ = ("kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant")


def _administered(names: Names) -> Statement:
    return allow("AdministeredByTheAccount", _MANAGE, "*", principal=accounts(names.root_arn()))


def _used_by(names: Names, sid: str, arns: Sequence[str], actions: Sequence[str] = _USE) -> Statement:
    """Roles are named in a condition: KMS refuses a policy whose principal does not exist yet."""
    return allow(
        sid,
        actions,
        "*",
        principal=accounts(names.root_arn()),
        when={"ArnEquals": {"aws:PrincipalArn": list(arns)}},
    )


def _only(sid: str, arns: Sequence[str]) -> Statement:
    """Nobody else, whatever an IAM policy says. AWS services acting for themselves have no principal ARN."""
    return deny(
        sid,
        _READ,
        "*",
        principal={"AWS": "*"},
        when={
            "ArnNotEquals": {"aws:PrincipalArn": list(arns)},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )


def _deployment(names: Names, via: Sequence[str]) -> list[Statement]:
    """CloudFormation makes the encrypted resources: it may use the key through their services, and not by itself."""
    return [
        allow(
            "DeployedThroughItsServices",
            ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            "*",
            principal=accounts(names.root_arn()),
            when={
                "ArnEquals": {"aws:PrincipalArn": names.deploy_role_arn()},
                "StringEquals": {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in via]},
            },
        ),
        deny(
            "NeverReadByTheDeployment",
            ("kms:Decrypt", "kms:ReEncrypt*"),
            "*",
            principal={"AWS": "*"},
            when={
                "ArnEquals": {"aws:PrincipalArn": names.deploy_role_arn()},
                "StringNotEquals": {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in via]},
            },
        ),
    ]


def _service(names: Names, sid: str, principal: str, when: dict[str, Any] | None = None) -> Statement:
    same_account = {"StringEquals": {"aws:SourceAccount": names.account}}
    return allow(
        sid, ("kms:Decrypt", "kms:GenerateDataKey*"), "*", principal=service(principal), when=when or same_account
    )


def _for(context: str, *arns: str) -> dict[str, Any]:
    """Only to encrypt for these resources. EventBridge tells KMS no source: the queue's policy does."""
    return {"ArnLike": {f"kms:EncryptionContext:{context}": list(arns)}}


def raw_readers(names: Names, settings: Settings) -> list[str]:
    """Every principal that may ever decrypt the raw zone."""
    people = [*settings.custodians, *settings.reviewers, *settings.auditors]
    roles = [names.role_arn(name) for name in RAW_READERS]
    malware = [names.role_arn("malware_scan")] if settings.malware_scan else []
    return [*roles, *malware, *people]


def raw_policy(names: Names, settings: Settings) -> list[Statement]:
    """Raw and work buckets, catalog, access table, upload queues, pseudonym secret."""
    readers = raw_readers(names, settings)
    writers = list(settings.uploaders)
    return [
        _administered(names),
        _used_by(names, "UsedByTheRawZone", readers),
        *([_used_by(names, "UploadersEncrypt", writers, ("kms:GenerateDataKey",))] if writers else []),
        *_deployment(names, ("dynamodb", "secretsmanager", "sqs")),
        _service(
            names,
            "EventsToTheUploadQueue",
            "events.amazonaws.com",
            _for("aws:sqs:arn", names.queue_arn("uploads"), names.queue_arn("uploads-dlq")),
        ),
        _only("NobodyElseInTheRawZone", [*readers, *writers, names.deploy_role_arn()]),
        *(
            [
                deny(
                    "UploadersNeverDecrypt",
                    ("kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant"),
                    "*",
                    principal={"AWS": "*"},
                    when={"ArnEquals": {"aws:PrincipalArn": writers}},
                )
            ]
            if writers
            else []
        ),
    ]


def deid_policy(names: Names, settings: Settings) -> list[Statement]:
    """The de-identified bucket. Researchers of a materialised view decrypt by their own policy, through S3 only."""
    researchers = [
        allow(
            "ReadThroughS3ByPolicy",
            ("kms:Decrypt",),
            "*",
            principal=accounts(names.root_arn()),
            when={"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}},
        )
    ]
    return [
        _administered(names),
        _used_by(names, "UsedByTheRelease", [names.role_arn(name) for name in DEID_USERS]),
        *(researchers if settings.access == "materialised" else []),
    ]


def audit_policy(names: Names, settings: Settings) -> list[Statement]:
    """Trail, its log group, and the evidence."""
    trail = {"StringEquals": {"aws:SourceArn": names.arn("cloudtrail", f"trail/{names.prefix}")}}
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", f"log-group:/{names.prefix}/trail")}}
    return [
        _administered(names),
        _used_by(names, "WrittenByTheRecorder", [names.role_arn(name) for name in AUDIT_WRITERS]),
        *([_used_by(names, "ReadByAuditors", settings.auditors, ("kms:Decrypt",))] if settings.auditors else []),
        _service(names, "TrailEncrypts", "cloudtrail.amazonaws.com", trail),
        allow("TrailSeesItsKey", "kms:DescribeKey", "*", principal=service("cloudtrail.amazonaws.com"), when=trail),
        _service(names, "TrailLogGroup", f"logs.{names.region}.amazonaws.com", logs),
    ]


def service_policy(names: Names, settings: Settings) -> list[Statement]:
    """Step Functions, alarms and the application logs: nothing of a file is in any of them."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:*")}}
    del settings
    users = ("state_machine", "backfill", "register_upload", "redrive_deferred", "request_review")
    return [
        _administered(names),
        _used_by(names, "UsedByTheStateMachines", [names.role_arn(name) for name in users]),
        *_deployment(names, ("states", "sns", "sqs", "lambda"))[:1],
        _service(names, "LogGroups", f"logs.{names.region}.amazonaws.com", logs),
        _service(names, "AlarmsToTheTopic", "cloudwatch.amazonaws.com"),
        _service(
            names,
            "SchedulesToTheirDeadLetters",
            "events.amazonaws.com",
            _for("aws:sqs:arn", names.queue_arn("schedule-dlq")),
        ),
        _service(names, "FindingsToTheTopic", "events.amazonaws.com", _for("aws:sns:topicArn", names.topic_arn())),
        # The state machines' logs pass through the delivery service, which decrypts what Step Functions encrypted.
        _service(
            names, "LogsOfTheStateMachines", "delivery.logs.amazonaws.com", _for("SourceArn", names.arn("logs", "*"))
        ),
    ]


class Keys(Construct):
    """One symmetric key per zone, rotated, and the signing key of the evidence."""

    def __init__(self, scope: Construct, names: Names, settings: Settings) -> None:
        super().__init__(scope, "Keys")
        self.raw = self._key("Raw", names, raw_policy(names, settings), "raw zone")
        self.deid = self._key("Deid", names, deid_policy(names, settings), "de-identified objects")
        self.audit = self._key("Audit", names, audit_policy(names, settings), "audit and evidence")
        self.service = self._key("Service", names, service_policy(names, settings), "service data without PHI")
        signing = [
            _administered(names),
            _used_by(names, "SignedByTheRecorder", [names.role_arn("record_audit")], ("kms:Sign", "kms:GetPublicKey")),
            allow("AnyoneInTheAccountVerifies", "kms:GetPublicKey", "*", principal=accounts(names.root_arn())),
        ]
        self.signing = kms.CfnKey(
            self,
            "Signing",
            key_policy=document(*signing),
            key_spec="ECC_NIST_P256",
            key_usage="SIGN_VERIFY",
            description=f"{names.prefix}: signs certificates",
            pending_window_in_days=30,
            tags=[CfnTag(key="zone", value="evidence")],
        )
        self.signing.apply_removal_policy(RemovalPolicy.RETAIN)

    def _key(self, name: str, names: Names, policy: Sequence[Statement], zone: str) -> kms.CfnKey:
        key = kms.CfnKey(
            self,
            name,
            key_policy=document(*policy),
            enable_key_rotation=True,
            description=f"{names.prefix}: {zone}",
            pending_window_in_days=30,
            tags=[CfnTag(key="zone", value=name.lower())],
        )
        key.apply_removal_policy(RemovalPolicy.RETAIN)
        kms.CfnAlias(self, f"{name}Alias", alias_name=f"alias/{names.prefix}-{name.lower()}", target_key_id=key.ref)
        return key
