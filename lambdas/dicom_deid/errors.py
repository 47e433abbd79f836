"""Why an instance is not released: stable reason codes, and the one error hierarchy that carries them.

A message names a tag, a rule, a limit or a state. It never holds a value from a file, an object key or a file name.
"""

from __future__ import annotations

import traceback
from enum import StrEnum


class Reason(StrEnum):
    """Every reason for which an instance is quarantined, deferred or sent to a person."""

    NOT_DICOM = "not-dicom"
    PARSE_ERROR = "parse-error"
    UNSUPPORTED_TRANSFER_SYNTAX = "unsupported-transfer-syntax"
    UNSUPPORTED_SOP_CLASS = "unsupported-sop-class"
    DICOMDIR_NOT_SUPPORTED = "dicomdir-not-supported"
    ENCAPSULATED_DOCUMENT = "encapsulated-document"
    TOO_LARGE = "too-large"
    FRAME_COUNT_MISMATCH = "frame-count-mismatch"
    CODEC_ERROR = "codec-error"
    EMBEDDED_OVERLAY = "embedded-overlay"
    TRUNCATED_TEXT_DETECTION = "truncated-text-detection"
    LOW_CONFIDENCE_PHI = "low-confidence-phi"
    RECOGNIZABLE_FACE = "recognizable-face"
    SLIDE_LABEL = "slide-label"
    REVIEW_REJECTED = "review-rejected"
    REVIEW_EXPIRED = "review-expired"
    VERIFY_LEAK = "verify-leak"
    VERIFY_TEXT = "verify-text"
    VERIFY_PIXELS = "verify-pixels"
    VERIFY_PARSE = "verify-parse"
    VERIFY_EVIDENCE = "verify-evidence"
    VERIFY_VIEW = "verify-view"
    SOP_INSTANCE_CONFLICT = "sop-instance-conflict"
    MALWARE = "malware"
    WITHDRAWN = "withdrawn"
    SERVICE_UNAVAILABLE = "service-unavailable"
    INTERNAL = "internal"


OF_THE_OBJECT = frozenset({Reason.MALWARE, Reason.WITHDRAWN})
"""Reasons that lie in the object, whatever an attempt on it finds: a scan's finding, a custodian's decision."""


class DeidError(Exception):
    """An instance cannot go on; `reason` says why in a stable code.

    Parameters
    ----------
    reason
        The code that reaches the catalog, the quarantine list and the metrics.
    detail
        A sentence for the log that names a tag, rule, limit or state; never a value from a file.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class BadInputError(DeidError):
    """The object itself is the cause; another attempt on the same bytes ends the same way. Quarantine."""


class ServiceUnavailableError(DeidError):
    """A service throttled or failed; another attempt later may succeed. Retry, then defer."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(Reason.SERVICE_UNAVAILABLE, detail)


class ConfigurationError(ValueError):
    """A profile, setting or key is not usable; the message names the field or line, never a secret."""


def place_of(error: BaseException) -> str:
    """File and line where an error was raised: all that may be told of an unforeseen one, whose message may quote."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown place"
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"
