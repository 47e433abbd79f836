"""All checks, one after the other; a question without an answer is a finding too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dicom_deid.errors import ConfigurationError
from local.preflight import guards, quotas, region
from local.preflight.finding import Account, Finding, UnansweredError, Verdict
from stacks.settings import Settings

Check = Callable[[Account], Iterator[Finding]]

CHECKS: Final[Mapping[str, Check]] = {
    "services": region.services,
    "CDK bootstrap": region.bootstrap,
    "zones": region.zones,
    "AI-services opt-out": guards.opt_out,
    "S3 Object Lambda": guards.object_lambda,
    "GuardDuty detector": guards.detector,
    "principals": guards.principals,
    "Lambda concurrency": quotas.concurrency,
    "detection rates": quotas.detection,
    "CloudTrail": quotas.trails,
}
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})


def open_account(settings: Settings) -> Account:
    """The account of the caller's credentials.

    Raises
    ------
    ConfigurationError
        Without credentials, or with those of another account than the settings name.
    """
    session = boto3.Session(region_name=settings.region)
    try:
        number = str(session.client("sts", config=_CONFIG).get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise ConfigurationError(f"AWS does not know the caller ({type(error).__name__}): sign in first") from None
    if settings.account and settings.account != number:
        raise ConfigurationError("the credentials are of another account than the setting account names")
    make: Any = session.client
    return Account(number, settings, lambda service: make(service, config=_CONFIG))


def examine(account: Account) -> Iterator[Finding]:
    """Every finding of every check."""
    for name, check in CHECKS.items():
        try:
            yield from check(account)
        except UnansweredError as problem:
            yield Finding(
                name, Verdict.UNKNOWN, str(problem), "Repeat it with that permission, or look in the console."
            )
