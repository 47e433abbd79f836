"""The whole pipeline in one process: moto's AWS with the state machine that deploys, running the real handlers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import boto3
from moto import mock_aws

from handlers import register_upload
from local import moto_patches
from local.account import CATALOG, DEID, EVIDENCE, RAW, WORK, Account, credentials, environment, provision
from local.detectors.phi_text import LocalPhiDetector
from local.detectors.text import LocalTextDetector
from local.environment import REGION, applied
from local.settings import EngineSettings
from local.wire.stand_ins import PhiDetector, TextDetector, install
from services import clients, executions, objects, secrets, signing
from services.catalog import Catalog, CatalogEntry, Status
from services.objects import ObjectVersion
from services.work import WorkArea

_SETTLED: Final = frozenset(
    {Status.RELEASED, Status.QUARANTINED, Status.DEFERRED, Status.IN_REVIEW, Status.IGNORED, Status.SUPERSEDED}
)

_LONGEST_KEY: Final = 1024
"""Bytes in UTF-8 (service limit of S3)."""


class Engine:
    """A running local account; see `running`."""

    def __init__(self, settings: EngineSettings, account: Account) -> None:
        self.settings, self._account = settings, account
        self.catalog = Catalog(CATALOG)
        self._instances: dict[str, str] = {}

    def upload(self, key: str, content: bytes) -> None:
        """Put a raw object; the pipeline starts by itself. A path that is too long for a key goes by its digest."""
        raw_key = key if len(key.encode()) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
        version = clients.s3().put_object(Bucket=RAW, Key=raw_key, Body=content)["VersionId"]
        self._instances[key] = self.settings.pseudonymiser().instance_id(RAW, raw_key, version)

    def deliver(self) -> int:
        """Hand waiting upload messages to `register_upload`, as the event source mapping does; how many there were."""
        sqs = boto3.client("sqs")
        delivered = 0
        while True:
            messages = sqs.receive_message(QueueUrl=self._account.queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return delivered
            delivered += len(messages)
            records = [_record(message) for message in messages]
            context: Any = None
            answer = register_upload.handle({"Records": records}, context)
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=self._account.queue, ReceiptHandle=message["ReceiptHandle"])

    def find(self, key: str) -> CatalogEntry | None:
        """The catalog entry of what was uploaded last under a raw key."""
        instance_id = self._instances.get(key)
        return self.catalog.find(instance_id) if instance_id else None

    def settle(
        self, instance_id: str, timeout: float = 3600, watch: Callable[[str], None] = lambda stage: None
    ) -> CatalogEntry:
        """Wait until the instance needs nothing more of the machine, or waits for a person.

        An execution that waits for a person is stopped: it could not outlive this process, and a decision starts the
        next attempt. `watch` is told the state about twice a second.

        Raises
        ------
        TimeoutError
            When that takes longer than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        tell = 0.0
        while time.monotonic() < deadline:
            entry = self.catalog.find(instance_id)
            if entry is not None and self._is_over(entry):
                # moto writes an item attribute by attribute: only after the execution ended is the entry whole.
                return self.catalog.find(instance_id) or entry
            if entry is not None and time.monotonic() >= tell:
                tell = time.monotonic() + 0.5
                watch(self._stage(entry))
            time.sleep(0.02)
        raise TimeoutError("an instance did not settle")

    def _is_over(self, entry: CatalogEntry) -> bool:
        if entry.status not in _SETTLED or self._is_decided(entry):
            return False
        stepfunctions = boto3.client("stepfunctions")
        try:
            running = stepfunctions.describe_execution(executionArn=self._execution(entry))["status"] == "RUNNING"
        except stepfunctions.exceptions.ExecutionDoesNotExist:
            return True
        if running and entry.status is Status.IN_REVIEW:
            stepfunctions.stop_execution(executionArn=self._execution(entry))
            return True
        return not running

    def _execution(self, entry: CatalogEntry) -> str:
        execution = self._account.machine.replace(":stateMachine:", ":execution:")
        return f"{execution}:{entry.instance_id}-{entry.attempt}"

    def _is_decided(self, entry: CatalogEntry) -> bool:
        """Whether an instance in review goes on by itself: somebody decided about exactly this plan before."""
        if entry.status is not Status.IN_REVIEW or entry.plan_sha256 is None:
            return False
        return self.work(entry).read_decision(entry.plan_sha256) is not None

    def released_bytes(self, entry: CatalogEntry) -> bytes:
        """The de-identified object of a released instance."""
        return objects.read_bytes(ObjectVersion(DEID, entry.output_key or "", entry.output_version or ""))

    def certificate(self, entry: CatalogEntry) -> dict[str, bytes]:
        """The certificate of a released instance by file suffix: ``json`` and ``sig``."""
        name = f"certificates/{entry.instance_id}/{entry.attempt}"
        return {kind: objects.read_bytes(ObjectVersion(EVIDENCE, f"{name}.{kind}")) for kind in ("json", "sig")}

    def public_key(self) -> bytes:
        """The public key of the certificates (DER)."""
        return signing.public_key(self._account.signing_key)

    def forget(self, entry: CatalogEntry) -> None:
        """Drop the objects and the work area of a settled instance: moto holds all it is given in memory."""
        objects.delete(ObjectVersion(entry.bucket, entry.key, entry.version_id))
        if entry.output_key and entry.output_version:
            objects.delete(ObjectVersion(DEID, entry.output_key, entry.output_version))
        prefix = f"{entry.instance_id}/"
        for key in objects.keys_under(WORK, prefix):
            objects.delete(ObjectVersion(WORK, key))

    def stages(self, entry: CatalogEntry) -> dict[str, float]:
        """Seconds in each state of the entry's execution, from its history."""
        pages = boto3.client("stepfunctions").get_paginator("get_execution_history")
        entered: dict[str, Any] = {}
        seconds: dict[str, float] = {}
        for event in (e for page in pages.paginate(executionArn=self._execution(entry)) for e in page["events"]):
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

    def _stage(self, entry: CatalogEntry) -> str:
        """The state that the entry's execution is in, or was last."""
        stepfunctions = boto3.client("stepfunctions")
        try:
            history = stepfunctions.get_execution_history(
                executionArn=self._execution(entry), reverseOrder=True, maxResults=20
            )
        except stepfunctions.exceptions.ExecutionDoesNotExist:
            return ""
        names = (event.get("stateEnteredEventDetails", {}).get("name") for event in history["events"])
        return str(next((name for name in names if name), ""))

    def first_work(self, instance_id: str) -> WorkArea:
        """The work area of the first attempt, before there is one: decisions are put there."""
        return WorkArea(WORK, instance_id, 1)

    def start(self, instance_id: str, attempt: int) -> None:
        """Start an attempt, as the scheduled re-drive does."""
        executions.start(self._account.machine, instance_id, attempt)

    def history(self) -> Iterator[Mapping[str, Any]]:
        """Every event of every execution."""
        stepfunctions = boto3.client("stepfunctions")
        for execution in stepfunctions.list_executions(stateMachineArn=self._account.machine)["executions"]:
            pages = stepfunctions.get_paginator("get_execution_history").paginate(
                executionArn=execution["executionArn"]
            )
            for page in pages:
                yield from (dict(event) for event in page["events"])

    def started(self) -> int:
        """How many executions were started."""
        pages = (
            boto3.client("stepfunctions")
            .get_paginator("list_executions")
            .paginate(stateMachineArn=self._account.machine)
        )
        return sum(len(page["executions"]) for page in pages)

    def drain(self, timeout: float = 60) -> None:
        """Wait for executions that are past their last handler; executions that wait for a person are stopped."""
        stepfunctions = boto3.client("stepfunctions")
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            running = stepfunctions.list_executions(stateMachineArn=self._account.machine, statusFilter="RUNNING")[
                "executions"
            ]
            found = (self.catalog.find(execution["name"].partition("-")[0]) for execution in running)
            if all(entry is None or self._is_over(entry) for entry in found):
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
    with ExitStack() as stack:
        stack.enter_context(applied(credentials()))
        stack.enter_context(moto_patches.patched())
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        clients.forget()
        secrets.forget()
        account = provision(settings)
        stack.enter_context(applied(environment(settings, account)))
        install(
            {
                "rekognition": clients.rekognition(),
                "textract": clients.textract(),
                "comprehendmedical": clients.comprehendmedical(),
            },
            text or LocalTextDetector(),
            phi or LocalPhiDetector(),
        )
        engine = Engine(settings, account)
        try:
            yield engine
        finally:
            engine.drain()
            clients.forget()
            secrets.forget()


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
