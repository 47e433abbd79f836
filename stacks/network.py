"""network: private. Isolated subnets without any way to the internet; AWS services through endpoints."""

from __future__ import annotations

from aws_cdk import CfnTag, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.names import Names
from stacks.settings import Settings
from stacks.statements import Statement, allow, assumed_by, document


def _interfaces(names: Names, settings: Settings) -> dict[str, Statement]:
    """The services that the functions call from inside, and the calls that may pass: what their roles may do at most.

    Logs and queue messages are carried by Lambda itself, outside the network.
    """
    found = {
        "kms": _through(names, ("kms:Sign",), names.arn("kms", "key/*")),
        "secretsmanager": _through(
            names, ("secretsmanager:GetSecretValue",), names.arn("secretsmanager", f"secret:{names.prefix}/*")
        ),
        "states": _through(
            names, ("states:StartExecution", "states:SendTaskSuccess"), names.state_machine_arn("deidentify")
        ),
        "xray": _through(names, ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*"),
        "comprehendmedical": _through(names, ("comprehendmedical:DetectPHI",), "*"),
    }
    if settings.ocr_engine in ("rekognition", "both"):
        found["rekognition"] = _through(names, ("rekognition:DetectText",), "*")
    if settings.ocr_engine in ("textract", "both"):
        found["textract"] = _through(names, ("textract:DetectDocumentText",), "*")
    return found


def _gateways(names: Names) -> dict[str, Statement]:
    """S3 and DynamoDB: this deployment's buckets and tables only."""
    objects = ("s3:GetObject*", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket*")
    items = tuple(f"dynamodb:{verb}" for verb in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"))
    return {
        "s3": _through(names, objects, (names.bucket_arn("*"), names.objects_arn("*"))),
        "dynamodb": _through(names, items, (names.table_arn("catalog"), names.table_arn("access"))),
    }


def _through(names: Names, actions: tuple[str, ...], resources: str | tuple[str, ...]) -> Statement:
    """Only principals of this account: what is inside cannot carry data out with foreign credentials."""
    when = {"StringEquals": {"aws:PrincipalAccount": names.account}}
    return allow("OwnAccount", actions, resources, principal={"AWS": "*"}, when=when)


class PrivateNetwork(Construct):
    """Two isolated subnets, gateway endpoints for S3 and DynamoDB, interface endpoints for the rest."""

    def __init__(self, scope: Construct, names: Names, settings: Settings, log_key: str) -> None:
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
        for service, statement in _gateways(names).items():
            ec2.CfnVPCEndpoint(
                self,
                f"Gateway{service.capitalize()}",
                vpc_id=vpc.ref,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{names.region}.{service}",
                route_table_ids=[table.ref],
                policy_document=document(statement),
            )
        for service, statement in _interfaces(names, settings).items():
            ec2.CfnVPCEndpoint(
                self,
                f"Endpoint{service.capitalize()}",
                vpc_id=vpc.ref,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{names.region}.{service}",
                subnet_ids=subnets,
                security_group_ids=[endpoints],
                private_dns_enabled=True,
                policy_document=document(statement),
            )
        self._flow_logs(names, settings, vpc.ref, log_key)
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

    def _flow_logs(self, names: Names, settings: Settings, vpc: str, log_key: str) -> None:
        group = logs.CfnLogGroup(
            self,
            "FlowLogs",
            log_group_name=f"/{names.prefix}/flow",
            kms_key_id=log_key,
            retention_in_days=settings.log_retention_days,
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)
        role = iam.CfnRole(
            self, "FlowRole", assume_role_policy_document=document(assumed_by("vpc-flow-logs.amazonaws.com"))
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
