"""What no policy simulator sees: properties of every resource, in every mode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stacks.function_table import FUNCTIONS
from tests.infrastructure.templates import ACCOUNT, MODES, Templates, listed, synthesized

_HOLDS_DATA = (
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
)


@pytest.fixture(params=MODES, ids=str)
def deployed(request: pytest.FixtureRequest) -> Templates:
    return synthesized(**request.param)


def _policies(found: Templates) -> list[tuple[str, Mapping[str, Any]]]:
    """Every statement of every resource policy: buckets, keys, queues, topics, secrets, endpoints."""
    places = {
        "AWS::S3::BucketPolicy": "PolicyDocument",
        "AWS::KMS::Key": "KeyPolicy",
        "AWS::SQS::QueuePolicy": "PolicyDocument",
        "AWS::SNS::TopicPolicy": "PolicyDocument",
        "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
        "AWS::EC2::VPCEndpoint": "PolicyDocument",
    }
    return [
        (name, statement)
        for kind, place in places.items()
        for name, resource in found.of_type(kind)
        for statement in resource["Properties"][place]["Statement"]
    ]


def test_what_holds_data_is_kept_when_its_stack_goes(deployed: Templates) -> None:
    for kind in _HOLDS_DATA:
        for name, resource in deployed.of_type(kind):
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_every_bucket_demands_tls_1_2(deployed: Templates) -> None:
    buckets = deployed.properties("AWS::S3::Bucket")
    policies = {str(item["Bucket"]): item["PolicyDocument"]["Statement"] for item in _bucket_policies(deployed)}
    assert set(policies) == {item["BucketName"] for item in buckets}
    for name, statements in policies.items():
        denied = {item["Sid"]: item for item in statements if item["Effect"] == "Deny"}
        for sid, condition in (
            ("TlsOnly", {"Bool": {"aws:SecureTransport": "false"}}),
            ("Tls12", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        ):
            assert denied[sid]["Condition"] == condition
            assert (denied[sid]["Principal"], denied[sid]["Action"]) == ({"AWS": "*"}, ["s3:*"])
            assert denied[sid]["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


def _bucket_policies(found: Templates) -> list[Mapping[str, Any]]:
    return found.properties("AWS::S3::BucketPolicy")


def test_every_queue_and_topic_demands_tls(deployed: Templates) -> None:
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for item in deployed.properties(kind):
            (tls,) = (one for one in item["PolicyDocument"]["Statement"] if one["Sid"] == "TlsOnly")
            assert tls["Effect"] == "Deny"
            assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(deployed.properties("AWS::SQS::QueuePolicy")) == len(deployed.properties("AWS::SQS::Queue"))


def test_every_write_is_with_the_buckets_own_key(deployed: Templates) -> None:
    for bucket in deployed.properties("AWS::S3::Bucket"):
        (policy,) = (item for item in _bucket_policies(deployed) if item["Bucket"] == bucket["BucketName"])
        denied = {item["Sid"]: item for item in policy["PolicyDocument"]["Statement"]}
        rule = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        default = rule["ServerSideEncryptionByDefault"]
        if default["SSEAlgorithm"] == "AES256":
            assert "-access-logs-" in bucket["BucketName"]
            continue
        assert rule["BucketKeyEnabled"] is True
        algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
        assert _only_value(denied["KmsOnly"], algorithm) == "aws:kms"
        assert _only_value(denied["ThisKeyOnly"], key) == default["KMSMasterKeyID"]
        for sid in ("KmsOnly", "ThisKeyOnly", "NoCustomerProvidedKey"):
            assert (denied[sid]["Effect"], denied[sid]["Action"]) == ("Deny", ["s3:PutObject"])
            assert denied[sid]["Principal"] == {"AWS": "*"}


def _only_value(statement: Mapping[str, Any], header: str) -> object:
    """The one value of a header that a Deny lets pass."""
    compared = [block for operator, block in statement["Condition"].items() if operator.startswith("StringNotEquals")]
    assert len(compared) == 1
    return compared[0][header]


def test_each_zone_has_a_key_of_its_own_that_rotates(deployed: Templates) -> None:
    keys = deployed.properties("AWS::KMS::Key")
    zones = {tag["Value"] for key in keys for tag in key["Tags"] if tag["Key"] == "zone"}
    assert zones == {"raw", "deid", "audit", "service", "evidence"}
    assert len(keys) == 5
    for key in keys:
        assert key["PendingWindowInDays"] == 30
        assert key.get("EnableKeyRotation") is True or key["KeySpec"] == "ECC_NIST_P256"
    of = {item["BucketName"].split("-")[3]: _key(item) for item in deployed.properties("AWS::S3::Bucket")}
    assert of["raw"] == of["work"]
    assert of["evidence"] == of["trail"]
    assert len({of["raw"], of["deid"], of["evidence"]}) == 3


def _key(bucket: Mapping[str, Any]) -> str:
    default = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    found = json.dumps(default.get("KMSMasterKeyID"))
    return "Audit" if "KeysAudit" in found else "Deid" if "KeysDeid" in found else found


def test_nothing_is_public(deployed: Templates) -> None:
    """No Allow for everybody but within the account; no open access point, URL, address or gateway."""
    for name, statement in _policies(deployed):
        if statement["Effect"] == "Allow" and statement["Principal"] in ("*", {"AWS": "*"}):
            assert "aws:PrincipalAccount" in json.dumps(statement.get("Condition")), (name, statement["Sid"])
    for kind in ("AWS::S3::Bucket", "AWS::S3::AccessPoint"):
        for item in deployed.properties(kind):
            assert sorted(item["PublicAccessBlockConfiguration"].values()) == [True] * 4
    for kind in (
        "AWS::Lambda::Url",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::EIP",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
    ):
        assert not deployed.properties(kind)
    for item in deployed.properties("AWS::Lambda::Permission"):
        assert item["Principal"].endswith(".amazonaws.com")
        assert item["SourceArn"]


def test_every_service_that_may_write_is_held_to_this_account(deployed: Templates) -> None:
    """The confused deputy: a service principal stands with the source's account, ARN or encryption context."""
    bound = ("aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext")
    for name, statement in _policies(deployed):
        if statement["Effect"] == "Allow" and "Service" in statement["Principal"]:
            assert any(key in json.dumps(statement["Condition"]) for key in bound), (name, statement["Sid"])


