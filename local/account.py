"""The local account: moto's buckets, tables, key, queue and the state machine, made as the templates make them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import boto3

from local.environment import REGION
from local.moto_patches import keep_signing_key
from local.settings import EngineSettings
from local.signing_key import signing_key

DEFINITION: Final = Path(__file__).parents[1] / "statemachine" / "deidentify.asl.json"
STATES: Final = (
    "ExtractFrames",
    "DetectText",
    "DetectPhi",
    "PlanRedaction",
    "RequestReview",
    "ApplyRedaction",
    "VerifyRedaction",
    "SaveSanitized",
    "RecordAudit",
    "PublishViews",
    "Quarantine",
    "Defer",
)
RAW, WORK, DEID, EVIDENCE = "dicom-deid-raw", "dicom-deid-work", "dicom-deid-deidentified", "dicom-deid-evidence"
CATALOG, ACCESS, SECRET = "dicom-deid-catalog", "dicom-deid-access", "dicom-deid-key"
_ROLE: Final = "arn:aws:iam::123456789012:role/local"


@dataclass(frozen=True, slots=True)
class Account:
    """What was made: the state machine's ARN, the queue's URL, the id of the signing key."""

    machine: str
    queue: str
    signing_key: str


def provision(settings: EngineSettings) -> Account:
    """Make everything the pipeline needs; moto must be running."""
    signing_key_id = _data(settings)
    return Account(_state_machine(settings), _queue(), signing_key_id)


def credentials() -> dict[str, str]:
    """The environment of a client that must never reach AWS."""
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def environment(settings: EngineSettings, account: Account) -> dict[str, str]:
    """What the template gives the functions, as one union: here they share a process."""
    views: Mapping[str, Mapping[str, str]] = settings.views or {
        "default": {"profile": settings.profile, "domain": f"{settings.domain}/view"}
    }
    own = {
        "STAGE": "local",
        "RAW_BUCKET": RAW,
        "WORK_BUCKET": WORK,
        "DEID_BUCKET": DEID,
        "EVIDENCE_BUCKET": EVIDENCE,
        "CATALOG_TABLE": CATALOG,
        "ACCESS_TABLE": ACCESS,
        "SECRET_ID": SECRET,
        "SIGNING_KEY_ID": account.signing_key,
        "OCR_ENGINE": settings.ocr_engine,
        "PHI_THRESHOLD": str(settings.phi_threshold),
        "UNMATCHED_TEXT": settings.unmatched_text,
        "PIXEL_ANALYSIS": settings.pixel_analysis,
        "MALWARE_SCAN": "false",
        "PROFILE": settings.profile,
        "DOMAIN": settings.domain,
        "STATE_MACHINE_ARN": account.machine,
        "VIEWS": json.dumps(views),
        "ACCESS": "object-lambda",
    }
    return {f"DICOM_DEID_{name}": value for name, value in own.items()}


def _data(settings: EngineSettings) -> str:
    """Buckets, tables, secret and key. The work bucket keeps no versions: moto would hold every deleted image."""
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    for bucket in (RAW, WORK, DEID, EVIDENCE):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        if bucket != WORK:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=RAW, NotificationConfiguration={"EventBridgeConfiguration": {}})
    for table, keys in ((CATALOG, ("instance_id",)), (ACCESS, ("view", "view_key"))):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": name, "KeyType": "RANGE" if number else "HASH"} for number, name in enumerate(keys)
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=settings.key.hex())
    key = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    key_id = key["KeyMetadata"]["KeyId"]
    keep_signing_key(key_id, signing_key(settings.key))
    return key_id


def _queue() -> str:
    """Uploads: EventBridge rule -> SQS, as the template has it."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    url: str = sqs.create_queue(QueueName="dicom-deid-uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [RAW]}}}
    events.put_rule(Name="dicom-deid-uploads", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="dicom-deid-uploads", Targets=[{"Id": "uploads", "Arn": arn}])
    return url


def _state_machine(settings: EngineSettings) -> str:
    """The ASL file that deploys, with its substitutions, and one function per state."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("README", "the handlers run in this process")
    boto3.client("iam").create_role(RoleName="local", AssumeRolePolicyDocument="{}")
    values = {
        "Partition": "aws",
        "RetryMaxAttempts": str(settings.retry_attempts),
        "ReviewTimeoutSeconds": "2592000",
        "ExecutionTimeoutSeconds": "5184000",
        "AnalyseConcurrency": "2",
    }
    for state in STATES:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", state).lower()
        function = boto3.client("lambda").create_function(
            FunctionName=f"dicom-deid-{snake.replace('_', '-')}",
            Runtime="python3.13",
            Role=_ROLE,
            Handler=f"handlers.{snake}.handle",
            Code={"ZipFile": package.getvalue()},
        )
        values[f"{state}FunctionArn"] = function["FunctionArn"]
    definition = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], DEFINITION.read_text(encoding="utf-8"))
    machine = boto3.client("stepfunctions").create_state_machine(
        name="dicom-deid-deidentify", definition=definition, roleArn=_ROLE
    )
    return machine["stateMachineArn"]
