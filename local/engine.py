"""The whole pipeline in one process: moto's AWS with the state machine that deploys, running the real handlers."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from moto import mock_aws

from handlers import register_upload
from local import moto_patches
from local.detectors.phi_text import LocalPhiDetector
from local.detectors.text import LocalTextDetector
from local.environment import REGION, applied
from local.settings import EngineSettings
from local.wire.stand_ins import PhiDetector, TextDetector, install
from services import clients, executions, objects, secrets, signing
from services.catalog import Catalog, CatalogEntry, Status
from services.objects import ObjectVersion
from services.work import WorkArea

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
_SETTLED: Final = frozenset(
    {Status.RELEASED, Status.QUARANTINED, Status.DEFERRED, Status.IN_REVIEW, Status.IGNORED, Status.SUPERSEDED}
)


class Engine:
    """A running local account; see `running`."""

    def __init__(self, settings: EngineSettings, machine: str, queue: str, signing_key: str) -> None:
        self.settings, self._machine, self._queue, self._signing_key = settings, machine, queue, signing_key
        self.catalog = Catalog(CATALOG)

    def upload(self, key: str, content: bytes) -> None:
        """Put a raw object; the pipeline starts by itself."""
        clients.s3().put_object(Bucket=RAW, Key=key, Body=content)

    def deliver(self) -> int:
        """Hand waiting upload messages to `register_upload`, as the event source mapping does; how many there were."""
        sqs = boto3.client("sqs")
        delivered = 0
        while True:
            messages = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return delivered
            delivered += len(messages)
            records = [_record(message) for message in messages]
            context: Any = None
            answer = register_upload.handle({"Records": records}, context)
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def find(self, key: str) -> CatalogEntry | None:
        """The newest catalog entry of a raw key."""
        found = [entry for entry in self.catalog.entries() if entry.key == key]
        return max(found, key=lambda entry: entry.sequence, default=None)

    def settle(self, instance_id: str, timeout: float = 3600) -> CatalogEntry:
        """Wait until the instance needs nothing more of the machine, or waits for a person.

        Raises
        ------
        TimeoutError
            When that takes longer than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            entry = self.catalog.find(instance_id)
            if entry is not None and entry.status in _SETTLED and not self._is_decided(entry):
                return entry
            time.sleep(0.02)
        raise TimeoutError("an instance did not settle")

    def _is_decided(self, entry: CatalogEntry) -> bool:
        """Whether an instance in review goes on by itself: somebody decided about exactly this plan before."""
        if entry.status is not Status.IN_REVIEW or entry.plan_sha256 is None:
            return False
        return self.work(entry).read_decision(entry.plan_sha256) is not None

    def released_bytes(self, entry: CatalogEntry) -> bytes:
        """The de-identified object of a released instance."""
        return objects.read_bytes(ObjectVersion(DEID, entry.output_key or "", entry.output_version or ""))

    def certificate(self, entry: CatalogEntry) -> dict[str, bytes]:
        """The certificate of a released instance by file suffix: ``json``, ``sig``, and the public key as ``der``."""
        name = f"certificates/{entry.instance_id}/{entry.attempt}"
        found = {kind: objects.read_bytes(ObjectVersion(EVIDENCE, f"{name}.{kind}")) for kind in ("json", "sig")}
        return found | {"der": signing.public_key(self._signing_key)}

    def forget(self, entry: CatalogEntry) -> None:
        """Drop the raw object and the work area of a settled instance: moto holds all it is given."""
        objects.delete(ObjectVersion(entry.bucket, entry.key, entry.version_id))
        prefix = f"{entry.instance_id}/"
        for key in objects.keys_under(WORK, prefix):
            objects.delete(ObjectVersion(WORK, key))

    def stages(self, entry: CatalogEntry) -> dict[str, float]:
        """Seconds in each state of the entry's execution, from its history."""
        arn = self._machine.replace(":stateMachine:", ":execution:") + f":{entry.instance_id}-{entry.attempt}"
        pages = boto3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        entered: dict[str, Any] = {}
        seconds: dict[str, float] = {}
        for event in (event for page in pages for event in page["events"]):
            if "stateEnteredEventDetails" in event:
                entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
            if "stateExitedEventDetails" in event:
                name = event["stateExitedEventDetails"]["name"]
                if name in entered:
                    spent = (event["timestamp"] - entered.pop(name)).total_seconds()
                    seconds[name] = seconds.get(name, 0.0) + spent
        return seconds

    def work(self, entry: CatalogEntry) -> WorkArea:
        """The work area of the entry's attempt."""
        return WorkArea(WORK, entry.instance_id, entry.attempt)

    def stage(self) -> str:
        """The state that an execution is in, or was last."""
        running = boto3.client("stepfunctions").list_executions(stateMachineArn=self._machine)["executions"][:1]
        if not running:
            return ""
        history = boto3.client("stepfunctions").get_execution_history(
            executionArn=running[0]["executionArn"], reverseOrder=True, maxResults=20
        )
        names = (event.get("stateEnteredEventDetails", {}).get("name") for event in history["events"])
        return str(next((name for name in names if name), ""))

    def first_work(self, instance_id: str) -> WorkArea:
        """The work area of the first attempt, before there is one: decisions are put there."""
        return WorkArea(WORK, instance_id, 1)

    def start(self, instance_id: str, attempt: int) -> None:
        """Start an attempt, as the scheduled re-drive does."""
        executions.start(self._machine, instance_id, attempt)

    def history(self) -> Iterator[Mapping[str, Any]]:
        """Every event of every execution."""
        stepfunctions = boto3.client("stepfunctions")
        for execution in stepfunctions.list_executions(stateMachineArn=self._machine)["executions"]:
            pages = stepfunctions.get_paginator("get_execution_history").paginate(
                executionArn=execution["executionArn"]
            )
            for page in pages:
                yield from (dict(event) for event in page["events"])

    def started(self) -> int:
        """How many executions were started."""
        pages = boto3.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=self._machine)
        return sum(len(page["executions"]) for page in pages)

    def drain(self, timeout: float = 60) -> None:
        """Wait for executions that are past their last handler; executions that wait for a person are stopped."""
        stepfunctions = boto3.client("stepfunctions")
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            running = stepfunctions.list_executions(stateMachineArn=self._machine, statusFilter="RUNNING")["executions"]
            reviews = [entry for entry in self.catalog.entries(Status.IN_REVIEW) if not self._is_decided(entry)]
            waiting = {f"{entry.instance_id}-{entry.attempt}" for entry in reviews}
            busy = [execution for execution in running if execution["name"] not in waiting]
            if not busy:
                for execution in running:
                    stepfunctions.stop_execution(executionArn=execution["executionArn"])
                return
            time.sleep(0.02)


