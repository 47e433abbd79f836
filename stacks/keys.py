"""The customer managed keys, one per zone, with policies that name their readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_cdk import CfnTag, RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.function_table import Grant
from stacks.grants import DEID_ZONE, RAW_ZONE
from stacks.names import Names
from stacks.principals import administrators, holding, scanner
from stacks.settings import Settings
from stacks.statements import EVERYBODY, Statement, accounts, allow, deny, deny_all_but, document, service

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
_GUARDS = (
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:ImportKeyMaterial",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:UpdatePrimaryRegion",
)
"""What would open a key, or destroy what it protects: a role with ``kms:*`` could otherwise write itself in."""
_READ = ("kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant")
_PASS_ON = ("kms:ReEncrypt*", "kms:CreateGrant")
_RAW_SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs")
"""The services whose data the raw key encrypts: nobody, listed or not, uses the key but through one of them."""


def _administered(names: Names, settings: Settings) -> list[Statement]:
    return [
        allow("AdministeredByTheAccount", _MANAGE, "*", principal=accounts(names.root_arn())),
        deny_all_but("GuardedByTheDeployment", administrators(names, settings), _GUARDS, "*"),
    ]


def _through(names: Names, services: Iterable[str]) -> dict[str, object]:
    return {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in services]}


def _used_by(
    names: Names,
    sid: str,
    arns: Sequence[str],
    actions: Sequence[str] = _USE,
    via: Sequence[str] = (),
    **when: Mapping[str, object],
) -> list[Statement]:
    """Roles are named in a condition: KMS refuses a policy whose principal does not exist yet."""
    if not arns:
        return []
    through = {"StringEquals": _through(names, via)} if via else {}
    known = {"ArnEquals": {"aws:PrincipalArn": list(arns)}}
    return [allow(sid, actions, "*", principal=accounts(names.root_arn()), when=known | through | when)]


def _only(sid: str, arns: Sequence[str]) -> Statement:
    """Nobody else, whatever an IAM policy says. AWS services acting for themselves have no principal ARN."""
    return deny_all_but(sid, arns, _READ, "*", when={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})


def _deployment(names: Names, via: Sequence[str]) -> list[Statement]:
    """CloudFormation makes the encrypted resources: it may use the key through their services, and not by itself."""
    deployer = {"ArnEquals": {"aws:PrincipalArn": names.deploy_role_arn()}}
    return [
        *_used_by(
            names,
            "DeployedThroughItsServices",
            [names.deploy_role_arn()],
            ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            via,
        ),
        deny(
            "NeverReadByTheDeployment",
            ("kms:Decrypt", "kms:ReEncrypt*"),
            "*",
            principal=EVERYBODY,
            when=deployer | {"StringNotEquals": _through(names, via)},
        ),
    ]


def _service(names: Names, sid: str, principal: str, when: dict[str, Any] | None = None) -> Statement:
    same_account = {"StringEquals": {"aws:SourceAccount": names.account}}
    return allow(
        sid, ("kms:Decrypt", "kms:GenerateDataKey*"), "*", principal=service(principal), when=when or same_account
    )


def _for(names: Names, context: str, *arns: str) -> dict[str, Any]:
    """Only to encrypt for these resources. EventBridge may tell KMS no source: where it does, it must be this account.

    Who sends to a queue or topic is for its own policy to say, and the context is set by SQS and SNS themselves.
    """
    return {
        "ArnLike": {f"kms:EncryptionContext:{context}": list(arns)},
        "StringEqualsIfExists": {"aws:SourceAccount": names.account},
    }


def raw_readers(names: Names, settings: Settings) -> list[str]:
    """Every principal that may ever decrypt the raw zone: by a grant on it, or as a person of the settings.

    The state machine `backfill` reads manifests in the work bucket. Auditors are not among them: what they read, trail
    and evidence, is under the audit key.
    """
    functions = holding(names, settings, *RAW_ZONE)
    people = [*settings.custodians, *settings.reviewers]
    return [*functions, names.role_arn("backfill"), *scanner(names, settings), *people]


def raw_policy(names: Names, settings: Settings) -> list[Statement]:
    """Raw and work buckets, catalog, access table, upload queues, pseudonym secret."""
    readers, writers = raw_readers(names, settings), list(settings.uploaders)
    return [
        *_administered(names, settings),
        *_used_by(names, "UsedByTheRawZone", readers, via=_RAW_SERVICES),
        *_uploaded(names, writers),
        *_deployment(names, ("dynamodb", "secretsmanager", "sqs")),
        _service(
            names,
            "EventsToTheUploadQueue",
            "events.amazonaws.com",
            _for(names, "aws:sqs:arn", names.queue_arn("uploads"), names.queue_arn("uploads-dlq")),
        ),
        _only("NobodyElseInTheRawZone", [*readers, *writers, names.deploy_role_arn()]),
    ]


def _uploaded(names: Names, writers: Sequence[str]) -> list[Statement]:
    """Who uploads in parts is asked for Decrypt by S3: for the raw bucket only, whose policy denies the reading."""
    if not writers:
        return []
    raw = {"kms:EncryptionContext:aws:s3:arn": [names.bucket_arn("raw"), names.objects_arn("raw")]}
    by_them = {"ArnEquals": {"aws:PrincipalArn": list(writers)}}
    use = ("kms:Decrypt", "kms:GenerateDataKey")
    return [
        *_used_by(names, "UploadersEncrypt", writers, use, ("s3",), ArnLike=raw),
        deny(
            "UploadersDecryptNothingElse",
            "kms:Decrypt",
            "*",
            principal=EVERYBODY,
            when=by_them | {"ArnNotLike": raw},
        ),
        deny("UploadersPassNothingOn", _PASS_ON, "*", principal=EVERYBODY, when=by_them),
    ]


def deid_policy(names: Names, settings: Settings) -> list[Statement]:
    """The de-identified bucket. Researchers of a materialised view decrypt by their own policy, through S3 only."""
    users = [*holding(names, settings, *DEID_ZONE), *settings.custodians]
    policy = [*_administered(names, settings), *_used_by(names, "UsedByTheRelease", users, via=("s3",))]
    if settings.access == "materialised":
        through_s3 = {"StringEquals": _through(names, ("s3",))}
        account = accounts(names.root_arn())
        return [*policy, allow("ReadThroughS3ByPolicy", "kms:Decrypt", "*", principal=account, when=through_s3)]
    return [*policy, _only("NobodyElseInTheRelease", users)]


def audit_policy(names: Names, settings: Settings) -> list[Statement]:
    """Trail, its log group, and the evidence."""
    trail = {"StringEquals": {"aws:SourceArn": names.arn("cloudtrail", f"trail/{names.prefix}")}}
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", f"log-group:/{names.prefix}/trail")}}
    writers = holding(names, settings, Grant.EVIDENCE_WRITE, Grant.WITHDRAWAL_WRITE)
    auditors = settings.auditors
    return [
        *_administered(names, settings),
        *_used_by(names, "WrittenByRecorders", writers, via=("s3",)),
        *_used_by(names, "ReadByAuditors", auditors, ("kms:Decrypt",)),
        _service(names, "TrailEncrypts", "cloudtrail.amazonaws.com", trail),
        allow("TrailSeesItsKey", "kms:DescribeKey", "*", principal=service("cloudtrail.amazonaws.com"), when=trail),
        _service(names, "TrailLogGroup", f"logs.{names.region}.amazonaws.com", logs),
        _only("NobodyElseInTheAudit", [*writers, *auditors]),
    ]


def service_policy(names: Names, settings: Settings) -> list[Statement]:
    """Step Functions, alarms and the application logs: nothing of a file is in any of them."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:*")}}
    functions = holding(names, settings, Grant.START_EXECUTION, Grant.ANSWER_REVIEW, Grant.SCHEDULE_DEAD_LETTERS)
    machines = [names.role_arn("state_machine"), names.role_arn("backfill")]
    people = [*settings.reviewers, *settings.custodians]
    return [
        *_administered(names, settings),
        *_used_by(names, "UsedByTheStateMachines", [*machines, *functions]),
        # Who answers a review, starts an execution or reads its history speaks to an encrypted state machine.
        *_used_by(names, "PeopleThroughTheStateMachines", people, via=("states",)),
        *_deployment(names, ("states", "sns", "sqs", "lambda"))[:1],
        _service(names, "LogGroups", f"logs.{names.region}.amazonaws.com", logs),
        _service(names, "AlarmsToTheTopic", "cloudwatch.amazonaws.com"),
        _service(
            names,
            "SchedulesToTheirDeadLetters",
            "events.amazonaws.com",
            _for(names, "aws:sqs:arn", names.queue_arn("schedule-dlq")),
        ),
        _service(
            names, "FindingsToTheTopic", "events.amazonaws.com", _for(names, "aws:sns:topicArn", names.topic_arn())
        ),
        # The state machines' logs pass through the delivery service, which decrypts what Step Functions encrypted.
        _service(
            names,
            "LogsOfTheStateMachines",
            "delivery.logs.amazonaws.com",
            _for(names, "SourceArn", names.arn("logs", "*")),
        ),
    ]


def signing_policy(names: Names, settings: Settings) -> list[Statement]:
    """Signs evidence; anybody in the account gets the public half."""
    signers = holding(names, settings, Grant.SIGN)
    digests = {"kms:MessageType": "DIGEST"}
    account = accounts(names.root_arn())
    return [
        *_administered(names, settings),
        *_used_by(names, "SignedByTheRecorder", signers, ("kms:Sign",), StringEquals=digests),
        allow("AnyoneInTheAccountVerifies", "kms:GetPublicKey", "*", principal=account),
        deny_all_but("NobodyElseSigns", signers, ("kms:Sign", "kms:CreateGrant"), "*"),
    ]


class Keys(Construct):
    """One symmetric key per zone, rotated, and the signing key of the evidence."""

    def __init__(self, scope: Construct, names: Names, settings: Settings) -> None:
        super().__init__(scope, "Keys")
        self.raw = self._key("Raw", names, raw_policy(names, settings), "raw zone")
        self.deid = self._key("Deid", names, deid_policy(names, settings), "de-identified objects")
        self.audit = self._key("Audit", names, audit_policy(names, settings), "audit and evidence")
        self.service = self._key("Service", names, service_policy(names, settings), "service data without PHI")
        self.signing = kms.CfnKey(
            self,
            "Signing",
            key_policy=document(*signing_policy(names, settings)),
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
