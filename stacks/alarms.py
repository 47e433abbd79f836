"""Alarms to one topic, and the dashboard: what an operator must hear of, and what they look at first."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import allow, deny, document, service

_OWN = {"service": "dicom-deid"}
"""The dimension that the functions give every metric of theirs."""
_FEWEST_STARTED = 10
"""A rate of fewer instances than this says nothing."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of CloudWatch."""

    namespace: str
    name: str
    dimensions: dict[str, str] = field(default_factory=dict)

    def listed(self) -> list[dict[str, str]]:
        """The dimensions as CloudFormation wants them."""
        return [{"name": name, "value": value} for name, value in self.dimensions.items()]

    def widget_row(self) -> list[str]:
        """The metric as a row of a dashboard's widget."""
        return [self.namespace, self.name, *(part for pair in self.dimensions.items() for part in pair)]


def _executions(names: Names, metric: str, machine: str = "deidentify") -> Metric:
    return Metric("AWS/States", metric, {"StateMachineArn": names.state_machine_arn(machine)})


def _queue(names: Names, queue: str, metric: str = "ApproximateNumberOfMessagesVisible") -> Metric:
    return Metric("AWS/SQS", metric, {"QueueName": names.queue(queue)})


def _invocations(names: Names, function: str) -> Metric:
    return Metric("AWS/Lambda", "Invocations", {"FunctionName": names.function(function)})


_OLDEST_REVIEW = Metric("DicomDeid", "OldestReviewSeconds", _OWN)
_WITHDRAWN = Metric("DicomDeid", "Withdrawn", _OWN)
_EXHAUSTED = Metric("DicomDeid", "Exhausted", _OWN)
_IGNORED = Metric("DicomDeid", "Registered", {**_OWN, "status": "IGNORED"})
_DENIED_KMS = Metric("DicomDeid", "DeniedKms")


