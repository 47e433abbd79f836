"""network: private. Isolated subnets without any way to the internet; AWS services through endpoints."""

from __future__ import annotations

import json

from aws_cdk import CfnTag, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.function_table import FUNCTIONS, OUTSIDE_THE_NETWORK
from stacks.grants import KeyArns, statements
from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Statement, allow, assumed_by, document

_CARRIED_BY_LAMBDA = frozenset({"logs", "sqs"})
"""Log lines and queue messages: Lambda itself carries them, outside the network."""
_GATEWAYS = frozenset({"s3", "dynamodb"})


def endpoint_statements(names: Names, settings: Settings, keys: KeyArns) -> dict[str, list[Statement]]:
    """By service, what may pass: each statement of the roles inside, for those roles, and nothing else.

    So nobody inside carries data out with foreign credentials, and no role does through an endpoint what it may not do
    by itself: a right that another policy adds by mistake ends here.
    """
    holders: dict[str, dict[str, tuple[Statement, list[str]]]] = {}
    for spec in (one for one in FUNCTIONS.values() if one.name not in OUTSIDE_THE_NETWORK):
        for statement in statements(spec, names, settings, keys):
            # Keys are used by the services that hold the data, not by a call of the function's own.
            if "kms:ViaService" in statement.get("Condition", {}).get("StringEquals", {}):
                continue
            for service in sorted({action.partition(":")[0] for action in statement["Action"]}):
                actions = [action for action in statement["Action"] if action.startswith(f"{service}:")]
                part = {**statement, "Action": actions}
                alike = holders.setdefault(service, {}).setdefault(json.dumps(part, sort_keys=True), (part, []))
                alike[1].append(names.role_arn(spec.name))
    return {
        service: [_passing(names, *one) for one in alike.values()]
        for service, alike in sorted(holders.items())
        if service not in _CARRIED_BY_LAMBDA
    }


def _passing(names: Names, statement: Statement, roles: list[str]) -> Statement:
    own = statement.get("Condition", {})
    account = {**own.get("StringEquals", {}), "aws:PrincipalAccount": names.account}
    when = {**own, "StringEquals": account, "ArnEquals": {"aws:PrincipalArn": roles}}
    return allow(statement["Sid"], statement["Action"], statement["Resource"], principal={"AWS": "*"}, when=when)


class PrivateNetwork(Construct):
    """Two isolated subnets, gateway endpoints for S3 and DynamoDB, interface endpoints for the rest."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, keys: KeyArns) -> None:
        super().__init__(scope, "Network")
        vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block="10.90.0.0/24",
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=[CfnTag(key="Name", value=names.prefix)],
        )
        table = ec2.CfnRouteTable(self, "Routes", vpc_id=vpc.ref)
        subnets = []
        for index, (letter, zone) in enumerate(zip("AB", settings.zones, strict=True)):
            subnet = ec2.CfnSubnet(
                self,
                f"Subnet{letter}",
                vpc_id=vpc.ref,
                cidr_block=f"10.90.0.{index * 128}/25",
                availability_zone=f"{names.region}{zone}",
                map_public_ip_on_launch=False,
            )
            ec2.CfnSubnetRouteTableAssociation(self, f"Route{letter}", subnet_id=subnet.ref, route_table_id=table.ref)
            # Named on purpose: the list of the account's zones may change its order, and subnets would be replaced.
            subnet.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3010"]}})
            subnets.append(subnet.ref)
        functions = self._security_group("Functions", vpc.ref, "Lambda functions: to endpoints only")
        endpoints = self._security_group("Endpoints", vpc.ref, "Endpoints: from the functions only")
        ec2.CfnSecurityGroupIngress(
            self,
            "FromFunctions",
            group_id=endpoints,
            source_security_group_id=functions,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="HTTPS from the functions",
        )
        for service, passing in endpoint_statements(names, settings, keys).items():
            if service in _GATEWAYS:
                self._gateway(service, names, passing, vpc.ref, table.ref)
                continue
            ec2.CfnVPCEndpoint(
                self,
                f"Endpoint{service.capitalize()}",
                vpc_id=vpc.ref,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{names.region}.{service}",
                subnet_ids=subnets,
                security_group_ids=[endpoints],
                private_dns_enabled=True,
                policy_document=document(*passing),
            )
        self._flow_logs(names, settings, vpc.ref, keys.service)
        self.configuration = lambda_.CfnFunction.VpcConfigProperty(subnet_ids=subnets, security_group_ids=[functions])

    def _security_group(self, name: str, vpc: str, description: str) -> str:
        group = ec2.CfnSecurityGroup(
            self,
            name,
            vpc_id=vpc,
            group_description=description,
            security_group_egress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": 443,
                    "toPort": 443,
                    "cidrIp": "0.0.0.0/0",
                    "description": "HTTPS; the subnets route to endpoints only",
                }
            ],
        )
        return group.attr_group_id

    def _gateway(self, service: str, names: Names, passing: list[Statement], vpc: str, table: str) -> None:
        ec2.CfnVPCEndpoint(
            self,
            f"Gateway{service.capitalize()}",
            vpc_id=vpc,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{names.region}.{service}",
            route_table_ids=[table],
            policy_document=document(*passing),
        )

    def _flow_logs(self, names: Names, settings: Settings, vpc: str, log_key: str) -> None:
        group = logs.CfnLogGroup(
            self,
            "FlowLogs",
            log_group_name=f"/{names.prefix}/flow",
            kms_key_id=log_key,
            retention_in_days=settings.log_retention_days,
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)
        source = {"StringEquals": {"aws:SourceAccount": names.account}}
        role = iam.CfnRole(
            self,
            "FlowRole",
            role_name=names.role("flow_logs"),
            assume_role_policy_document=document(assumed_by("vpc-flow-logs.amazonaws.com", **source)),
        )
        actions = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
        iam.CfnManagedPolicy(
            self,
            "FlowPolicy",
            roles=[role.ref],
            policy_document=document(allow("WriteFlowLogs", actions, group.attr_arn)),
        )
        ec2.CfnFlowLog(
            self,
            "Flow",
            resource_id=vpc,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=group.log_group_name,
            deliver_logs_permission_arn=role.attr_arn,
        ).add_resource_dependency(group)
