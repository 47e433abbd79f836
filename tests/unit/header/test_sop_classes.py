"""Kinds of objects that are refused by name."""

from __future__ import annotations

import pytest

from dicom_deid.errors import Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.sop_classes import refusal

STORAGE = "1.2.840.10008.5.1.4.1.1"


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        ("1.2.840.10008.1.3.10", Reason.DICOMDIR_NOT_SUPPORTED),
        (f"{STORAGE}.104.1", Reason.ENCAPSULATED_DOCUMENT),
        (f"{STORAGE}.104.2", Reason.ENCAPSULATED_DOCUMENT),
        (f"{STORAGE}.104.3", Reason.ENCAPSULATED_DOCUMENT),
        (f"{STORAGE}.104.5", Reason.ENCAPSULATED_DOCUMENT),
        (f"{STORAGE}.9.4.1", Reason.UNSUPPORTED_SOP_CLASS),
        (f"{STORAGE}.201.1", Reason.UNSUPPORTED_SOP_CLASS),
        ("1.2.840.113619.4.2", Reason.UNSUPPORTED_SOP_CLASS),
        ("1.2.840.10008.3.1.2.3.3", Reason.UNSUPPORTED_SOP_CLASS),
        ("1.2.840.10008.5.1.4.1.1.2", None),
        (f"{STORAGE}.88.59", None),
        (f"{STORAGE}.11.1", None),
        (f"{STORAGE}.9.1.1", None),
        (f"{STORAGE}.481.3", None),
        (f"{STORAGE}.66.4", None),
        ("", None),
    ],
)
def test_whatever_the_profile(uid: str, reason: Reason | None) -> None:
    assert refusal(uid, profile_named("basic")) is refusal(uid, profile_named("research")) is reason


@pytest.mark.parametrize("uid", [f"{STORAGE}.88.11", f"{STORAGE}.88.67", f"{STORAGE}.88.33", f"{STORAGE}.79.1"])
def test_structured_reports_need_clean_structured_content(uid: str) -> None:
    assert refusal(uid, profile_named("basic")) is Reason.UNSUPPORTED_SOP_CLASS
    assert refusal(uid, profile_named("research")) is None
