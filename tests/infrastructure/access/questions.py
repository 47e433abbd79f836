"""What may be asked: every action that matters, on every resource, in every situation that a condition looks at.

A question is asked of every actor. Its situation (over which service, with which encryption, over which transport)
is the part of the request context that the asker chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.infrastructure.access.estate import PREFIX, REGION, VIEWS, Estate, arn, bucket, role
from tests.infrastructure.access.knowledge import actions_on
from tests.infrastructure.templates import ACCOUNT

Context = Mapping[str, str | list[str]]
PLAIN = ""
"""The situation in which nothing is unusual."""

BUCKETS = ("raw", "work", "deid", "evidence", "trail", "access-logs")
KEYS = ("raw", "deid", "audit", "service", "signing")
_OBJECTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "raw": (("object", "DOE^JANE/1.dcm"), ("validation object", "malware-protection-resource-validation-object")),
    "work": (
        ("candidate", "i/1/candidate.dcm"),
        ("image", "i/1/images/0/0.png"),
        ("decision", "i/decisions/p.json"),
        ("manifest", "backfill/b/page.json"),
    ),
    "deid": (
        ("object", "1.2/3.4/5.6.dcm"),
        *((f"{view} copy", f"{view}/1.2/3.4/5.6.dcm") for view in VIEWS),
    ),
    "evidence": (("certificate", "certificates/i.json"), ("withdrawal", "withdrawals/i/1.json"), ("other", "x")),
    "trail": (("log", f"AWSLogs/{ACCOUNT}/CloudTrail/x.gz"), ("other", "x")),
    "access-logs": (("log", "raw/2026-01-01"),),
    "other": (("object", "x"),),
}
"""Objects by bucket: one of each kind that a policy tells apart, and another bucket of the account."""


@dataclass(frozen=True)
class Leg:
    """One evaluation: an action on a resource, with the policy that guards it."""

    action: str
    resource: str
    guard: str | None
    context: Context = field(default_factory=dict)
    delegated: bool = False
    """Identity policies have decided on the leg before: here only the guard denies. Rather too much than too little."""


@dataclass(frozen=True)
class Question:
    """An action on something, in a situation; allowed when every leg is."""

    subject: str
    action: str
    situation: str
    legs: tuple[Leg, ...]
    partial: bool = False
    """One leg of what is never asked alone: it shows what each guard holds by itself, and is nobody's right."""


def ask(found: Estate, mode: str) -> list[Question]:
    """All questions that an access mode has."""
    parts: Iterable[Iterator[Question]] = (
        _objects(found),
        _buckets(found),
        _raw_access_point(found) if mode != "materialised" else _copies_access_points(found),
        _views(found) if mode != "materialised" else iter(()),
        _keys(found),
        _tables(found),
        _secrets(found),
        _queues(found),
        _topics(found),
        _machines(),
        _functions(),
        _logs(found),
        _without_resources(),
        _account(found),
    )
    return [question for part in parts for question in part]


def _one(found: Estate, subject: str, action: str, resource: str, situation: str = PLAIN, **context: str) -> Question:
    return Question(subject, action, situation, (Leg(action, resource, found.guard(subject), context),))


_TLS: Context = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
_TRANSPORT: Mapping[str, Context] = {
    PLAIN: {},
    "plain http": {"aws:SecureTransport": "false"},
    "tls 1.1": {"s3:TlsVersion": "1.1"},
}
_ENCRYPTION = "s3:x-amz-server-side-encryption"


def _encryption(kind: str) -> Mapping[str, Context]:
    own = {"raw": "raw", "work": "raw", "deid": "deid", "evidence": "audit", "trail": "audit"}.get(kind, "raw")
    named = f"{_ENCRYPTION}-aws-kms-key-id"
    return {
        "right key": {_ENCRYPTION: "aws:kms", named: arn("kms", f"key/{own}")},
        "wrong key": {_ENCRYPTION: "aws:kms", named: arn("kms", "key/other")},
        "sse-s3": {_ENCRYPTION: "AES256"},
        "sse-c": {f"{_ENCRYPTION}-customer-algorithm": "AES256"},
    }


def _objects(found: Estate) -> Iterator[Question]:
    for kind, objects in _OBJECTS.items():
        for name, key in objects:
            resource = f"arn:aws:s3:::{bucket(kind)}/{key}"
            for action in actions_on("s3", "object"):
                situations: dict[str, Context] = {PLAIN: {}}
                if action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
                    situations |= _TRANSPORT
                if action == "s3:PutObject":
                    situations |= _encryption(kind)
                for situation, more in situations.items():
                    leg = Leg(action, resource, found.guard(f"bucket {kind}"), {**_TLS, **more})
                    yield Question(f"{kind}/{name}", action, situation, (leg,))


def _buckets(found: Estate) -> Iterator[Question]:
    for kind in _OBJECTS:
        for action in actions_on("s3", "bucket"):
            situations = _TRANSPORT if action == "s3:ListBucket" else {PLAIN: {}}
            for situation, more in situations.items():
                leg = Leg(action, f"arn:aws:s3:::{bucket(kind)}", found.guard(f"bucket {kind}"), {**_TLS, **more})
                yield Question(f"bucket {kind}", action, situation, (leg,))


_THROUGH_POINT = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:RestoreObject",
)


def _through(
    found: Estate, point: str, kind: str, action: str, key: str | None, **context: str | list[str]
) -> tuple[Leg, Leg]:
    """Through an access point: its own policy decides, then the bucket's with the access point in the context."""
    at = arn("s3", f"accesspoint/{PREFIX}-{point}")
    by: Context = {**_TLS, "s3:DataAccessPointArn": at, "s3:DataAccessPointAccount": ACCOUNT, **context}
    here = f"arn:aws:s3:::{bucket(kind)}"
    return (
        Leg(action, f"{at}/object/{key}" if key else at, found.guard(f"access point {point}"), by),
        Leg(action, f"{here}/{key}" if key else here, found.guard(f"bucket {kind}"), by, delegated=True),
    )


def _each(legs: tuple[Leg, Leg], point: str, target: str, situation: str) -> Iterator[Question]:
    """Both policies together, and each by itself: one must hold where the other is lost."""
    at, behind = legs
    yield Question(f"access point {point} > {target}", at.action, situation, legs)
    yield Question(f"access point {point} alone, {target}", at.action, situation, (at,), partial=True)
    yield Question(f"{target} behind access point {point}", at.action, situation, (behind,), partial=True)


def _raw_access_point(found: Estate) -> Iterator[Question]:
    """The supporting access point: directly, and by Object Lambda on behalf of its caller."""
    ((_, key), *_) = _OBJECTS["raw"]
    listing = ("s3:ListBucket", "s3:ListBucketVersions")
    for situation, by in ((PLAIN, ""), ("by object lambda", "s3-object-lambda"), ("by another service", "athena")):
        name = f"{by}.amazonaws.com"
        more: Context = {"aws:CalledVia": [name], "aws:CalledViaFirst": name, "aws:CalledViaLast": name} if by else {}
        for action in (*_THROUGH_POINT, *listing):
            legs = _through(found, "raw", "raw", action, None if action in listing else key, **more)
            yield from _each(legs, "raw", "bucket raw" if action in listing else "raw/object", situation)
        # Without the access point the same call must not count.
        for action in ("s3:GetObject", "s3:ListObjectAnnotations", *listing) if by else ():
            subject, rest = ("bucket raw", "") if action in listing else ("raw/object", f"/{key}")
            straight = Leg(action, f"arn:aws:s3:::{bucket('raw')}{rest}", found.guard("bucket raw"), {**_TLS, **more})
            yield Question(subject, action, situation, (straight,))


def _copies_access_points(found: Estate) -> Iterator[Question]:
    """A materialised view's access point: to its copies, another view's, and the originals."""
    for view in VIEWS:
        for name, key in _OBJECTS["deid"]:
            for action in _THROUGH_POINT:
                legs = _through(found, view, "deid", action, key)
                yield from _each(legs, view, f"deid/{name}", PLAIN)
        for prefix in ("", *(f"{other}/" for other in VIEWS)):
            for action in ("s3:ListBucket", "s3:ListBucketVersions"):
                legs = _through(found, view, "deid", action, None, **{"s3:prefix": prefix})
                yield from _each(legs, view, "bucket deid", f"prefix {prefix}" if prefix else PLAIN)