class Alarms(Construct):
    """The topic, who may publish to it, and every alarm."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, key_arn: str) -> None:
        super().__init__(scope, "Alarms")
        self._names = names
        self.arns: list[str] = []
        self._topic(settings, key_arn)
        self._alarm("dead-letters", _queue(names, "uploads-dlq"), 1)
        self._alarm("schedule-failed", _queue(names, "schedule-dlq"), 1)
        self._alarm("upload-age", _queue(names, "uploads", "ApproximateAgeOfOldestMessage"), 3600)
        for machine in ("deidentify", "backfill"):
            for outcome in ("Failed", "TimedOut", "Aborted"):
                metric = _executions(names, f"Executions{outcome}", machine)
                self._alarm(f"{machine}-{outcome.lower()}", metric, 1, statistic="Sum")
        # The re-drive measures once per run: a shorter period would be empty most of the time.
        age = settings.review_timeout_seconds * 2 // 3
        self._alarm("review-age", _OLDEST_REVIEW, age, period=settings.redrive_minutes * 60)
        self._alarm("withdrawn", _WITHDRAWN, 1, statistic="Sum")
        self._alarm("exhausted", _EXHAUSTED, 1, period=settings.redrive_minutes * 60)
        self._alarm("denied-kms", _DENIED_KMS, 1, statistic="Sum")
        self._quarantine_rate(settings.quarantine_alarm_percent)
        self._findings()

    def _topic(self, settings: Settings, key_arn: str) -> None:
        names = self._names
        topic = sns.CfnTopic(self, "Topic", topic_name=f"{names.prefix}-alarms", kms_master_key_id=key_arn)
        tls = {"Bool": {"aws:SecureTransport": "false"}}
        from_alarms = {
            "StringEquals": {"aws:SourceAccount": names.account},
            "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", f"alarm:{names.prefix}-*")},
        }
        from_findings = {"ArnEquals": {"aws:SourceArn": names.arn("events", f"rule/{names.prefix}-findings")}}
        alarms, rules = service("cloudwatch.amazonaws.com"), service("events.amazonaws.com")
        self._topic_policy = sns.CfnTopicPolicy(
            self,
            "TopicPolicy",
            topics=[topic.ref],
            policy_document=document(
                deny("TlsOnly", "sns:Publish", topic.ref, principal={"AWS": "*"}, when=tls),
                allow("FromAlarms", "sns:Publish", topic.ref, principal=alarms, when=from_alarms),
                allow("FromFindings", "sns:Publish", topic.ref, principal=rules, when=from_findings),
            ),
        )
        if settings.alarm_email:
            sns.CfnSubscription(self, "Email", topic_arn=topic.ref, protocol="email", endpoint=settings.alarm_email)

    def _alarm(
        self, name: str, metric: Metric, threshold: int, *, statistic: str = "Maximum", period: int = 300
    ) -> None:
        alarm = cloudwatch.CfnAlarm(
            self,
            "".join(part.capitalize() for part in name.split("-")),
            alarm_name=f"{self._names.prefix}-{name}",
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.listed(),
            statistic=statistic,
            period=period,
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._names.topic_arn()],
        )
        self.arns.append(alarm.attr_arn)

    def _quarantine_rate(self, percent: int) -> None:
        """Quarantined instances in percent of the started ones: a scanner that changed its files shows here."""
        parts = {"quarantined": _invocations(self._names, "quarantine"), "started": self._started()}
        stats = [
            {
                "id": name,
                "returnData": False,
                "metricStat": {
                    "metric": {
                        "namespace": metric.namespace,
                        "metricName": metric.name,
                        "dimensions": metric.listed(),
                    },
                    "period": 900,
                    "stat": "Sum",
                },
            }
            for name, metric in parts.items()
        ]
        rate = f"IF(started >= {_FEWEST_STARTED}, 100 * quarantined / started, 0)"
        alarm = cloudwatch.CfnAlarm(
            self,
            "QuarantineRate",
            alarm_name=f"{self._names.prefix}-quarantine-rate",
            metrics=[*stats, {"id": "rate", "expression": rate, "label": "quarantined, %", "returnData": True}],
            evaluation_periods=1,
            threshold=percent,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._names.topic_arn()],
        )
        self.arns.append(alarm.attr_arn)

    def _started(self) -> Metric:
        return _executions(self._names, "ExecutionsStarted")

    def _findings(self) -> None:
        """GuardDuty's findings of medium severity and above (4.0 to 10.0): a finding that nobody hears of is none."""
        events.CfnRule(
            self,
            "Findings",
            name=f"{self._names.prefix}-findings",
            description="GuardDuty findings of medium severity and above",
            event_pattern={
                "source": ["aws.guardduty"],
                "detail-type": ["GuardDuty Finding"],
                "detail": {"severity": [{"numeric": [">=", 4]}]},
            },
            targets=[{"id": "alarms", "arn": self._names.topic_arn()}],
        ).add_resource_dependency(self._topic_policy)


class Dashboard(Construct):
    """One page: alarms, executions, queues, quarantine and review."""

    def __init__(self, scope: Construct, names: Names, alarms: Alarms) -> None:
        super().__init__(scope, "Dashboard")
        rows: list[tuple[str, list[Metric]]] = [
            (
                "Executions",
                [_executions(names, f"Executions{end}") for end in ("Started", "Succeeded", "Failed", "TimedOut")],
            ),
            ("Uploads waiting", [_queue(names, name) for name in ("uploads", "uploads-dlq", "schedule-dlq")]),
            ("Quarantined and deferred", [_invocations(names, name) for name in ("quarantine", "defer")]),
            ("Withdrawn, given up, ignored as no DICOM", [_WITHDRAWN, _EXHAUSTED, _IGNORED]),
            ("Oldest review (s)", [_OLDEST_REVIEW]),
            ("Denied uses of a key", [_DENIED_KMS]),
        ]
        charts = [
            {
                "type": "metric",
                "width": 12,
                "height": 6,
                "properties": {
                    "title": title,
                    "metrics": [metric.widget_row() for metric in metrics],
                    "region": names.region,
                    "period": 300,
                },
            }
            for title, metrics in rows
        ]
        state = {"type": "alarm", "width": 24, "height": 3, "properties": {"title": "Alarms", "alarms": alarms.arns}}
        cloudwatch.CfnDashboard(
            self, "Page", dashboard_name=names.prefix, dashboard_body=json.dumps({"widgets": [state, *charts]})
        )