def test_the_keys_let_the_services_encrypt_that_have_to(deployed: Templates) -> None:
    """A grant that is missing here is an outage without an error: an event, an alarm or a log line that never comes."""
    keys = {key["Description"]: key["KeyPolicy"]["Statement"] for key in deployed.properties("AWS::KMS::Key")}
    granted = {
        (description.partition(": ")[2].split()[0], principal, action)
        for description, statements in keys.items()
        for statement in statements
        if statement["Effect"] == "Allow" and isinstance(statement["Principal"], dict)
        for principal in listed(statement["Principal"].get("Service", []))
        for action in listed(statement["Action"])
    }
    assert granted >= {
        ("raw", "events.amazonaws.com", "kms:GenerateDataKey*"),
        ("service", "events.amazonaws.com", "kms:GenerateDataKey*"),
        ("service", "cloudwatch.amazonaws.com", "kms:GenerateDataKey*"),
        ("service", "logs.ap-southeast-2.amazonaws.com", "kms:GenerateDataKey*"),
        ("service", "delivery.logs.amazonaws.com", "kms:Decrypt"),
        ("audit", "logs.ap-southeast-2.amazonaws.com", "kms:GenerateDataKey*"),
        ("audit", "cloudtrail.amazonaws.com", "kms:GenerateDataKey*"),
        ("audit", "cloudtrail.amazonaws.com", "kms:DescribeKey"),
    }


def test_eventbridge_is_held_by_what_it_encrypts_for(deployed: Templates) -> None:
    """It may tell KMS neither account nor rule: a condition that asks for them denies, and drops events in silence."""
    found = [
        statement
        for key in deployed.properties("AWS::KMS::Key")
        for statement in key["KeyPolicy"]["Statement"]
        if "events.amazonaws.com" in json.dumps(statement["Principal"])
    ]
    targets = {target for statement in found for arns in _contexts(statement) for target in arns}
    assert all(set(statement["Condition"]) == {"ArnLike", "StringEqualsIfExists"} for statement in found)
    assert {target.rpartition(":dicom-deid-prod-")[2] for target in targets} == {
        "uploads",
        "uploads-dlq",
        "schedule-dlq",
        "alarms",
    }


def _contexts(statement: Mapping[str, Any]) -> list[list[str]]:
    conditions = statement["Condition"]["ArnLike"]
    assert all(key.startswith("kms:EncryptionContext:aws:") for key in conditions)
    return [listed(arns) for arns in conditions.values()]


