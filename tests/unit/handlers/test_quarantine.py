"""Quarantine and deferral: a reason code and a state, never the text of a cause."""

from __future__ import annotations

import json

import pytest

from dicom_deid.errors import Reason
from handlers.quarantine import Failure

SECRET = "CITIZEN^JAN"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_code_comes_through(reason: Reason) -> None:
    assert Failure(Error=reason.value).reason is reason


@pytest.mark.parametrize("error", ["States.Runtime", "Lambda.Unknown", "Runtime.ExitError", SECRET, ""])
def test_any_other_error_is_internal(error: str) -> None:
    assert Failure(Error=error).reason is Reason.INTERNAL


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        ('{"state":"VerifyRedaction"}', "VerifyRedaction"),
        (json.dumps({"errorType": "codec-error", "errorMessage": "codec-error in extract_frames"}), "ExtractFrames"),
        (json.dumps({"errorMessage": f"failed in {SECRET}"}), "unknown"),
        (json.dumps({"errorMessage": None}), "unknown"),
        (SECRET, "unknown"),
        ("[]", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_state_is_told_and_nothing_else_of_the_cause(cause: str, state: str) -> None:
    assert Failure(Error="codec-error", Cause=cause).state == state
