"""Every Lambda as data: its asset, size, environment and rights. A reviewer reads one table, and so does the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stacks.settings import Settings


class Asset(StrEnum):
    """The two packages: small for what only reads headers, large for what decodes pixels."""

    HEADER = "header"
    PIXELS = "pixels"


class Grant(StrEnum):
    """What a function may do. `stacks.grants` says each as IAM statements."""

    RAW_READ = "raw-read"
    RAW_LIST = "raw-list"
    RAW_SCAN_RESULT = "raw-scan-result"
    WORK_READ = "work-read"
    WORK_WRITE = "work-write"
    DEID_READ = "deid-read"
    DEID_WRITE = "deid-write"
    VIEW_COPY_WRITE = "view-copy-write"
    VIEW_COPY_DELETE = "view-copy-delete"
    EVIDENCE_WRITE = "evidence-write"
    WITHDRAWAL_WRITE = "withdrawal-write"
    CATALOG_UPDATE = "catalog-update"
    CATALOG_REGISTER = "catalog-register"
    CATALOG_SCAN = "catalog-scan"
    ACCESS_READ = "access-read"
    ACCESS_WRITE = "access-write"
    SECRET_READ = "secret-read"
    SIGN = "sign"
    DETECT_TEXT = "detect-text"
    DETECT_PHI = "detect-phi"
    START_EXECUTION = "start-execution"
    SEE_EXECUTION = "see-execution"
    ANSWER_REVIEW = "answer-review"
    UPLOAD_QUEUE = "upload-queue"
    OBJECT_LAMBDA_RESPONSE = "object-lambda-response"
    SCHEDULE_DEAD_LETTERS = "schedule-dead-letters"


class Caller(StrEnum):
    """Who invokes a function, and so who answers for a failed invocation."""

    STATES = "states"
    QUEUE = "queue"
    SCHEDULE = "schedule"
    ACCESS_POINT = "access-point"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One Lambda. `memory` and `storage` in MiB, `timeout` in seconds; `environment` names settings of the handler."""

    name: str
    asset: Asset
    memory: int
    timeout: int
    environment: tuple[str, ...]
    grants: tuple[Grant, ...]
    storage: int = 512
    concurrency: str = "state_concurrency"
    """The setting that reserves its concurrency: back-pressure, and a bound on what a flood of uploads can take."""
    caller: Caller = Caller.STATES

    @property
    def construct_id(self) -> str:
        """Its name in the tree of constructs."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    def reserved(self, settings: Settings) -> int:
        """How many of it run at once, reserved out of the account's quota."""
        return 1 if self.concurrency == "single" else int(getattr(settings, self.concurrency))


_STATE = ("CATALOG_TABLE", "WORK_BUCKET")
_PSEUDONYMS = ("SECRET_ID", "DOMAIN")
_WORK = (Grant.WORK_READ, Grant.WORK_WRITE)
IMAGES_PER_GROUP = 8
"""As extract_frames groups them."""
EXTRACT_SECONDS = 420
"""Less than half of a run: the verification extracts the frames again, compares them and reads what changed."""
_DISK = 10240
"""The largest /tmp there is: source, boxed and candidate of at most 3 GiB each."""