def test_work_outlives_the_review_and_unfinished_uploads_do_not_stay(deployed: Templates) -> None:
    machine = next(item for item in _definitions(deployed) if "RequestReview" in item["States"])
    # Verification may ask for a second review, at whose end the first images are still read.
    wait = machine["TimeoutSeconds"]
    assert wait > 2 * machine["States"]["RequestReview"]["TimeoutSeconds"]
    for bucket in deployed.properties("AWS::S3::Bucket"):
        rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
        assert all(rule["Status"] == "Enabled" for rule in rules.values())
        assert rules["abort-unfinished-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] <= 7
        expiring = {name for name in rules if name.startswith("expire-")}
        if "-work-" in bucket["BucketName"]:
            assert rules["expire-work"]["ExpirationInDays"] * 86400 > wait
            assert rules["expire-work"]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1
        elif "-access-logs-" not in bucket["BucketName"]:
            assert not expiring


def _definitions(found: Templates) -> list[Any]:
    return [json.loads(item["DefinitionString"]) for item in found.properties("AWS::StepFunctions::StateMachine")]


def test_the_trail_sees_the_data_events_of_every_bucket_but_its_own(deployed: Templates) -> None:
    (trail,) = deployed.properties("AWS::CloudTrail::Trail")
    fields = [item["FieldSelectors"] for item in trail["AdvancedEventSelectors"]]
    objects = next(item for item in fields if {"Field": "resources.type", "Equals": ["AWS::S3::Object"]} in item)
    starts = next(item["StartsWith"] for item in objects if item["Field"] == "resources.ARN")
    buckets = {item["BucketName"] for item in deployed.properties("AWS::S3::Bucket")}
    assert {arn.removeprefix("arn:aws:s3:::") for arn in starts} == {
        f"{name}/" for name in buckets if "-trail-" not in name
    }
    through = next(item for item in fields if {"Field": "resources.type", "Equals": ["AWS::S3::AccessPoint"]} in item)
    points = next(item["StartsWith"] for item in through if item["Field"] == "resources.ARN")
    assert {arn.rpartition("/")[2] for arn in points} == {
        item["Name"] for item in deployed.properties("AWS::S3::AccessPoint")
    }
    assert not any(field["Field"] == "readOnly" for item in fields for field in item), "reads and writes alike"
    tables = next(item for item in fields if {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]} in item)
    named = next(item["Equals"] for item in tables if item["Field"] == "resources.ARN")
    assert {arn.rpartition("/")[2] for arn in named} == {
        item["TableName"] for item in deployed.properties("AWS::DynamoDB::Table")
    }
    assert trail["IsLogging"]
    assert trail["IncludeGlobalServiceEvents"]
    assert trail["KMSKeyId"]


