"""Who asks: the deployment's roles, its people, AWS services for themselves, and those who have no business here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.infrastructure.access.estate import PEOPLE, PREFIX, REGION, VIEWS, Estate, arn, bucket, role
from tests.infrastructure.templates import ACCOUNT

FOREIGN = "999988887777"
"""Another AWS account."""
DEPLOYMENT = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"


def wide(*actions: str) -> dict[str, object]:
    """An identity policy that allows `actions` on everything."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


WIDE: Mapping[str, dict[str, object]] = {
    "wide: everything": wide("*"),
    "wide: s3 and kms": wide("s3:*", "s3-object-lambda:*", "kms:*"),
}
"""Identity policies of nobody's template: what somebody in the account may hold besides, or instead."""


@dataclass(frozen=True)
class Actor:
    """One principal with what it holds and what its requests carry."""

    name: str
    principal: str
    holds: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_service(self) -> bool:
        return self.principal.endswith(".amazonaws.com")

    @property
    def is_authenticated(self) -> bool:
        """By IAM: not anonymous, and no AWS service."""
        return self.principal.startswith("arn:")


def _user(name: str, arn_: str, *holds: str) -> Actor:
    context = {
        "aws:PrincipalArn": arn_,
        "aws:PrincipalAccount": arn_.split(":")[4],
        "aws:PrincipalIsAWSService": "false",
    }
    return Actor(name, arn_, holds, context)


def _service(name: str, principal: str, **context: str) -> Actor:
    source = {f"aws:{key}": value for key, value in context.items()}
    own = {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal}
    return Actor(name, principal, (), own | source)


def roles(found: Estate) -> list[Actor]:
    """The roles that the templates make."""
    return [_user(name, role(f"{PREFIX}-{name}-{REGION}"), f"role {name}") for name in found.roles]


def people() -> list[Actor]:
    """The researchers of each view, and the people of the settings with the policies that the templates give them."""
    researchers = [
        _user(f"researcher {view}", role(f"researcher-{view}"), f"policy researcher-{view}") for view in VIEWS
    ]
    return [
        *researchers,
        _user("uploader", role(PEOPLE["uploaders"]), "policy uploader"),
        _user("reviewer", role(PEOPLE["reviewers"]), "policy reviewer"),
        _user("auditor", role(PEOPLE["auditors"]), "policy auditor"),
        _user("custodian", role(PEOPLE["custodians"]), "wide: everything"),
        _user("deployer", role(PEOPLE["deployers"]), "wide: everything"),
        _user("cloudformation", role(DEPLOYMENT), "wide: everything"),
    ]


def strangers() -> list[Actor]:
    """Principals whom no setting names, from no right at all to every right."""
    greedy = _user(
        f"researcher {VIEWS[0]} with s3:* and kms:*",
        role("greedy"),
        "wide: s3 and kms",
        f"policy researcher-{VIEWS[0]}",
    )
    return [
        _user("a role without policies", role("unrelated")),
        _user("a role with s3:* and kms:*", role("storage-admin"), "wide: s3 and kms"),
        _user("a role with every right", role("administrator"), "wide: everything"),
        greedy,
        _user("another account's administrator", f"arn:aws:iam::{FOREIGN}:role/administrator", "wide: everything"),
        Actor("anonymous", "anonymous"),
    ]


def services() -> list[Actor]:
    """AWS services for themselves: once for our resource, once for somebody else's (the confused deputy)."""
    ours, theirs = {"SourceAccount": ACCOUNT}, {"SourceAccount": FOREIGN}
    trail = f"arn:aws:cloudtrail:{REGION}:{FOREIGN}:trail/theirs"
    logs, malware = f"logs.{REGION}.amazonaws.com", "malware-protection-plan.guardduty.amazonaws.com"
    return [
        _service(
            "cloudtrail, our trail", "cloudtrail.amazonaws.com", SourceArn=arn("cloudtrail", f"trail/{PREFIX}"), **ours
        ),
        _service("cloudtrail, another's trail", "cloudtrail.amazonaws.com", SourceArn=trail, **theirs),
        _service(
            "log delivery, our bucket", "logging.s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{bucket('raw')}", **ours
        ),
        _service(
            "log delivery, another's bucket", "logging.s3.amazonaws.com", SourceArn="arn:aws:s3:::theirs", **theirs
        ),
        _service("vended logs, ours", "delivery.logs.amazonaws.com", **ours),
        _service("vended logs, another's", "delivery.logs.amazonaws.com", **theirs),
        _service(
            "events, upload rule", "events.amazonaws.com", SourceArn=arn("events", f"rule/{PREFIX}-uploads"), **ours
        ),
        _service(
            "events, redrive rule", "events.amazonaws.com", SourceArn=arn("events", f"rule/{PREFIX}-redrive"), **ours
        ),
        _service(
            "events, another's rule",
            "events.amazonaws.com",
            SourceArn=f"arn:aws:events:{REGION}:{FOREIGN}:rule/x",
            **theirs,
        ),
        _service(
            "cloudwatch, our alarm",
            "cloudwatch.amazonaws.com",
            SourceArn=arn("cloudwatch", f"alarm:{PREFIX}-x"),
            **ours,
        ),
        _service(
            "cloudwatch, other alarm", "cloudwatch.amazonaws.com", SourceArn=arn("cloudwatch", "alarm:other"), **ours
        ),
        _service(
            "cloudwatch, another's alarm",
            "cloudwatch.amazonaws.com",
            SourceArn=f"arn:aws:cloudwatch:{REGION}:{FOREIGN}:alarm:{PREFIX}-x",
            **theirs,
        ),
        _service("logs", logs, **ours),
        _service("lambda", "lambda.amazonaws.com", **ours),
        _service("states", "states.amazonaws.com", **ours),
        _service("states, another account's", "states.amazonaws.com", **theirs),
        _service("guardduty", malware, **ours),
        _service("guardduty, another account's", malware, **theirs),
    ]


def everybody(found: Estate) -> list[Actor]:
    """All of them, in the order of the table."""
    return [*roles(found), *people(), *strangers(), *services()]