def _views(found: Estate) -> Iterator[Question]:
    for view in (*VIEWS, "other"):
        resource = arn("s3-object-lambda", f"accesspoint/{PREFIX}-{view}")
        for action in actions_on("s3-object-lambda", "objectlambdaaccesspoint"):
            yield _one(found, f"view {view}", action, resource)


_KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant")


def _key_situations(action: str) -> Iterator[tuple[str, dict[str, str]]]:
    if action == "kms:Sign":
        yield "digest", {"kms:MessageType": "DIGEST"}
        yield "raw message", {"kms:MessageType": "RAW"}
        return
    yield PLAIN, {}
    if action not in _KEY_USE:
        return
    for service in ("dynamodb", "secretsmanager", "sqs", "states", "sns", "lambda"):
        yield f"via {service}", {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    for kind in ("raw", "work", "deid"):
        via = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
        yield f"via s3 of {kind}", {**via, "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket(kind)}"}
    for name, group in (("trail", f"/{PREFIX}/trail"), ("function", f"/aws/lambda/{PREFIX}-defer")):
        yield f"for log group of {name}", {"kms:EncryptionContext:aws:logs:arn": arn("logs", f"log-group:{group}")}
    for queue in ("uploads", "uploads-dlq", "schedule-dlq"):
        yield f"for queue {queue}", {"kms:EncryptionContext:aws:sqs:arn": arn("sqs", f"{PREFIX}-{queue}")}
    yield "for log delivery", {"kms:EncryptionContext:SourceArn": arn("logs", "delivery-source:any")}
    yield "for topic alarms", {"kms:EncryptionContext:aws:sns:topicArn": arn("sns", f"{PREFIX}-alarms")}


def _keys(found: Estate) -> Iterator[Question]:
    for key in (*KEYS, "other"):
        for action in actions_on("kms", "key"):
            for situation, context in _key_situations(action):
                yield _one(found, f"key {key}", action, arn("kms", f"key/{key}"), situation, **context)


def _tables(found: Estate) -> Iterator[Question]:
    for table in ("catalog", "access", "other"):
        for action in actions_on("dynamodb", "table"):
            yield _one(found, f"table {table}", action, arn("dynamodb", f"table/{PREFIX}-{table}"))


def _secrets(found: Estate) -> Iterator[Question]:
    for secret in ("pseudonym-key", "other"):
        for action in actions_on("secretsmanager", "Secret"):
            yield _one(found, f"secret {secret}", action, arn("secretsmanager", f"secret:{PREFIX}/{secret}-AbCdEf"))


def _queues(found: Estate) -> Iterator[Question]:
    for queue in ("uploads", "uploads-dlq", "schedule-dlq", "other"):
        for action in actions_on("sqs", "queue"):
            resource = arn("sqs", f"{PREFIX}-{queue}")
            situations = _TRANSPORT if action in ("sqs:SendMessage", "sqs:ReceiveMessage") else {PLAIN: {}}
            for situation in situations:
                secure = "false" if situation == "plain http" else "true"
                if situation != "tls 1.1":
                    yield _one(found, f"queue {queue}", action, resource, situation, **{"aws:SecureTransport": secure})


def _topics(found: Estate) -> Iterator[Question]:
    for topic in ("alarms", "other"):
        for action in actions_on("sns", "topic"):
            resource = arn("sns", f"{PREFIX}-{topic}")
            for situation, secure in ((PLAIN, "true"), ("plain http", "false")):
                if action == "sns:Publish" or not situation:
                    yield _one(found, f"topic {topic}", action, resource, situation, **{"aws:SecureTransport": secure})


def _machines() -> Iterator[Question]:
    none = Estate({})
    # SendTask… name no resource in the data, but are authorised on the state machine that waits.
    tasks = ("states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess")
    for machine in ("deidentify", "backfill", "other"):
        for action in (*actions_on("states", "statemachine"), *tasks):
            yield _one(none, f"machine {machine}", action, arn("states", f"stateMachine:{PREFIX}-{machine}"))
        for action in actions_on("states", "execution"):
            yield _one(none, f"execution {machine}", action, arn("states", f"execution:{PREFIX}-{machine}:i-1"))


FUNCTIONS = (
    "register-upload",
    "extract-frames",
    "detect-text",
    "detect-phi",
    "plan-redaction",
    "request-review",
    "apply-redaction",
    "verify-redaction",
    "save-sanitized",
    "record-audit",
    "publish-views",
    "quarantine",
    "defer",
    "list-uploads",
    "redrive-deferred",
    "redact-header",
)


def _functions() -> Iterator[Question]:
    none = Estate({})
    by = "s3-object-lambda.amazonaws.com"
    for name in (*FUNCTIONS, "other"):
        resource = arn("lambda", f"function:{PREFIX}-{name}")
        for situation, via in (
            (PLAIN, []),
            ("by object lambda", [by]),
            ("by another service", ["athena.amazonaws.com"]),
        ):
            context: Context = {"aws:CalledVia": via} if via else {}
            for qualified in ("", ":live"):
                leg = Leg("lambda:InvokeFunction", f"{resource}{qualified}", None, context)
                subject = f"function {name}{qualified}"
                yield Question(subject, "lambda:InvokeFunction", situation, (leg,))
        for action in ("lambda:GetFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"):
            yield _one(none, f"function {name}", action, resource)


def _logs(found: Estate) -> Iterator[Question]:
    none = Estate({})
    groups = {f"function {name}": f"/aws/lambda/{PREFIX}-{name}" for name in FUNCTIONS}
    groups |= {"trail": f"/{PREFIX}/trail", "other": "/other"}
    for name, group in groups.items():
        resource = arn("logs", f"log-group:{group}")
        for action in ("DeleteLogGroup", "FilterLogEvents", "PutRetentionPolicy"):
            yield _one(none, f"log of {name}", f"logs:{action}", f"{resource}:log-stream:")
        for action in ("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"):
            yield _one(none, f"log of {name}", f"logs:{action}", f"{resource}:log-stream:s")


def _without_resources() -> Iterator[Question]:
    none = Estate({})
    asked = (
        "comprehendmedical:DetectEntitiesV2",
        "comprehendmedical:DetectPHI",
        "ec2:CreateNetworkInterface",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DeleteResourcePolicy",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "rekognition:DetectFaces",
        "rekognition:DetectText",
        "s3:ListAllMyBuckets",
        "textract:AnalyzeDocument",
        "textract:DetectDocumentText",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetTraceSummaries",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    )
    for action in asked:
        yield _one(none, "no resource", action, "*")


def _account(found: Estate) -> Iterator[Question]:
    """The account's own guards: trail, detector, roles, rules."""
    none = Estate({})
    for action in ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"):
        yield _one(none, "trail", f"cloudtrail:{action}", arn("cloudtrail", f"trail/{PREFIX}"))
    yield _one(none, "detector", "guardduty:DeleteDetector", arn("guardduty", "detector/d"))
    for name in found.roles:
        resource = role(f"{PREFIX}-{name}-{REGION}")
        leg = Leg("sts:AssumeRole", resource, f"trust {name}")
        yield Question(f"trust {name}", "sts:AssumeRole", PLAIN, (leg,))
        for action in ("PassRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "AttachRolePolicy"):
            yield _one(none, f"role {name}", f"iam:{action}", resource)
    managed = "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3x"
    for name, rule in (("of guardduty", managed), ("of uploads", f"rule/{PREFIX}-uploads"), ("other", "rule/other")):
        for action in (
            "DescribeRule",
            "DeleteRule",
            "ListTargetsByRule",
            "PutRule",
            "PutTargets",
            "RemoveTargets",
            "EnableRule",
        ):
            for situation, context in (
                (PLAIN, {}),
                ("managed", {"events:ManagedBy": "malware-protection-plan.guardduty.amazonaws.com"}),
            ):
                yield _one(none, f"rule {name}", f"events:{action}", arn("events", f"{rule}"), situation, **context)
