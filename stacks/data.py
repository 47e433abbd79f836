"""Data: keys, buckets, tables and the pseudonym secret. Everything here outlives the stack."""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.buckets import only_principals, private_bucket
from stacks.keys import DEID_USERS, RAW_READERS, Keys
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Statement, accounts, allow, deny, service

_READ = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")


class DataStack(Stack):
    """The four zones' keys; raw, work, de-identified and access-log buckets; catalog and access tables."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, "Data", stack_name=f"{names.prefix}-data", **stack)
        self.keys = Keys(self, names, settings)
        logs = private_bucket(
            self,
            "AccessLogs",
            names,
            "access-logs",
            policy=_log_delivery(names),
            key_arn=None,
            logged=False,
            lifecycle=[_expire("access-logs", settings.log_retention_days)],
        )
        raw = private_bucket(
            self,
            "Raw",
            names,
            "raw",
            policy=_raw_policy(names, settings),
            key_arn=self.keys.raw.attr_arn,
            events=True,
        )
        work = private_bucket(
            self,
            "Work",
            names,
            "work",
            policy=_work_policy(names, settings),
            key_arn=self.keys.raw.attr_arn,
            lifecycle=[_expire("work", settings.work_retention_days, then=1)],
        )
        deid = private_bucket(
            self, "Deid", names, "deid", policy=_deid_policy(names, settings), key_arn=self.keys.deid.attr_arn
        )
        for bucket in (raw, work, deid):
            bucket.add_resource_dependency(logs)
        self._table("Catalog", names, "catalog", (("instance_id", "HASH"),))
        self._table("Access", names, "access", (("view", "HASH"), ("view_key", "RANGE")))
        self.secret = secretsmanager.CfnSecret(
            self,
            "PseudonymKey",
            name=f"{names.prefix}/pseudonym-key",
            description="Master key of all pseudonyms: 64 hexadecimal digits. Never rotated; keep a copy offline.",
            kms_key_id=self.keys.raw.attr_arn,
            # Letters of a to f and digits only: what is left is hexadecimal.
            generate_secret_string={
                "passwordLength": 64,
                "excludeUppercase": True,
                "excludePunctuation": True,
                "excludeCharacters": "ghijklmnopqrstuvwxyz",
                "requireEachIncludedType": False,
            },
        )
        self.secret.apply_removal_policy(RemovalPolicy.RETAIN)
        secretsmanager.CfnResourcePolicy(
            self,
            "PseudonymKeyPolicy",
            secret_id=self.secret.ref,
            block_public_policy=True,
            resource_policy={
                "Version": "2012-10-17",
                "Statement": [
                    only_principals(
                        "OnlyTheRawZoneReads",
                        ["secretsmanager:GetSecretValue"],
                        ["*"],
                        [*(names.role_arn(name) for name in RAW_READERS), *settings.custodians],
                    )
                ],
            },
        )

    def _table(self, logical: str, names: Names, kind: str, keys: tuple[tuple[str, str], ...]) -> None:
        table = dynamodb.CfnTable(
            self,
            logical,
            table_name=names.table(kind),
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[{"attributeName": name, "attributeType": "S"} for name, _ in keys],
            key_schema=[{"attributeName": name, "keyType": kind_} for name, kind_ in keys],
            point_in_time_recovery_specification={"pointInTimeRecoveryEnabled": True},
            sse_specification={"sseEnabled": True, "sseType": "KMS", "kmsMasterKeyId": self.keys.raw.attr_arn},
            deletion_protection_enabled=True,
        )
        table.apply_removal_policy(RemovalPolicy.RETAIN)


def _expire(name: str, days: int, then: int = 30) -> dict[str, Any]:
    return {
        "id": f"expire-{name}",
        "status": "Enabled",
        "expirationInDays": days,
        "noncurrentVersionExpiration": {"noncurrentDays": then},
    }


def _log_delivery(names: Names) -> list[Statement]:
    return [
        allow(
            "ServerAccessLogs",
            "s3:PutObject",
            names.objects_arn("access-logs"),
            principal=service("logging.s3.amazonaws.com"),
            when={"StringEquals": {"aws:SourceAccount": names.account}},
        )
    ]


def _raw_policy(names: Names, settings: Settings) -> list[Statement]:
    functions = [
        "register_upload",
        "extract_frames",
        "apply_redaction",
        "verify_redaction",
        "publish_views",
        "redact_header",
        "list_uploads",
    ]
    if settings.malware_scan:
        functions.append("malware_scan")
    readers = [*(names.role_arn(name) for name in functions), *settings.custodians]
    writers = list(settings.uploaders)
    scan = [names.role_arn("malware_scan")] if settings.malware_scan else []
    objects = names.objects_arn("raw")
    statements = [
        only_principals("OnlyTheRawZoneReads", _READ, [objects], readers),
        only_principals("OnlyUploadersWrite", ["s3:PutObject"], [objects], [*writers, *scan]),
        only_principals("NobodyReplacesOrDeletes", ["s3:DeleteObject*"], [objects], settings.custodians),
    ]
    if settings.access == "object-lambda" and settings.caller_rights:
        statements.append(
            allow(
                "DelegatedToItsAccessPoints",
                ("s3:GetObject", "s3:ListBucket"),
                (names.bucket_arn("raw"), objects),
                principal=accounts(names.root_arn()),
                when={"StringEquals": {"s3:DataAccessPointAccount": names.account}},
            )
        )
    return statements


def _work_policy(names: Names, settings: Settings) -> list[Statement]:
    users = [*(names.role_arn(name) for name in RAW_READERS), *settings.custodians, *settings.reviewers]
    return [only_principals("OnlyTheRawZone", [*_READ, "s3:PutObject"], [names.objects_arn("work")], users)]


def _deid_policy(names: Names, settings: Settings) -> list[Statement]:
    objects = names.objects_arn("deid")
    writers = [names.role_arn("save_sanitized")]
    statements: list[Statement] = []
    if settings.access == "materialised":
        writers.append(names.role_arn("publish_views"))
        copies = [names.objects_arn("deid", f"{view}/*") for view in settings.views]
        statements += [
            deny(
                "CopiesUnderTheirViewOnly",
                "s3:PutObject",
                copies,
                principal={"AWS": "*"},
                when={"ArnEquals": {"aws:PrincipalArn": names.role_arn("publish_views")}},
                elsewhere=True,
            ),
            allow(
                "DelegatedToItsAccessPoints",
                ("s3:GetObject", "s3:ListBucket"),
                (names.bucket_arn("deid"), objects),
                principal=accounts(names.root_arn()),
                when={"StringEquals": {"s3:DataAccessPointAccount": names.account}},
            ),
        ]
    else:
        readers = [*(names.role_arn(name) for name in DEID_USERS), *settings.custodians]
        statements.append(only_principals("OnlyTheReleaseReads", _READ, [objects], readers))
    return [only_principals("OnlyTheReleaseWrites", ["s3:PutObject"], [objects], writers), *statements]
