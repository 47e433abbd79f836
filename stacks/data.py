"""Data: keys, buckets, tables and the pseudonym secret. Everything here outlives the stack."""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.bucket_policies import access_log_bucket, deid_bucket, raw_bucket, work_bucket
from stacks.buckets import private_bucket
from stacks.keys import Keys
from stacks.names import Names
from stacks.resource_policies import access_table, catalog_table, pseudonym_secret
from stacks.settings import Settings
from stacks.statements import Statement, document


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
            policy=access_log_bucket(names, settings),
            key_arn=None,
            logged=False,
            lifecycle=[_expire("access-logs", settings.log_retention_days)],
        )
        raw = private_bucket(
            self,
            "Raw",
            names,
            "raw",
            policy=raw_bucket(names, settings),
            key_arn=self.keys.raw.attr_arn,
            events=True,
        )
        work = private_bucket(
            self,
            "Work",
            names,
            "work",
            policy=work_bucket(names, settings),
            key_arn=self.keys.raw.attr_arn,
            lifecycle=[_expire("work", settings.work_retention_days, then=1)],
        )
        deid = private_bucket(
            self, "Deid", names, "deid", policy=deid_bucket(names, settings), key_arn=self.keys.deid.attr_arn
        )
        for bucket in (raw, work, deid):
            bucket.add_resource_dependency(logs)
        self._table("Catalog", names, "catalog", (("instance_id", "HASH"),), catalog_table(names, settings))
        self._table("Access", names, "access", (("view", "HASH"), ("view_key", "RANGE")), access_table(names, settings))
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
            resource_policy=document(*pseudonym_secret(names, settings)),
        )

    def _table(
        self, logical: str, names: Names, kind: str, keys: tuple[tuple[str, str], ...], policy: list[Statement]
    ) -> None:
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
            resource_policy={"policyDocument": document(*policy)},
        )
        table.apply_removal_policy(RemovalPolicy.RETAIN)


def _expire(name: str, days: int, then: int = 30) -> dict[str, Any]:
    return {
        "id": f"expire-{name}",
        "status": "Enabled",
        "expirationInDays": days,
        "noncurrentVersionExpiration": {"noncurrentDays": then},
    }
