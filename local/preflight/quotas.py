"""Whether the account's quotas hold what the settings reserve."""

from __future__ import annotations

from collections.abc import Iterator

from local.preflight.finding import Account, Finding, Verdict, asking
from stacks.function_table import FUNCTIONS

_UNRESERVED = 100
"""Lambda keeps this many executions of an account unreserved."""
_TRAILS = 5
"""Trails in a region: a quota that cannot be raised."""
_DETECTION = {
    "rekognition": ("DetectText", "ocr_concurrency"),
    "textract": ("DetectDocumentText", "ocr_concurrency"),
    "comprehendmedical": ("DetectPHI", "phi_concurrency"),
}
_TEXT = {"rekognition": ("rekognition",), "textract": ("textract",), "both": ("rekognition", "textract")}


def concurrency(account: Account) -> Iterator[Finding]:
    """Reserved concurrency comes out of the account's; what is left must stay above Lambda's minimum."""
    subject = "Lambda concurrency"
    specs = [
        spec
        for spec in FUNCTIONS.values()
        if spec.name != "redact_header" or account.settings.access == "object-lambda"
    ]
    needed = sum(spec.reserved(account.settings) for spec in specs)
    with asking("lambda:GetAccountSettings"):
        limits = account.client("lambda").get_account_settings()["AccountLimit"]
    free = int(limits["UnreservedConcurrentExecutions"]) - _UNRESERVED
    seen = f"{needed} to reserve, {max(free, 0)} can be (quota {limits['ConcurrentExecutions']})"
    if needed > free:
        todo = (
            "Ask for a higher quota (Service Quotas, AWS Lambda, Concurrent executions), or lower state_concurrency "
            "and view_concurrency. An update of a live deployment has its own reservations counted already."
        )
        yield Finding(subject, Verdict.BLOCKER, seen, todo)
    else:
        yield Finding(subject, Verdict.FINE, seen)


def detection(account: Account) -> Iterator[Finding]:
    """Calls a second of the detection services: below the concurrency, functions wait in retries."""
    for service in (*_TEXT[account.settings.ocr_engine], "comprehendmedical"):
        operation, setting = _DETECTION[service]
        wanted = int(getattr(account.settings, setting))
        with asking("servicequotas:ListServiceQuotas"):
            pages = account.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service)
            rates = [
                float(quota["Value"])
                for page in pages
                for quota in page["Quotas"]
                if operation.lower() in quota["QuotaName"].lower() and "second" in quota["QuotaName"].lower()
            ]
        subject = f"{service} {operation}"
        if not rates:
            todo = f"Look at the quotas of {service} in the console and set {setting} below the rate."
            yield Finding(subject, Verdict.ADVICE, "no rate is listed under Service Quotas", todo)
        elif min(rates) < wanted:
            todo = f"Set {setting} to {int(min(rates)) or 1}, or ask for a higher rate."
            yield Finding(subject, Verdict.ADVICE, f"{min(rates):g} a second, {setting} is {wanted}", todo)
        else:
            yield Finding(subject, Verdict.FINE, f"{min(rates):g} a second")


def trails(account: Account) -> Iterator[Finding]:
    """One more trail must fit."""
    with asking("cloudtrail:DescribeTrails"):
        found = account.client("cloudtrail").describe_trails(includeShadowTrails=True)["trailList"]
    others = [trail for trail in found if trail["Name"] != f"dicom-deid-{account.settings.stage}"]
    if len(others) >= _TRAILS:
        todo = "Delete a trail, or let the organization's trail replace one."
        yield Finding("CloudTrail", Verdict.BLOCKER, f"{len(others)} trails of at most {_TRAILS}", todo)
    else:
        yield Finding("CloudTrail", Verdict.FINE, f"{len(others)} trails of at most {_TRAILS}")
