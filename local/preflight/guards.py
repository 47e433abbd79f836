"""What guards the account beyond the templates: opt-out of AI services, Object Lambda, GuardDuty, the named roles."""

from __future__ import annotations

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.preflight.finding import Account, Finding, Verdict, asking, code_of

_DETECTORS = ("rekognition", "textract", "comprehendmedical")
_OPT_OUT = "AI-services opt-out"


def opt_out(account: Account) -> Iterator[Finding]:
    """Without an opt-out, AWS may store content that AI services process, and use it to improve them."""
    todo = "In the organization's management account, attach an AI services opt-out policy with default optOut."
    with asking("organizations:DescribeEffectivePolicy"):
        try:
            answer = account.client("organizations").describe_effective_policy(PolicyType="AISERVICES_OPT_OUT_POLICY")
        except ClientError as error:
            if code_of(error) == "EffectivePolicyNotFoundException":
                yield Finding(_OPT_OUT, Verdict.BLOCKER, "no policy applies to this account", todo)
                return
            if code_of(error) == "AWSOrganizationsNotInUseException":
                alone = "Create an organization for the account, or have AWS Support record the opt-out in writing."
                yield Finding(_OPT_OUT, Verdict.BLOCKER, "the account is in no organization", alone)
                return
            raise
    rules = json.loads(answer["EffectivePolicy"]["PolicyContent"]).get("services", {})
    default = rules.get("default", {}).get("opt_out_policy")
    used = {name: rules.get(name, {}).get("opt_out_policy", default) for name in _DETECTORS}
    sharing = sorted(name for name, choice in used.items() if choice != "optOut")
    if sharing:
        yield Finding(_OPT_OUT, Verdict.BLOCKER, f"not opted out: {', '.join(sharing)}", todo)
    else:
        yield Finding(_OPT_OUT, Verdict.FINE, "opted out")


def object_lambda(account: Account) -> Iterator[Finding]:
    """Since 7 November 2025 only accounts that used it before can have it; AWS has no call that says so."""
    subject = "S3 Object Lambda"
    if account.settings.access != "object-lambda":
        yield Finding(subject, Verdict.FINE, "not used (access: materialised)")
        return
    with asking("s3:ListAccessPointsForObjectLambda"):
        answer = account.client("s3control").list_access_points_for_object_lambda(AccountId=account.number)
    if answer.get("ObjectLambdaAccessPointList"):
        yield Finding(subject, Verdict.FINE, "in use in this account")
    else:
        todo = (
            "If this account did not use it before 7 November 2025, set access to materialised. If it did, go on: "
            "the stack Access comes last, and its failure costs nothing else."
        )
        yield Finding(subject, Verdict.UNKNOWN, "no access point of it in this account and region", todo)


def detector(account: Account) -> Iterator[Finding]:
    """A region has one GuardDuty detector: the template makes it, or the setting says that it is there."""
    client, subject = account.client("guardduty"), "GuardDuty detector"
    with asking("guardduty:ListDetectors and guardduty:GetDetector"):
        found = client.list_detectors()["DetectorIds"]
        seen = client.get_detector(DetectorId=found[0]) if found else {}
    ours = seen.get("Tags", {}).get("application") == f"dicom-deid-{account.settings.stage}"
    if ours or not (found or account.settings.existing_detector):
        yield Finding(subject, Verdict.FINE, "the deployment makes it")
    elif bool(found) != account.settings.existing_detector:
        state = "one exists" if found else "none exists"
        todo = f"Set existing_detector to {'true' if found else 'false'}."
        yield Finding(subject, Verdict.BLOCKER, state, todo)
    elif any(item["Name"] == "S3_DATA_EVENTS" and item["Status"] == "ENABLED" for item in seen.get("Features", [])):
        yield Finding(subject, Verdict.FINE, "one exists, S3 protection is on")
    else:
        todo = "Turn S3 protection on in the existing detector."
        yield Finding(subject, Verdict.BLOCKER, "S3 protection is off", todo)


def principals(account: Account) -> Iterator[Finding]:
    """A misspelt role in the settings would be a guard for nobody."""
    groups = ("uploaders", "custodians", "reviewers", "auditors", "deployers")
    named = [(group, arn) for group in groups for arn in getattr(account.settings, group)]
    for group, arn in named:
        owner, kind, name = arn.split(":")[4], arn.split(":")[5].split("/")[0], arn.rpartition("/")[2]
        subject = f"{group}: {kind} {name}"
        if owner != account.number:
            seen = "belongs to another account"
            yield Finding(subject, Verdict.ADVICE, seen, "Check it there: this account cannot see it.")
            continue
        yield _principal(account, subject, kind, name)
    if not account.settings.uploaders:
        yield Finding("uploaders", Verdict.ADVICE, "nobody may upload", "Name the role of the archive in uploaders.")


def _principal(account: Account, subject: str, kind: str, name: str) -> Finding:
    client = account.client("iam")
    with asking("iam:GetRole and iam:GetUser"):
        try:
            if kind == "role":
                client.get_role(RoleName=name)
            else:
                client.get_user(UserName=name)
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            return Finding(subject, Verdict.BLOCKER, "does not exist", "Correct the ARN, or create it first.")
    return Finding(subject, Verdict.FINE, "exists")