@contextmanager
def running(
    settings: EngineSettings, *, text: TextDetector | None = None, phi: PhiDetector | None = None
) -> Iterator[Engine]:
    """A local account with everything the pipeline needs, gone when the block ends.

    Parameters
    ----------
    text, phi
        Detectors in place of the local ones.
    """
    views = settings.views or {"default": {"profile": settings.profile, "domain": f"{settings.domain}/view"}}
    with ExitStack() as stack:
        stack.enter_context(applied(_credentials()))
        stack.enter_context(moto_patches.patched())
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        clients.forget()
        secrets.forget()
        key_id = _provision(settings)
        machine = _state_machine(settings)
        queue = _queue()
        environment = _environment(settings, views, key_id, machine)
        stack.enter_context(applied(environment))
        install(
            {
                "rekognition": clients.rekognition(),
                "textract": clients.textract(),
                "comprehendmedical": clients.comprehendmedical(),
            },
            text or LocalTextDetector(),
            phi or LocalPhiDetector(),
        )
        engine = Engine(settings, machine, queue, key_id)
        try:
            yield engine
        finally:
            engine.drain()
            clients.forget()
            secrets.forget()


def _credentials() -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _environment(
    settings: EngineSettings, views: Mapping[str, Mapping[str, str]], key_id: str, machine: str
) -> dict[str, str]:
    """What the template gives the functions, as one union: here they share a process."""
    own = {
        "STAGE": "local",
        "RAW_BUCKET": RAW,
        "WORK_BUCKET": WORK,
        "DEID_BUCKET": DEID,
        "EVIDENCE_BUCKET": EVIDENCE,
        "CATALOG_TABLE": CATALOG,
        "ACCESS_TABLE": ACCESS,
        "SECRET_ID": SECRET,
        "SIGNING_KEY_ID": key_id,
        "OCR_ENGINE": settings.ocr_engine,
        "PHI_THRESHOLD": str(settings.phi_threshold),
        "UNMATCHED_TEXT": settings.unmatched_text,
        "PIXEL_ANALYSIS": settings.pixel_analysis,
        "PROFILE": settings.profile,
        "DOMAIN": settings.domain,
        "STATE_MACHINE_ARN": machine,
        "VIEWS": json.dumps(views),
        "ACCESS": "object-lambda",
    }
    return {f"DICOM_DEID_{name}": value for name, value in own.items()}


def _provision(settings: EngineSettings) -> str:
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    for bucket in (RAW, WORK, DEID, EVIDENCE):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
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
    return str(key["KeyMetadata"]["KeyId"])


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


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    """An SQS message as Lambda hands it to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:dicom-deid-uploads",
        "awsRegion": REGION,
    }
