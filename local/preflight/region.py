"""Whether the region has every service, and the zones of a private network every endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.preflight.finding import Account, Finding, Verdict, asking, code_of

_ALWAYS = ("s3", "lambda", "stepfunctions", "dynamodb", "kms", "secretsmanager", "comprehendmedical", "guardduty")
_ENGINES = {"rekognition": ("rekognition",), "textract": ("textract",), "both": ("rekognition", "textract")}
_PATH = "/aws/service/global-infrastructure/regions/{region}/services/{service}"
"""Public parameters of AWS Systems Manager: AWS' own list of what each region has."""
_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_BOOTSTRAP_VERSION = 6
"""What the templates' own rule asks for."""


def services(account: Account) -> Iterator[Finding]:
    """Every service that the settings use, in the region that they name."""
    for service in (*_ALWAYS, *_ENGINES[account.settings.ocr_engine]):
        subject = f"{service} in {account.region}"
        found = _parameter(account, _PATH.format(region=account.region, service=service))
        if found is None:
            todo = "Choose another region, or for rekognition and textract another ocr_engine."
            yield Finding(subject, Verdict.BLOCKER, "not offered there", todo)
        else:
            yield Finding(subject, Verdict.FINE, "offered")


def bootstrap(account: Account) -> Iterator[Finding]:
    """The CDK's own stack: without it nothing can be deployed."""
    found = _parameter(account, _BOOTSTRAP)
    if found is None or int(found) < _BOOTSTRAP_VERSION:
        seen = f"version {found}" if found else "absent"
        todo = f"Run: npx cdk bootstrap aws://{account.number}/{account.region}"
        yield Finding("CDK bootstrap", Verdict.BLOCKER, f"{seen}, at least {_BOOTSTRAP_VERSION} is needed", todo)
    else:
        yield Finding("CDK bootstrap", Verdict.FINE, f"version {found}")


def zones(account: Account) -> Iterator[Finding]:
    """Interface endpoints exist in some zones only."""
    if account.settings.network != "private":
        return
    names = ("kms", "secretsmanager", "states", "xray", "comprehendmedical", *_ENGINES[account.settings.ocr_engine])
    wanted = {f"{account.region}{letter}" for letter in account.settings.zones}
    with asking("ec2:DescribeVpcEndpointServices"):
        answer = account.client("ec2").describe_vpc_endpoint_services(
            ServiceNames=[f"com.amazonaws.{account.region}.{name}" for name in names]
        )
    for detail in answer["ServiceDetails"]:
        lacking = sorted(wanted - set(detail["AvailabilityZones"]))
        subject = f"endpoint {detail['ServiceName'].rpartition('.')[2]}"
        if lacking:
            has = ", ".join(sorted(detail["AvailabilityZones"]))
            yield Finding(subject, Verdict.BLOCKER, f"not in {', '.join(lacking)}", f"Set zones to two of: {has}.")
        else:
            yield Finding(subject, Verdict.FINE, "in both zones")


def _parameter(account: Account, name: str) -> str | None:
    with asking("ssm:GetParameter"):
        try:
            return str(account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise
