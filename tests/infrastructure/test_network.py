"""The private network: who is inside, and that nothing leads out but the endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from stacks.function_table import FUNCTIONS, OUTSIDE_THE_NETWORK
from tests.infrastructure.templates import ACCOUNT, MODES, listed, synthesized

_PRIVATE = tuple(mode for mode in MODES if mode.get("network") == "private")


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_functions_are_inside_the_private_network_and_only_there(mode: Mapping[str, str]) -> None:
    found = synthesized(**mode)
    inside = {item["FunctionName"] for item in found.properties("AWS::Lambda::Function") if "VpcConfig" in item}
    names = {f"dicom-deid-prod-{name.replace('_', '-')}" for name in set(FUNCTIONS) - OUTSIDE_THE_NETWORK}
    assert inside == (names if mode in _PRIVATE else set())
    assert bool(found.properties("AWS::EC2::VPC")) is (mode in _PRIVATE)


@pytest.mark.parametrize("mode", _PRIVATE, ids=str)
def test_the_private_network_leads_to_its_endpoints_and_nowhere_else(mode: Mapping[str, str]) -> None:
    found = synthesized(**mode)
    assert not found.properties("AWS::EC2::Route"), "no route but those that endpoints add"
    endpoints = {item["ServiceName"].rpartition(".")[2]: item for item in found.properties("AWS::EC2::VPCEndpoint")}
    engine = mode.get("ocr_engine", "rekognition")
    engines = {"rekognition", "textract"} if engine == "both" else {engine}
    always = {"s3", "dynamodb", "kms", "secretsmanager", "states", "xray", "comprehendmedical"}
    assert set(endpoints) == always | engines
    for service, item in endpoints.items():
        assert len(json.dumps(item["PolicyDocument"], separators=(",", ":"))) < 20_480, (
            "the limit of an endpoint policy"
        )
        for statement in item["PolicyDocument"]["Statement"]:
            named = listed(statement["Condition"]["ArnEquals"]["aws:PrincipalArn"])
            assert all(arn.startswith(f"arn:aws:iam::{ACCOUNT}:role/dicom-deid-prod-") for arn in named)
            assert not any("*" in action for action in listed(statement["Action"])), service
            if service in ("s3", "dynamodb", "secretsmanager", "states", "kms"):
                assert "*" not in listed(statement["Resource"]), service
    subnets = found.properties("AWS::EC2::Subnet")
    assert len({item["AvailabilityZone"] for item in subnets}) == 2
    assert not any(item["MapPublicIpOnLaunch"] for item in subnets)
