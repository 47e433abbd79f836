"""Every check against answers that fit the services' own models: what is fine, what is not, what is not answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local.preflight import guards, quotas, region, run
from local.preflight.finding import Account, Finding, Verdict
from stacks.function_table import FUNCTIONS
from stacks.settings import Settings

NUMBER = "111122223333"
Answer = tuple[str, Any]
"""An operation's name, and its answer: a dict, or the code of an error."""


def account(answers: Mapping[str, Sequence[Answer]], **settings: Any) -> Account:
    """An account that answers these calls, in this order, and no other."""
    clients = {}
    for service, expected in answers.items():
        make: Any = boto3.client
        client = make(service, region_name="ap-southeast-2", aws_access_key_id="x", aws_secret_access_key="x")
        stub = Stubber(client)
        for operation, answer in expected:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer)
            else:
                stub.add_response(operation, answer)
        stub.activate()
        clients[service] = client
    return Account(NUMBER, Settings(**settings), clients.__getitem__)


def told(check: Callable[[Account], Iterator[Finding]], asked: Account) -> list[tuple[str, Verdict]]:
    return [(finding.subject, finding.verdict) for finding in check(asked)]


def parameter(value: str) -> dict[str, Any]:
    return {"Parameter": {"Value": value}}


def test_a_service_that_the_region_lacks_blocks() -> None:
    answers = [("get_parameter", parameter("found"))] * 8 + [("get_parameter", "ParameterNotFound")]
    found = list(region.services(account({"ssm": answers})))
    assert [item.verdict for item in found] == [Verdict.FINE] * 8 + [Verdict.BLOCKER]
    assert found[-1].subject == "rekognition in ap-southeast-2"
    assert "another region" in found[-1].todo


@pytest.mark.parametrize(("engine", "services"), [("textract", {"textract"}), ("both", {"rekognition", "textract"})])
def test_the_services_asked_for_are_those_of_the_ocr_engine(engine: str, services: set[str]) -> None:
    answers = [("get_parameter", parameter("found"))] * (8 + len(services))
    found = told(region.services, account({"ssm": answers}, ocr_engine=engine))
    assert {subject.split()[0] for subject, _ in found[8:]} == services


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(parameter("21"), Verdict.FINE), (parameter("5"), Verdict.BLOCKER), ("ParameterNotFound", Verdict.BLOCKER)],
)
def test_the_bootstrap_must_be_there_and_new_enough(answer: Any, verdict: Verdict) -> None:
    (found,) = region.bootstrap(account({"ssm": [("get_parameter", answer)]}))
    assert found.verdict is verdict
    assert (f"aws://{NUMBER}/ap-southeast-2" in found.todo) is (verdict is Verdict.BLOCKER)


def test_a_zone_without_an_endpoint_blocks_a_private_network_only() -> None:
    details = [
        {"ServiceName": "com.amazonaws.ap-southeast-2.kms", "AvailabilityZones": [f"ap-southeast-2{z}" for z in "abc"]},
        {"ServiceName": "com.amazonaws.ap-southeast-2.textract", "AvailabilityZones": ["ap-southeast-2b"]},
    ]
    answers = {"ec2": [("describe_vpc_endpoint_services", {"ServiceDetails": details})]}
    found = list(region.zones(account(answers, network="private")))
    assert [item.verdict for item in found] == [Verdict.FINE, Verdict.BLOCKER]
    assert "ap-southeast-2a" in found[1].seen
    assert list(region.zones(account({}))) == []


def policy(**services: str) -> dict[str, Any]:
    content = {"services": {name: {"opt_out_policy": choice} for name, choice in services.items()}}
    return {"EffectivePolicy": {"PolicyContent": json.dumps(content)}}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (policy(default="optOut"), Verdict.FINE),
        (policy(default="optIn", rekognition="optOut", textract="optOut", comprehendmedical="optOut"), Verdict.FINE),
        (policy(default="optIn"), Verdict.BLOCKER),
        (policy(default="optOut", textract="optIn"), Verdict.BLOCKER),
        (policy(), Verdict.BLOCKER),
        ("EffectivePolicyNotFoundException", Verdict.BLOCKER),
        ("AWSOrganizationsNotInUseException", Verdict.BLOCKER),
    ],
)
def test_content_must_be_opted_out_for_every_detector(answer: Any, verdict: Verdict) -> None:
    (found,) = guards.opt_out(account({"organizations": [("describe_effective_policy", answer)]}))
    assert found.verdict is verdict
    assert bool(found.todo) is (verdict is Verdict.BLOCKER)


def test_object_lambda_is_fine_where_it_is_in_use_and_otherwise_unknown() -> None:
    operation = "list_access_points_for_object_lambda"
    arn = f"arn:aws:s3-object-lambda:ap-southeast-2:{NUMBER}:accesspoint/other"
    used = {"ObjectLambdaAccessPointList": [{"Name": "other", "ObjectLambdaAccessPointArn": arn}]}
    (fine,) = guards.object_lambda(account({"s3control": [(operation, used)]}))
    (unknown,) = guards.object_lambda(account({"s3control": [(operation, {})]}))
    (unused,) = guards.object_lambda(account({}, access="materialised"))
    assert [fine.verdict, unknown.verdict, unused.verdict] == [Verdict.FINE, Verdict.UNKNOWN, Verdict.FINE]
    assert "materialised" in unknown.todo


