"""What each Grant is in IAM: exact actions on exact resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stacks.function_table import FunctionSpec, Grant
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Condition, Statement, allow

_READ_OBJECT = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE_OBJECT = ("s3:PutObject", "s3:AbortMultipartUpload")

RAW_ZONE: Mapping[Grant, str] = {
    Grant.RAW_READ: "s3",
    Grant.WORK_READ: "s3",
    Grant.WORK_WRITE: "s3",
    Grant.CATALOG_UPDATE: "dynamodb",
    Grant.CATALOG_REGISTER: "dynamodb",
    Grant.CATALOG_SCAN: "dynamodb",
    Grant.ACCESS_READ: "dynamodb",
    Grant.ACCESS_WRITE: "dynamodb",
    Grant.SECRET_READ: "secretsmanager",
    Grant.UPLOAD_QUEUE: "sqs",
}
"""Grants on what the raw key encrypts, with the service that decrypts it for the function."""
DEID_ZONE = frozenset({Grant.DEID_READ, Grant.DEID_WRITE, Grant.VIEW_COPY_WRITE})
"""Grants on the de-identified bucket. Roles with one of these and one of RAW_ZONE touch both zones."""
_COPIES = frozenset({Grant.VIEW_COPY_WRITE, Grant.VIEW_COPY_DELETE})


@dataclass(frozen=True, slots=True)
class KeyArns:
    """ARNs of the keys, as they stand in the templates."""

    raw: str
    deid: str
    audit: str
    service: str
    signing: str
    secret: str


def statements(spec: FunctionSpec, names: Names, settings: Settings, keys: KeyArns) -> list[Statement]:
    """The whole identity policy of a function's role."""
    left_out: set[Grant] = set() if settings.access == "materialised" else set(_COPIES)
    left_out |= set() if settings.malware_scan else {Grant.RAW_SCAN_RESULT}
    grants = [grant for grant in spec.grants if grant not in left_out]
    policy: list[Statement] = []
    for grant in grants:
        policy += _statements(grant, names, settings, keys)
    policy += _key_use(spec, grants, names, keys)
    group = names.arn("logs", f"log-group:{names.log_group(spec.name)}:*")
    policy.append(allow("OwnLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), group))
    policy.append(allow("Traces", ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*"))
    return policy


def network_statements() -> list[Statement]:
    """What a function in a VPC needs, as AWS documents it: interfaces have no ARN before they exist."""
    actions = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
    return [allow("OwnNetworkInterfaces", actions, "*")]


def _through(names: Names, *services: str) -> Condition:
    return {"StringEquals": {"kms:ViaService": [f"{name}.{names.region}.amazonaws.com" for name in services]}}


def _key_use(spec: FunctionSpec, grants: list[Grant], names: Names, keys: KeyArns) -> list[Statement]:
    use = ("kms:Decrypt", "kms:GenerateDataKey")
    found = []
    if via := sorted({RAW_ZONE[grant] for grant in grants if grant in RAW_ZONE}):
        found.append(allow("RawKey", use, keys.raw, when=_through(names, *via)))
    if DEID_ZONE.intersection(grants):
        found.append(allow("DeidKey", use, keys.deid, when=_through(names, "s3")))
    if {Grant.EVIDENCE_WRITE, Grant.WITHDRAWAL_WRITE}.intersection(grants):
        found.append(allow("AuditKey", use, keys.audit, when=_through(names, "s3")))
    if {Grant.START_EXECUTION, Grant.ANSWER_REVIEW}.intersection(grants):
        found.append(allow("ServiceKey", use, keys.service, when=_through(names, "states")))
    if Grant.SCHEDULE_DEAD_LETTERS in grants:
        found.append(allow("ServiceKeyOfTheQueue", use, keys.service, when=_through(names, "sqs")))
    return found


def _statements(grant: Grant, names: Names, settings: Settings, keys: KeyArns) -> list[Statement]:
    catalog, access = names.table_arn("catalog"), names.table_arn("access")
    machine = names.state_machine_arn("deidentify")
    copies = [names.objects_arn("deid", f"{view}/*") for view in settings.views]
    text = {
        "rekognition": ("rekognition:DetectText",),
        "textract": ("textract:DetectDocumentText",),
        "both": ("rekognition:DetectText", "textract:DetectDocumentText"),
    }[settings.ocr_engine]
    queue = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    single = {
        Grant.RAW_READ: allow("RawRead", _READ_OBJECT, names.objects_arn("raw")),
        Grant.RAW_LIST: allow("RawList", ("s3:ListBucket", "s3:ListBucketVersions"), names.bucket_arn("raw")),
        Grant.RAW_SCAN_RESULT: allow("RawScanResult", "s3:GetObjectVersionTagging", names.objects_arn("raw")),
        Grant.WORK_WRITE: allow("WorkWrite", _WRITE_OBJECT, names.objects_arn("work")),
        Grant.DEID_WRITE: allow("DeidWrite", _WRITE_OBJECT, names.objects_arn("deid")),
        Grant.VIEW_COPY_WRITE: allow("ViewCopies", _WRITE_OBJECT, copies),
        Grant.VIEW_COPY_DELETE: allow("ViewCopiesTakenBack", "s3:DeleteObject", copies),
        Grant.EVIDENCE_WRITE: allow("EvidenceWrite", "s3:PutObject", names.objects_arn("evidence", "certificates/*")),
        Grant.WITHDRAWAL_WRITE: allow("Withdrawals", "s3:PutObject", names.objects_arn("evidence", "withdrawals/*")),
        Grant.CATALOG_UPDATE: allow("CatalogUpdate", ("dynamodb:GetItem", "dynamodb:UpdateItem"), catalog),
        Grant.CATALOG_REGISTER: allow("CatalogRegister", ("dynamodb:GetItem", "dynamodb:PutItem"), catalog),
        Grant.CATALOG_SCAN: allow("CatalogScan", "dynamodb:Scan", catalog),
        Grant.ACCESS_READ: allow("AccessRead", ("dynamodb:GetItem", "dynamodb:Query"), access),
        Grant.ACCESS_WRITE: allow("AccessWrite", ("dynamodb:PutItem", "dynamodb:DeleteItem"), access),
        Grant.SECRET_READ: allow("PseudonymKey", "secretsmanager:GetSecretValue", keys.secret),
        Grant.SIGN: allow("Sign", "kms:Sign", keys.signing, when={"StringEquals": {"kms:MessageType": "DIGEST"}}),
        # The detection services have no resources of their own.
        Grant.DETECT_TEXT: allow("DetectText", text, "*"),
        Grant.DETECT_PHI: allow("DetectPhi", "comprehendmedical:DetectPHI", "*"),
        Grant.START_EXECUTION: allow("StartExecution", "states:StartExecution", machine),
        Grant.SEE_EXECUTION: allow(
            "SeeExecution",
            "states:DescribeExecution",
            names.arn("states", f"execution:{names.state_machine('deidentify')}:*"),
        ),
        Grant.ANSWER_REVIEW: allow("AnswerReview", "states:SendTaskSuccess", machine),
        Grant.UPLOAD_QUEUE: allow("UploadQueue", queue, names.queue_arn("uploads")),
        Grant.SCHEDULE_DEAD_LETTERS: allow("DeadLetters", "sqs:SendMessage", names.queue_arn("schedule-dlq")),
        Grant.OBJECT_LAMBDA_RESPONSE: allow(
            "Answer",
            "s3-object-lambda:WriteGetObjectResponse",
            [names.object_lambda_arn(view) for view in settings.views],
        ),
    }
    # Without the right to list, S3 answers 403 for what is not there, which is no answer to "is it there?".
    double = {
        Grant.WORK_READ: [
            allow("WorkRead", _READ_OBJECT, names.objects_arn("work")),
            allow("WorkList", "s3:ListBucket", names.bucket_arn("work")),
        ],
        Grant.DEID_READ: [
            allow("DeidRead", _READ_OBJECT, names.objects_arn("deid")),
            allow("DeidList", "s3:ListBucket", names.bucket_arn("deid")),
        ],
    }
    return double[grant] if grant in double else [single[grant]]
