"""What a check says, and whom it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import Settings


class Verdict(StrEnum):
    """How a check ended. UNKNOWN is not fine: a person must look."""

    FINE = "fine"
    ADVICE = "advice"
    UNKNOWN = "unknown"
    BLOCKER = "blocker"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, how it stands, and what to do."""

    subject: str
    verdict: Verdict
    seen: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The account as the caller's credentials see it."""

    number: str
    settings: Settings
    client: Callable[[str], Any]
    """A boto3 client of the deployment's region, by service name."""

    @property
    def region(self) -> str:
        """Where the deployment goes."""
        return self.settings.region


class UnansweredError(Exception):
    """A question that the account did not answer: by the error's code, never its message."""


@contextmanager
def asking(permission: str) -> Iterator[None]:
    """Turn what AWS answers instead of an answer into `UnansweredError`.

    Raises
    ------
    UnansweredError
        With the error code and the permission that the question needs.
    """
    try:
        yield
    except ClientError as error:
        raise UnansweredError(f"{error.response['Error']['Code']} (needs {permission})") from None
    except BotoCoreError as error:
        raise UnansweredError(f"{type(error).__name__} (needs {permission})") from None


def code_of(error: ClientError) -> str:
    """The error's code."""
    return str(error.response["Error"]["Code"])
