"""Policies of the tables, queues and the secret: the raw zone outside of the buckets.

As in the buckets, every rule is a Deny for all but the named. What a table holds is decrypted by DynamoDB's own grant,
not by the caller's right to the key: without a policy of its own, any role with ``dynamodb:*`` would read the catalog.
"""

from __future__ import annotations

from stacks.function_table import Grant
from stacks.names import Names
from stacks.principals import administrators, holding
from stacks.settings import Settings
from stacks.statements import EVERYBODY, Statement, allow, deny, deny_all_but, service

_TABLE_READ = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
)
_TABLE_WRITE = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
_TABLE_CONFIGURE = (
    "dynamodb:CreateBackup",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:DeleteTable",
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:PutResourcePolicy",
    "dynamodb:RestoreTableToPointInTime",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
)
"""Every way a table's contents leave it whole, and every change of its guards."""


def catalog_table(names: Names, settings: Settings) -> list[Statement]:
    """Read and written by the functions of the pipeline; reviewers and custodians read."""
    grants = (Grant.CATALOG_REGISTER, Grant.CATALOG_UPDATE)
    return _table(names, settings, "catalog", (*grants, Grant.CATALOG_SCAN), grants, settings.reviewers)


def access_table(names: Names, settings: Settings) -> list[Statement]:
    """Written by PublishViews, read by the access points' function."""
    return _table(names, settings, "access", (Grant.ACCESS_READ, Grant.ACCESS_WRITE), (Grant.ACCESS_WRITE,))


def pseudonym_secret(names: Names, settings: Settings) -> list[Statement]:
    """Read by the functions that make pseudonyms; replaced, copied or opened to others by the deployment only."""
    readers = [*holding(names, settings, Grant.SECRET_READ), *settings.custodians]
    changes = (
        "secretsmanager:DeleteResourcePolicy",
        "secretsmanager:DeleteSecret",
        "secretsmanager:PutResourcePolicy",
        "secretsmanager:PutSecretValue",
        "secretsmanager:ReplicateSecretToRegions",
        "secretsmanager:RotateSecret",
        "secretsmanager:UpdateSecret",
        "secretsmanager:UpdateSecretVersionStage",
    )
    # A custodian puts the master key back from its offline copy.
    changers = [*administrators(names, settings), *settings.custodians]
    return [
        deny_all_but("OnlyTheRawZoneReads", readers, "secretsmanager:GetSecretValue", "*"),
        deny_all_but("OnlyTheDeploymentChanges", changers, changes, "*"),
    ]


def queue(names: Names, settings: Settings, name: str, arn: str) -> list[Statement]:
    """TLS; from its rule only; received by its function and custodians; configured by the deployment.

    A message of the upload queues names a raw object. Its key keeps others from reading, and this keeps them from
    taking the key off the queue. Only Lambda receives for `register_upload`, as that role.
    """
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    receivers = [*(holding(names, settings, Grant.UPLOAD_QUEUE) if name == "uploads" else []), *settings.custodians]
    # Redrive to the source queue is the custodian's.
    configure = ("sqs:AddPermission", "sqs:DeleteQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes")
    policy = [
        deny("TlsOnly", "sqs:*", arn, principal=EVERYBODY, when=tls),
        deny_all_but("OnlyItsReceivers", receivers, ("sqs:PurgeQueue", "sqs:ReceiveMessage"), arn),
        deny_all_but("OnlyTheDeploymentConfigures", administrators(names, settings), configure, arn),
    ]
    # The upload rule sends to both queues: what it cannot deliver to the one goes to the other.
    rule = names.arn("events", f"rule/{names.prefix}-{'redrive' if name == 'schedule-dlq' else 'uploads'}")
    source = {"ArnEquals": {"aws:SourceArn": rule}}
    sender = service("events.amazonaws.com")
    return [*policy, allow("FromItsRule", "sqs:SendMessage", arn, principal=sender, when=source)]


def _table(
    names: Names,
    settings: Settings,
    kind: str,
    read: tuple[Grant, ...],
    write: tuple[Grant, ...],
    people: tuple[str, ...] = (),
) -> list[Statement]:
    table = names.table_arn(kind)
    readers = [*holding(names, settings, *read), *settings.custodians, *people]
    return [
        deny_all_but("OnlyTheRawZoneReads", readers, _TABLE_READ, table),
        deny_all_but(
            "OnlyTheRawZoneWrites", [*holding(names, settings, *write), *settings.custodians], _TABLE_WRITE, table
        ),
        deny_all_but("OnlyTheDeploymentConfigures", administrators(names, settings), _TABLE_CONFIGURE, table),
    ]
