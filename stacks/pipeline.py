"""Pipeline: queue, rule, functions, the two state machines, the scheduled re-drive."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.function_table import FUNCTIONS
from stacks.functions import ROOT, DeidFunction, refuse_without_build
from stacks.grants import KeyArns
from stacks.names import Names
from stacks.network import PrivateNetwork
from stacks.resource_policies import queue as queue_policy
from stacks.settings import Settings
from stacks.statements import Statement, allow, assumed_by, document

_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
_FUNCTION = re.compile(r"(\w+)FunctionArn")


def handler_of(substitution: str) -> str | None:
    """The handler that a substitution ``<Name>FunctionArn`` stands for."""
    match = _FUNCTION.fullmatch(substitution)
    return re.sub(r"(?<!^)([A-Z])", r"_\1", match[1]).lower() if match else None


def definition(path: Path, values: dict[str, str]) -> str:
    """The ASL file with its substitutions filled in; numbers stand unquoted in it, which CloudFormation could not."""
    return _SUBSTITUTION.sub(lambda match: values[match[1]], path.read_text())


class PipelineStack(Stack):
    """From the uploaded object to the released one."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns, **stack: Any) -> None:
        super().__init__(scope, "Pipeline", stack_name=f"{names.prefix}-pipeline", **stack)
        self._names, self._settings, self._keys = names, settings, keys
        private = PrivateNetwork(self, names, settings, keys) if settings.network == "private" else None
        network = private.configuration if private else None
        refuse_without_build(self)
        own = [spec for spec in FUNCTIONS.values() if spec.name != "redact_header"]
        self.functions = {spec.name: DeidFunction(self, spec, names, settings, keys, network) for spec in own}
        dead = self._queue("UploadsDlq", "uploads-dlq", keys.raw)
        uploads = self._queue("Uploads", "uploads", keys.raw, dead_letters="uploads-dlq")
        uploads.add_resource_dependency(dead)
        self._queue("ScheduleDlq", "schedule-dlq", keys.service)
        self._upload_rule()
        lambda_.CfnEventSourceMapping(
            self,
            "UploadsToRegister",
            event_source_arn=uploads.attr_arn,
            function_name=names.function_arn("register_upload"),
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximumConcurrency": settings.register_concurrency},
        ).add_resource_dependency(self.functions["register_upload"].function)
        values = self._substitutions()
        self._state_machine("Deidentify", "deidentify", "state_machine", values, [_invoke(self._named("deidentify"))])
        self._state_machine("Backfill", "backfill", "backfill", values, self._backfill_rights())
        self._schedule()

    def _named(self, machine: str) -> list[str]:
        """The functions that a definition names: its role invokes no other."""
        text = (ROOT / "statemachine" / f"{machine}.asl.json").read_text()
        handlers = sorted({found for name in _SUBSTITUTION.findall(text) if (found := handler_of(name))})
        return [self._names.function_arn(handler) for handler in handlers]

    def _queue(self, logical: str, name: str, key: str, dead_letters: str | None = None) -> sqs.CfnQueue:
        names = self._names
        redrive = {"deadLetterTargetArn": names.queue_arn(dead_letters), "maxReceiveCount": 5} if dead_letters else None
        sources = {"redrivePermission": "byQueue", "sourceQueueArns": [names.queue_arn("uploads")]}
        queue = sqs.CfnQueue(
            self,
            logical,
            queue_name=names.queue(name),
            kms_master_key_id=key,
            kms_data_key_reuse_period_seconds=3600,
            message_retention_period=1209600,
            # Six times the timeout of the function that receives, as Lambda asks for.
            visibility_timeout=360,
            redrive_policy=redrive,
            redrive_allow_policy=sources if name == "uploads-dlq" else None,
        )
        queue.apply_removal_policy(RemovalPolicy.RETAIN)
        policy = queue_policy(names, self._settings, name, queue.attr_arn)
        sqs.CfnQueuePolicy(self, f"{logical}Policy", queues=[queue.ref], policy_document=document(*policy))
        return queue

    def _upload_rule(self) -> None:
        names = self._names
        created = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [names.bucket("raw")]}},
        }
        scanned = {
            "source": ["aws.guardduty"],
            "detail-type": ["GuardDuty Malware Protection Object Scan Result"],
            "detail": {"s3ObjectDetails": {"bucketName": [names.bucket("raw")]}},
        }
        events.CfnRule(
            self,
            "UploadRule",
            name=f"{names.prefix}-uploads",
            description="An object in the raw bucket, or the result of its malware scan",
            event_pattern=scanned if self._settings.malware_scan else created,
            targets=[
                {
                    "id": "uploads",
                    "arn": names.queue_arn("uploads"),
                    # What the queue does not take within a day would otherwise be an upload that nobody hears of.
                    "deadLetterConfig": {"arn": names.queue_arn("uploads-dlq")},
                }
            ],
        )

    def _substitutions(self) -> dict[str, str]:
        names, settings = self._names, self._settings
        functions = {f"{spec.construct_id}FunctionArn": names.function_arn(name) for name, spec in FUNCTIONS.items()}
        return functions | {
            "Partition": names.partition,
            "RetryMaxAttempts": str(settings.retry_max_attempts),
            "ReviewTimeoutSeconds": str(settings.review_timeout_seconds),
            "ExecutionTimeoutSeconds": str(settings.execution_timeout_seconds),
            "AnalyseConcurrency": str(settings.analyse_concurrency),
            "BackfillConcurrency": str(settings.backfill_concurrency),
            "WorkBucket": names.bucket("work"),
            "DeidentifyStateMachineArn": names.state_machine_arn("deidentify"),
            "BackfillStateMachineArn": names.state_machine_arn("backfill"),
        }

    def _backfill_rights(self) -> list[Statement]:
        names = self._names
        via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}}
        own = names.state_machine_arn("backfill")
        runs = names.arn("states", f"execution:{names.state_machine('backfill')}/*")
        return [
            _invoke(self._named("backfill")),
            allow("Manifests", "s3:GetObject", names.objects_arn("work", "backfill/*")),
            allow("ManifestKey", "kms:Decrypt", self._keys.raw, when=via_s3),
            allow("StartInstances", "states:StartExecution", [names.state_machine_arn("deidentify"), own]),
            allow("OwnMapRuns", ("states:DescribeExecution", "states:StopExecution"), runs),
        ]

    def _state_machine(
        self, logical: str, name: str, role_name: str, values: dict[str, str], rights: list[Statement]
    ) -> None:
        names, keys = self._names, self._keys
        group = logs.CfnLogGroup(
            self,
            f"{logical}Logs",
            log_group_name=f"/aws/vendedlogs/states/{names.state_machine(name)}",
            kms_key_id=keys.service,
            retention_in_days=self._settings.log_retention_days,
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)
        source = {"StringEquals": {"aws:SourceAccount": names.account}}
        role = iam.CfnRole(
            self,
            f"{logical}Role",
            role_name=names.role(role_name),
            assume_role_policy_document=document(assumed_by("states.amazonaws.com", **source)),
        )
        # Log delivery and X-Ray know no resources.
        deliver = tuple(
            f"logs:{verb}"
            for verb in (
                "CreateLogDelivery",
                "DeleteLogDelivery",
                "DescribeLogGroups",
                "DescribeResourcePolicies",
                "GetLogDelivery",
                "ListLogDeliveries",
                "PutResourcePolicy",
                "UpdateLogDelivery",
            )
        )
        traces = (
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
        )
        policy = iam.CfnManagedPolicy(
            self,
            f"{logical}Policy",
            managed_policy_name=names.role(role_name),
            roles=[role.ref],
            policy_document=document(
                *rights,
                allow("OwnKey", ("kms:Decrypt", "kms:GenerateDataKey"), keys.service),
                allow("LogDelivery", deliver, "*"),
                allow("Traces", traces, "*"),
            ),
        )
        machine = sfn.CfnStateMachine(
            self,
            logical,
            state_machine_name=names.state_machine(name),
            state_machine_type="STANDARD",
            role_arn=role.attr_arn,
            definition_string=definition(ROOT / "statemachine" / f"{name}.asl.json", values),
            encryption_configuration={
                "type": "CUSTOMER_MANAGED_KMS_KEY",
                "kmsKeyId": keys.service,
                "kmsDataKeyReusePeriodSeconds": 300,
            },
            logging_configuration={
                "level": "ALL",
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group.attr_arn}}],
            },
            tracing_configuration={"enabled": True},
        )
        machine.add_resource_dependency(policy)

    def _schedule(self) -> None:
        names, minutes = self._names, self._settings.redrive_minutes
        rule = events.CfnRule(
            self,
            "RedriveRule",
            name=f"{names.prefix}-redrive",
            description="Start deferred instances anew",
            schedule_expression=f"rate({minutes} minutes)",
            targets=[
                {
                    "id": "redrive",
                    "arn": names.function_arn("redrive_deferred"),
                    "deadLetterConfig": {"arn": names.queue_arn("schedule-dlq")},
                }
            ],
        )
        lambda_.CfnPermission(
            self,
            "RedrivePermission",
            action="lambda:InvokeFunction",
            function_name=names.function_arn("redrive_deferred"),
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        ).add_resource_dependency(self.functions["redrive_deferred"].function)


def _invoke(functions: list[str]) -> Statement:
    return allow("InvokeItsFunctions", "lambda:InvokeFunction", functions)
