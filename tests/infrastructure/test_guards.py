"""Assertions on statements and properties of the synthesized templates that keep the zones apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.function_table import FUNCTIONS
from tests.infrastructure.templates import ACCOUNT, MODES, listed, synthesized


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/dicom-deid-prod-{name}-ap-southeast-2"


def statement(statements: list[Any], sid: str) -> Any:
    return next(item for item in statements if item["Sid"] == sid)


def allowed(name: str, **settings: str) -> set[str]:
    statements = synthesized(**settings).role_statements(name)
    return {action for item in statements for action in listed(item["Action"])}


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_every_mode_synthesizes_offline(settings: dict[str, str]) -> None:
    assert len(list(synthesized(**settings).of_type("AWS::S3::Bucket"))) == 6


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_buckets_are_private_versioned_kept_and_encrypted(settings: dict[str, str]) -> None:
    for name, resource in synthesized(**settings).of_type("AWS::S3::Bucket"):
        properties = resource["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values()), name
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, name
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name
        default = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        algorithm = default["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if "access-logs" in properties["BucketName"] else "aws:kms"), name


def test_evidence_and_trail_cannot_be_taken_back() -> None:
    buckets = {item["BucketName"]: item for item in synthesized().properties("AWS::S3::Bucket")}
    locked = {name for name, item in buckets.items() if item.get("ObjectLockEnabled")}
    assert {name.split("-")[3] for name in locked} == {"evidence", "trail"}
    for name in locked:
        assert buckets[name]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"
    for kind in ("evidence", "trail"):
        guard = statement(synthesized().bucket_policy(kind), "NobodyDeletes")
        assert (guard["Effect"], guard["Principal"]) == ("Deny", {"AWS": "*"})
        assert "s3:DeleteObject*" in guard["Action"]
        assert "Condition" not in guard


def test_only_save_sanitized_writes_de_identified_objects() -> None:
    writers = {name for name in FUNCTIONS if any("-prod-deid-" in str(target) for target in _put_targets(name))}
    assert writers == {"save_sanitized"}
    guard = statement(synthesized().bucket_policy("deid"), "OnlyTheReleaseWrites")
    assert guard["Effect"] == "Deny"
    assert guard["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [role("save-sanitized")]}}


def _put_targets(name: str) -> list[Any]:
    writing = [item for item in _statements(name) if "s3:PutObject" in listed(item["Action"])]
    return [target for item in writing for target in listed(item["Resource"])]


def _statements(name: str) -> list[Any]:
    return list(synthesized().role_statements(name))


def test_no_function_writes_raw_or_deletes_anything() -> None:
    for name in FUNCTIONS:
        assert not any("-prod-raw-" in str(target) for target in _put_targets(name)), name
        assert not any("Delete" in action and action.startswith("s3:") for action in allowed(name)), name


def test_raw_is_written_by_uploaders_only() -> None:
    uploader = f"arn:aws:iam::{ACCOUNT}:role/pacs"
    found = synthesized(uploaders=json.dumps([uploader])).bucket_policy("raw")
    guard = statement(found, "OnlyUploadersWrite")
    assert (guard["Effect"], guard["Principal"]) == ("Deny", {"AWS": "*"})
    assert guard["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [uploader]}}


def test_the_raw_key_denies_everybody_who_is_not_listed() -> None:
    keys = [item for item in synthesized().properties("AWS::KMS::Key") if "raw zone" in item["Description"]]
    guard = statement(keys[0]["KeyPolicy"]["Statement"], "NobodyElseInTheRawZone")
    assert (guard["Effect"], guard["Principal"]) == ("Deny", {"AWS": "*"})
    assert {"kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant"} <= set(guard["Action"])
    known = set(guard["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert not any(arn.endswith((":root", "*")) for arn in known)
    assert {arn for arn in known if "cfn-exec-role" not in arn} == {
        role(name.replace("_", "-")) for name in [*FUNCTIONS, "backfill"]
    }


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_the_researcher_reaches_the_view_and_nothing_of_the_raw_zone(settings: dict[str, str]) -> None:
    policies = synthesized(**settings).properties("AWS::IAM::ManagedPolicy")
    mine = [item for item in policies if "-researcher-" in str(item.get("ManagedPolicyName"))]
    assert len(mine) == len(json.loads(settings.get("views", '{"research": {}}')))
    for item in (statement for policy in mine for statement in policy["PolicyDocument"]["Statement"]):
        actions, text = listed(item["Action"]), json.dumps(item)
        assert not any("*" in action for action in actions)
        assert not any(f"-{kind}-{ACCOUNT}" in text for kind in ("raw", "work", "trail", "evidence"))
        if "lambda:InvokeFunction" in actions:
            assert "aws:CalledVia" in text
        if "kms:Decrypt" in actions:
            assert settings.get("access") == "materialised"
            assert "kms:ViaService" in text
        if any("accesspoint/dicom-deid-prod-raw" in str(target) for target in listed(item["Resource"])):
            assert settings.get("caller_rights")
            assert "aws:CalledVia" in text


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_everything_that_holds_data_is_encrypted_with_a_key_of_ours(settings: dict[str, str]) -> None:
    found = synthesized(**settings)
    assert all(item["KmsKeyId"] for item in found.properties("AWS::Logs::LogGroup"))
    assert all(item["KmsMasterKeyId"] for item in found.properties("AWS::SQS::Queue"))
    assert all(item["KmsMasterKeyId"] for item in found.properties("AWS::SNS::Topic"))
    for item in found.properties("AWS::DynamoDB::Table"):
        assert item["SSESpecification"]["KMSMasterKeyId"]
        assert item["DeletionProtectionEnabled"]
        assert item["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    for item in found.properties("AWS::StepFunctions::StateMachine"):
        assert item["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
        assert item["LoggingConfiguration"]["IncludeExecutionData"] is False
    for item in found.properties("AWS::KMS::Key"):
        assert item.get("EnableKeyRotation") or item["KeyUsage"] == "SIGN_VERIFY"


def test_the_trail_sees_every_bucket_but_its_own() -> None:
    (trail,) = synthesized().properties("AWS::CloudTrail::Trail")
    assert trail["IsMultiRegionTrail"]
    assert trail["EnableLogFileValidation"]
    text = json.dumps(trail["AdvancedEventSelectors"])
    for kind in ("raw", "work", "deid", "evidence", "access-logs"):
        assert f"dicom-deid-prod-{kind}-{ACCOUNT}-ap-southeast-2/" in text
    assert "-trail-" not in text
    for kind in ("AWS::S3ObjectLambda::AccessPoint", "AWS::DynamoDB::Table", "AWS::Lambda::Function"):
        assert kind in text


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_wildcard_resource_stands_only_where_the_service_has_none(name: str) -> None:
    without = ("xray:", "rekognition:", "textract:", "comprehendmedical:")
    for item in _statements(name):
        if "*" in listed(item["Resource"]):
            assert all(action.startswith(without) for action in listed(item["Action"]))
