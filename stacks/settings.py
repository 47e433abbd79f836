"""The deployment's settings: cdk.json context (or ``cdk -c dicom-deid:<name>=<value>``), typed and checked together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

PREFIX = "dicom-deid:"
"""Every setting is a context key of its own, so that ``-c`` can override one without the rest."""

_VIEW_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")


class SettingsError(ValueError):
    """The settings contradict each other or a service limit. The message names setting and rule."""


def _principal(arn: str) -> str:
    if not _ROLE.fullmatch(arn):
        raise ValueError("must be the ARN of one IAM role or user, without wildcards")
    return arn


Principal = Annotated[str, AfterValidator(_principal)]


Zone = Literal["a", "b", "c", "d", "e", "f"]


class View(BaseModel):
    """One view: the profile of its headers and the domain of its pseudonyms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    domain: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


class Settings(BaseModel):
    """All settings with safe defaults. An unknown name is an error: a misspelt guard would otherwise be no guard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str = Field("prod", pattern=r"^[a-z][a-z0-9]{0,7}$")
    account: str | None = Field(None, pattern=r"^\d{12}$")
    region: str = Field("ap-southeast-2", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    profile: str = Field("basic", pattern=r"^[a-z0-9-]{1,40}$")
    domain: str = Field("default", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    views: dict[str, View] = Field(default_factory=lambda: {"research": View(profile="basic", domain="default")})
    ocr_engine: Literal["rekognition", "textract", "both"] = "rekognition"
    phi_threshold: float = Field(0.80, gt=0, le=1)
    unmatched_text: Literal["redact", "review", "keep"] = "redact"
    pixel_analysis: Literal["all", "risk"] = "all"
    access: Literal["object-lambda", "materialised"] = "object-lambda"
    caller_rights: bool = False
    network: Literal["public", "private"] = "public"
    zones: tuple[Zone, Zone] = ("a", "b")
    """The two availability zones of a private network: endpoints of some services are not in every zone."""
    malware_scan: bool = False
    existing_detector: bool = False
    max_object_bytes: int = Field(3 * 1024**3, ge=1, le=3 * 1024**3)
    retry_max_attempts: int = Field(20, ge=3, le=99)
    review_timeout_days: int = Field(30, ge=1, le=90)
    work_retention_days: int = Field(70, ge=2, le=365)
    log_retention_days: Literal[365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] = 2557
    audit_retention_days: int = Field(2557, ge=1, le=36500)
    evidence_retention_days: int = Field(2557, ge=1, le=36500)
    ocr_concurrency: int = Field(10, ge=2, le=1000)
    phi_concurrency: int = Field(10, ge=2, le=1000)
    register_concurrency: int = Field(10, ge=2, le=1000)
    state_concurrency: int = Field(40, ge=2, le=1000)
    view_concurrency: int = Field(100, ge=2, le=1000)
    backfill_concurrency: int = Field(10, ge=1, le=1000)
    analyse_concurrency: int = Field(4, ge=1, le=40)
    redrive_minutes: int = Field(60, ge=5, le=1440)
    quarantine_alarm_percent: int = Field(10, ge=1, le=100)
    """Alarm when more of the started instances than this end in quarantine, over 15 minutes."""
    uploaders: tuple[Principal, ...] = ()
    custodians: tuple[Principal, ...] = ()
    reviewers: tuple[Principal, ...] = ()
    auditors: tuple[Principal, ...] = ()
    deployers: tuple[Principal, ...] = ()
    alarm_email: str | None = Field(None, pattern=r"^[^@\s]+@[^@\s]+$")
    nag: bool = False
    """Run cdk-nag's packs during synthesis and fail on any unacknowledged finding."""

    @field_validator(
        "views",
        "zones",
        "log_retention_days",
        "uploaders",
        "custodians",
        "reviewers",
        "auditors",
        "deployers",
        mode="before",
    )
    @classmethod
    def _from_command_line(cls, value: object) -> object:
        """``-c`` can give only strings: there, JSON."""
        return json.loads(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if self.work_retention_days * 86400 <= self.execution_timeout_seconds:
            raise ValueError(
                "work_retention_days must exceed twice review_timeout_days and three days:"
                " a second review, and what follows it, needs the images and plans of the beginning"
            )
        if not self.views:
            raise ValueError("views must name at least one view")
        for name in self.views:
            if not _VIEW_NAME.fullmatch(name):
                raise ValueError("a view's name must be 1 to 20 of a-z, 0-9 and -, as part of an access point name")
        if self.caller_rights and self.access != "object-lambda":
            raise ValueError("caller_rights applies to access object-lambda only")
        if len(set(self.zones)) != len(self.zones):
            raise ValueError("zones must be two different ones")
        if self.nag and self.account is None:
            raise ValueError("nag needs account: its rules compare names, which are unknown without one")
        return self

    @property
    def review_timeout_seconds(self) -> int:
        """How long an execution waits for a person."""
        return self.review_timeout_days * 86400

    @property
    def execution_timeout_seconds(self) -> int:
        """Two reviews and three days of work, at most a year (the limit of a standard execution)."""
        return min((2 * self.review_timeout_days + 3) * 86400, 31536000)


def from_context(context: Mapping[str, object]) -> Settings:
    """The settings in a CDK context; keys without our prefix belong to others.

    Raises
    ------
    SettingsError
        With one line per wrong setting: its name and the rule, not its value.
    """
    ours = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
    try:
        return Settings.model_validate(ours)
    except ValidationError as error:
        lines = [f"{PREFIX}{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def file_context(path: Path) -> dict[str, object]:
    """The context of a cdk.json, for ``python app.py`` and the tests: only the cdk command reads it by itself."""
    context: dict[str, object] = json.loads(path.read_text())["context"]
    return context