def max_images(retries: int) -> int:
    """How many images for text detection an instance may have: its history stays below 25,000 events (a quota).

    Eight images go to a group. Its two tasks leave 12 events where all is well, and three more for each of `retries`
    retries, and for one after a timeout; 4,000 are kept for the other states.
    """
    return IMAGES_PER_GROUP * ((25_000 - 4_000) // (12 + 2 * 3 * (retries + 1)))


_SPECS = (
    FunctionSpec(
        "register_upload",
        Asset.HEADER,
        512,
        60,
        ("CATALOG_TABLE", *_PSEUDONYMS, "STATE_MACHINE_ARN"),
        (
            Grant.UPLOAD_QUEUE,
            Grant.RAW_READ,
            Grant.RAW_LIST,
            Grant.CATALOG_REGISTER,
            Grant.SECRET_READ,
            Grant.START_EXECUTION,
        ),
        concurrency="register_concurrency",
        caller=Caller.QUEUE,
    ),
    FunctionSpec(
        "extract_frames",
        Asset.PIXELS,
        8192,
        900,
        (*_STATE, "PROFILE", "PIXEL_ANALYSIS", "MAX_OBJECT_BYTES", "MAX_IMAGES", "MAX_SECONDS"),
        (Grant.RAW_READ, Grant.RAW_LIST, *_WORK, Grant.CATALOG_UPDATE),
        storage=_DISK,
    ),
    FunctionSpec(
        "detect_text",
        Asset.PIXELS,
        1024,
        900,
        (*_STATE, "OCR_ENGINE"),
        (*_WORK, Grant.CATALOG_UPDATE, Grant.DETECT_TEXT),
        concurrency="ocr_concurrency",
    ),
    FunctionSpec(
        "detect_phi",
        Asset.PIXELS,
        1024,
        900,
        (*_STATE, "PHI_THRESHOLD", "UNMATCHED_TEXT"),
        (*_WORK, Grant.CATALOG_UPDATE, Grant.DETECT_PHI),
        concurrency="phi_concurrency",
    ),
    FunctionSpec(
        "plan_redaction",
        Asset.PIXELS,
        1024,
        300,
        (*_STATE, "PHI_THRESHOLD", "UNMATCHED_TEXT"),
        (*_WORK, Grant.CATALOG_UPDATE),
    ),
    FunctionSpec(
        "request_review",
        Asset.PIXELS,
        512,
        60,
        _STATE,
        (*_WORK, Grant.CATALOG_UPDATE, Grant.ANSWER_REVIEW),
    ),
    FunctionSpec(
        "apply_redaction",
        Asset.PIXELS,
        8192,
        900,
        (*_STATE, *_PSEUDONYMS, "PROFILE"),
        (Grant.RAW_READ, Grant.RAW_LIST, *_WORK, Grant.CATALOG_UPDATE, Grant.SECRET_READ),
        storage=_DISK,
    ),
    FunctionSpec(
        "verify_redaction",
        Asset.PIXELS,
        8192,
        900,
        (*_STATE, *_PSEUDONYMS, "PROFILE", "VIEWS", "OCR_ENGINE", "PHI_THRESHOLD", "UNMATCHED_TEXT"),
        (
            Grant.RAW_READ,
            Grant.RAW_LIST,
            *_WORK,
            Grant.CATALOG_UPDATE,
            Grant.SECRET_READ,
            Grant.DETECT_TEXT,
            Grant.DETECT_PHI,
        ),
        storage=_DISK,
    ),
    FunctionSpec(
        "save_sanitized",
        Asset.PIXELS,
        2048,
        900,
        (*_STATE, "DEID_BUCKET"),
        (Grant.WORK_READ, Grant.DEID_READ, Grant.DEID_WRITE, Grant.CATALOG_UPDATE),
        storage=_DISK,
    ),
    FunctionSpec(
        "record_audit",
        Asset.PIXELS,
        512,
        300,
        (*_STATE, *_PSEUDONYMS, "EVIDENCE_BUCKET", "SIGNING_KEY_ID", "PROFILE"),
        (Grant.WORK_READ, Grant.EVIDENCE_WRITE, Grant.SIGN, Grant.CATALOG_UPDATE, Grant.SECRET_READ),
    ),
    FunctionSpec(
        "publish_views",
        Asset.PIXELS,
        2048,
        900,
        ("CATALOG_TABLE", "DEID_BUCKET", "ACCESS_TABLE", "SECRET_ID", "VIEWS", "ACCESS"),
        (
            Grant.RAW_READ,
            Grant.RAW_LIST,
            Grant.DEID_READ,
            Grant.VIEW_COPY_WRITE,
            Grant.VIEW_COPY_DELETE,
            Grant.CATALOG_UPDATE,
            Grant.ACCESS_READ,
            Grant.ACCESS_WRITE,
            Grant.SECRET_READ,
        ),
    ),
    FunctionSpec(
        "quarantine",
        Asset.HEADER,
        256,
        60,
        ("CATALOG_TABLE", "ACCESS_TABLE", "DEID_BUCKET", "ACCESS", "EVIDENCE_BUCKET", "SIGNING_KEY_ID"),
        (
            Grant.CATALOG_UPDATE,
            Grant.ACCESS_READ,
            Grant.ACCESS_WRITE,
            Grant.VIEW_COPY_DELETE,
            Grant.WITHDRAWAL_WRITE,
            Grant.SIGN,
        ),
    ),
    FunctionSpec("defer", Asset.HEADER, 256, 60, ("CATALOG_TABLE",), (Grant.CATALOG_UPDATE,)),
    FunctionSpec(
        "list_uploads",
        Asset.HEADER,
        1024,
        900,
        ("RAW_BUCKET", "WORK_BUCKET", "CATALOG_TABLE", *_PSEUDONYMS, "ACCESS_TABLE", "VIEWS", "MALWARE_SCAN"),
        (
            Grant.RAW_READ,
            Grant.RAW_LIST,
            Grant.RAW_SCAN_RESULT,
            *_WORK,
            Grant.CATALOG_REGISTER,
            Grant.CATALOG_UPDATE,
            Grant.ACCESS_READ,
            Grant.SECRET_READ,
        ),
        concurrency="single",
    ),
    FunctionSpec(
        "redrive_deferred",
        Asset.PIXELS,
        512,
        300,
        (*_STATE, "STATE_MACHINE_ARN"),
        (
            *_WORK,
            Grant.CATALOG_UPDATE,
            Grant.CATALOG_SCAN,
            Grant.START_EXECUTION,
            Grant.SEE_EXECUTION,
            Grant.SCHEDULE_DEAD_LETTERS,
        ),
        concurrency="single",
        caller=Caller.SCHEDULE,
    ),
    FunctionSpec(
        "redact_header",
        Asset.HEADER,
        2048,
        60,
        ("RAW_BUCKET", "DEID_BUCKET", "ACCESS_TABLE", "SECRET_ID", "VIEWS"),
        (
            Grant.RAW_READ,
            Grant.RAW_LIST,
            Grant.DEID_READ,
            Grant.ACCESS_READ,
            Grant.SECRET_READ,
            Grant.OBJECT_LAMBDA_RESPONSE,
        ),
        concurrency="view_concurrency",
        caller=Caller.ACCESS_POINT,
    ),
)

FUNCTIONS: Mapping[str, FunctionSpec] = {spec.name: spec for spec in _SPECS}
"""By handler module."""

OUTSIDE_THE_NETWORK = frozenset({"redact_header"})
"""WriteGetObjectResponse has no endpoint in a VPC: this one stays outside."""