def detector_of(ids: list[str], status: str = "ENABLED", **tags: str) -> dict[str, Sequence[Answer]]:
    shown = {
        "ServiceRole": "arn:aws:iam::111122223333:role/r",
        "Status": "ENABLED",
        "Tags": tags,
        "Features": [{"Name": "S3_DATA_EVENTS", "Status": status}],
    }
    return {"guardduty": [("list_detectors", {"DetectorIds": ids}), *([("get_detector", shown)] if ids else [])]}


@pytest.mark.parametrize(
    ("answers", "existing", "verdict"),
    [
        (detector_of([]), False, Verdict.FINE),
        (detector_of(["d"]), False, Verdict.BLOCKER),
        (detector_of(["d"], application="dicom-deid-prod"), False, Verdict.FINE),
        (detector_of([]), True, Verdict.BLOCKER),
        (detector_of(["d"]), True, Verdict.FINE),
        (detector_of(["d"], status="DISABLED"), True, Verdict.BLOCKER),
    ],
)
def test_the_detector_is_made_or_named_and_protects_s3(answers: Any, existing: bool, verdict: Verdict) -> None:
    (found,) = guards.detector(account(answers, existing_detector=existing))
    assert found.verdict is verdict


def test_named_principals_must_exist() -> None:
    shown = {
        "Path": "/",
        "RoleName": "pacs",
        "RoleId": "A" * 16,
        "Arn": f"arn:aws:iam::{NUMBER}:role/pacs",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    answers: dict[str, list[Answer]] = {"iam": [("get_role", {"Role": shown}), ("get_role", "NoSuchEntity")]}
    asked = account(
        answers,
        uploaders=(f"arn:aws:iam::{NUMBER}:role/pacs",),
        custodians=(f"arn:aws:iam::{NUMBER}:role/path/custdian",),
        auditors=("arn:aws:iam::999999999999:role/auditor",),
    )
    assert told(guards.principals, asked) == [
        ("uploaders: role pacs", Verdict.FINE),
        ("custodians: role custdian", Verdict.BLOCKER),
        ("auditors: role auditor", Verdict.ADVICE),
    ]
    assert told(guards.principals, account({"iam": []})) == [("uploaders", Verdict.ADVICE)]


@pytest.mark.parametrize(("spare", "verdict"), [(0, Verdict.FINE), (-1, Verdict.BLOCKER)])
def test_the_reserved_concurrency_must_fit_with_100_to_spare(spare: int, verdict: Verdict) -> None:
    needed = sum(spec.reserved(Settings()) for spec in FUNCTIONS.values())
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": needed + 100 + spare}
    asked = account({"lambda": [("get_account_settings", {"AccountLimit": limits})]})
    (found,) = quotas.concurrency(asked)
    assert found.verdict is verdict
    assert found.seen.startswith(f"{needed} to reserve")


def test_a_new_account_with_the_usual_quota_holds_the_defaults() -> None:
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    (found,) = quotas.concurrency(account({"lambda": [("get_account_settings", {"AccountLimit": limits})]}))
    assert found.verdict is Verdict.FINE


def test_a_rate_below_the_concurrency_is_advice_with_a_number() -> None:
    def listed(name: str, value: float) -> Answer:
        return "list_service_quotas", {"Quotas": [{"QuotaName": name, "Value": value}]}

    answers = {
        "service-quotas": [
            listed("Transactions per second per account for DetectText", 5.0),
            listed("Transactions per second (TPS) for the DetectPHI operation", 40.0),
        ]
    }
    found = list(quotas.detection(account(answers)))
    assert [item.verdict for item in found] == [Verdict.ADVICE, Verdict.FINE]
    assert "ocr_concurrency to 5" in found[0].todo


@pytest.mark.parametrize(("others", "verdict"), [(4, Verdict.FINE), (5, Verdict.BLOCKER)])
def test_one_more_trail_must_fit(others: int, verdict: Verdict) -> None:
    found = [{"Name": f"trail-{number}"} for number in range(others)] + [{"Name": "dicom-deid-prod"}]
    (one,) = quotas.trails(account({"cloudtrail": [("describe_trails", {"trailList": found})]}))
    assert one.verdict is verdict


def test_a_question_that_is_not_answered_is_unknown_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {"AI-services opt-out": guards.opt_out, "CloudTrail": quotas.trails}
    monkeypatch.setattr(run, "CHECKS", checks)
    answers: dict[str, list[Answer]] = {
        "organizations": [("describe_effective_policy", "AccessDeniedException")],
        "cloudtrail": [("describe_trails", {"trailList": []})],
    }
    first, second = run.examine(account(answers))
    assert (first.subject, first.verdict) == ("AI-services opt-out", Verdict.UNKNOWN)
    assert first.seen == "AccessDeniedException (needs organizations:DescribeEffectivePolicy)"
    assert second.verdict is Verdict.FINE
