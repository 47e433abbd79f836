"""Buckets: private, versioned, owner-enforced, TLS 1.2, one key each, kept when the stack goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.names import Names
from stacks.statements import EVERYBODY, Condition, Statement, deny, document


def transport(names: Names, kind: str) -> list[Statement]:
    """TLS only, 1.2 or later."""
    both = (names.bucket_arn(kind), names.objects_arn(kind))
    return [
        deny("TlsOnly", "s3:*", both, principal=EVERYBODY, when={"Bool": {"aws:SecureTransport": "false"}}),
        deny("Tls12", "s3:*", both, principal=EVERYBODY, when={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ]


def right_key(names: Names, kind: str, key_arn: str) -> list[Statement]:
    """A write names no encryption (the bucket's default applies, and only the deployment can change it) or this key.

    Present and wrong is denied. ``...IfExists`` would match the absent header too, and so deny every plain write.
    """
    objects = names.objects_arn(kind)
    algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"

    def refused(sid: str, when: Condition) -> Statement:
        return deny(sid, "s3:PutObject", objects, principal=EVERYBODY, when=when)

    return [
        refused("KmsOnly", {"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}}),
        refused("ThisKeyOnly", {"Null": {key: "false"}, "StringNotEquals": {key: key_arn}}),
        refused("NoCustomerProvidedKey", {"Null": {f"{algorithm}-customer-algorithm": "false"}}),
    ]


def private_bucket(
    scope: Construct,
    logical: str,
    names: Names,
    kind: str,
    *,
    policy: Sequence[Statement],
    key_arn: str | None,
    lifecycle: Sequence[dict[str, Any]] = (),
    lock_days: int | None = None,
    logged: bool = True,
    events: bool = False,
) -> s3.CfnBucketPolicy:
    """A bucket with its policy, which is returned: whoever waits for the bucket waits for both.

    Without `key_arn`: SSE-S3, for the access logs, which cannot take a key of ours.
    """
    default: dict[str, str] = {"sseAlgorithm": "aws:kms" if key_arn else "AES256"}
    if key_arn:
        default["kmsMasterKeyId"] = key_arn
    retention = {"mode": "COMPLIANCE", "days": lock_days}
    abort = {
        "id": "abort-unfinished-uploads",
        "status": "Enabled",
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }
    bucket = s3.CfnBucket(
        scope,
        logical,
        bucket_name=names.bucket(kind),
        bucket_encryption={
            "serverSideEncryptionConfiguration": [
                {"serverSideEncryptionByDefault": default, "bucketKeyEnabled": bool(key_arn)}
            ]
        },
        versioning_configuration={"status": "Enabled"},
        public_access_block_configuration={
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        ownership_controls={"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
        lifecycle_configuration={"rules": [abort, *lifecycle]},
        logging_configuration=(
            {"destinationBucketName": names.bucket("access-logs"), "logFilePrefix": f"{kind}/"} if logged else None
        ),
        object_lock_enabled=True if lock_days else None,
        object_lock_configuration=(
            {"objectLockEnabled": "Enabled", "rule": {"defaultRetention": retention}} if lock_days else None
        ),
        notification_configuration={"eventBridgeConfiguration": {"eventBridgeEnabled": True}} if events else None,
    )
    bucket.apply_removal_policy(RemovalPolicy.RETAIN)
    attached = s3.CfnBucketPolicy(
        scope,
        f"{logical}Policy",
        bucket=names.bucket(kind),
        policy_document=document(
            *transport(names, kind), *(right_key(names, kind, key_arn) if key_arn else []), *policy
        ),
    )
    attached.add_resource_dependency(bucket)
    attached.apply_removal_policy(RemovalPolicy.RETAIN)
    return attached