def test_locked_buckets_cannot_be_shortened(deployed: Templates) -> None:
    for item in deployed.properties("AWS::S3::Bucket"):
        locked = any(f"-{kind}-{ACCOUNT}" in item["BucketName"] for kind in ("evidence", "trail"))
        assert bool(item.get("ObjectLockEnabled")) is locked
        if locked:
            rule = item["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
            assert rule == {"Mode": "COMPLIANCE", "Days": 2557}


def test_accesses_are_logged_to_a_bucket_that_can_take_them(deployed: Templates) -> None:
    buckets = {item["BucketName"]: item for item in deployed.properties("AWS::S3::Bucket")}
    (logs,) = (name for name in buckets if "-access-logs-" in name)
    assert "ObjectLockEnabled" not in buckets[logs]
    for name, item in buckets.items():
        if name != logs:
            assert item["LoggingConfiguration"]["DestinationBucketName"] == logs


def test_every_function_has_its_group_its_key_a_bound_and_a_trace(deployed: Templates) -> None:
    groups = {item["LogGroupName"]: item for item in deployed.properties("AWS::Logs::LogGroup")}
    functions = deployed.properties("AWS::Lambda::Function")
    assert len(functions) >= len(FUNCTIONS) - 1
    for item in functions:
        group = groups[item["LoggingConfig"]["LogGroup"]]
        assert group["RetentionInDays"] == 2557
        assert item["KmsKeyArn"]
        assert item["ReservedConcurrentExecutions"] >= 1
        assert item["TracingConfig"] == {"Mode": "Active"}
        assert (item["Runtime"], item["Architectures"]) == ("python3.13", ["arm64"])
    assert len({json.dumps(item["Role"]) for item in functions}) == len(functions), "one role per function"


def test_state_machines_are_encrypted_traced_and_log_no_data(deployed: Templates) -> None:
    machines = deployed.properties("AWS::StepFunctions::StateMachine")
    assert len(machines) == 2
    for item in machines:
        assert item["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
        assert "KeysService" in json.dumps(item["EncryptionConfiguration"]["KmsKeyId"])
        assert item["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert item["TracingConfiguration"] == {"Enabled": True}


def test_uploads_are_queued_bounded_and_kept_when_they_fail(deployed: Templates) -> None:
    queues = {item["QueueName"]: item for item in deployed.properties("AWS::SQS::Queue")}
    redrive = queues["dicom-deid-prod-uploads"]["RedrivePolicy"]
    assert (redrive["deadLetterTargetArn"].rpartition(":")[2], redrive["maxReceiveCount"]) == (
        "dicom-deid-prod-uploads-dlq",
        5,
    )
    assert all(item["MessageRetentionPeriod"] == 1209600 for item in queues.values())
    (mapping,) = deployed.properties("AWS::Lambda::EventSourceMapping")
    receiver = deployed.function("register_upload")
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == receiver["ReservedConcurrentExecutions"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queues["dicom-deid-prod-uploads"]["VisibilityTimeout"] >= 6 * receiver["Timeout"]
    for rule in deployed.properties("AWS::Events::Rule"):
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target or target["Arn"].endswith("-alarms")


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_trigger_is_the_upload_or_its_clean_scan(mode: Mapping[str, str]) -> None:
    found = synthesized(**mode)
    (rule,) = (item for item in found.properties("AWS::Events::Rule") if item["Name"] == "dicom-deid-prod-uploads")
    scanned = mode.get("malware_scan") == "true"
    wanted = "GuardDuty Malware Protection Object Scan Result" if scanned else "Object Created"
    assert rule["EventPattern"]["detail-type"] == [wanted]
    assert "dicom-deid-prod-raw-" in json.dumps(rule["EventPattern"]["detail"])
    assert len(found.properties("AWS::GuardDuty::MalwareProtectionPlan")) == scanned
    assert len(found.properties("AWS::GuardDuty::Detector")) == (mode.get("existing_detector") != "true")


def test_deferred_instances_are_started_anew_on_schedule(deployed: Templates) -> None:
    (rule,) = (item for item in deployed.properties("AWS::Events::Rule") if "ScheduleExpression" in item)
    assert rule["ScheduleExpression"] == "rate(60 minutes)"
    assert rule["Targets"][0]["Arn"].endswith(":dicom-deid-prod-redrive-deferred")


def test_the_alarms_tell_of_every_way_to_stop_and_reach_the_topic(deployed: Templates) -> None:
    alarms = {item["AlarmName"].removeprefix("dicom-deid-prod-"): item for item in _alarms(deployed)}
    assert set(alarms) == {
        "dead-letters",
        "schedule-failed",
        "upload-age",
        "deidentify-failed",
        "deidentify-timedout",
        "deidentify-aborted",
        "backfill-failed",
        "backfill-timedout",
        "backfill-aborted",
        "review-age",
        "quarantine-rate",
        "denied-kms",
        "withdrawn",
        "exhausted",
    }
    (topic,) = deployed.properties("AWS::SNS::Topic")
    for item in alarms.values():
        assert [arn.rpartition(":")[2] for arn in item["AlarmActions"]] == [topic["TopicName"]]
    (denied,) = deployed.properties("AWS::Logs::MetricFilter")
    made = denied["MetricTransformations"][0]
    assert (made["MetricNamespace"], made["MetricName"]) == (
        alarms["denied-kms"]["Namespace"],
        alarms["denied-kms"]["MetricName"],
    )
    assert alarms["review-age"]["Threshold"] < 30 * 86400
    assert len(deployed.properties("AWS::CloudWatch::Dashboard")) == 1


def _alarms(found: Templates) -> list[Mapping[str, Any]]:
    return found.properties("AWS::CloudWatch::Alarm")


def test_detection_and_registering_hold_back_what_is_behind_them(deployed: Templates) -> None:
    for name in ("detect_text", "detect_phi", "register_upload"):
        assert deployed.function(name)["ReservedConcurrentExecutions"] == 10
    assert deployed.function("redrive_deferred")["ReservedConcurrentExecutions"] == 1


def test_the_backfill_starts_what_its_manifests_in_the_work_bucket_say(deployed: Templates) -> None:
    machine = next(item for item in _definitions(deployed) if "StartInstances" in item["States"])
    reader = machine["States"]["StartInstances"]["ItemReader"]
    assert reader["Parameters"]["Bucket"].startswith("dicom-deid-prod-work-")
    assert machine["States"]["StartInstances"]["MaxConcurrency"] == 10
    statements = deployed.role_statements("backfill")
    read = [target for item in statements for target in listed(item["Resource"]) if "s3:GetObject" in item["Action"]]
    assert [target.rpartition("-ap-southeast-2")[2] for target in read] == ["/backfill/*"]


def test_the_stacks_of_data_cannot_be_deleted_by_mistake(deployed: Templates) -> None:
    for item in deployed.properties("AWS::DynamoDB::Table"):
        assert item["DeletionProtectionEnabled"]
        assert item["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
