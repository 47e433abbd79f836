"""What the findings of all groups become, and what must reach a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dicom_deid.geometry import Box, Placement
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, TextClass
from dicom_deid.phi.words import DetectedText
from dicom_deid.records import FindingsRecord, ImageRecord, Verdict, VerificationRecord
from handlers import detect_phi, plan_redaction
from tests.unit.handlers.conftest import ID, Instance

EVENT = {"instance_id": ID, "attempt": 1}
SURE = Finding(0, (0,), (0,), Box(0, 0, 9, 9), TextClass.PHI, 1.0, (), Action.REDACT)
LEFT = replace(SURE, box=Box(40, 40, 49, 49), evidence=(Evidence(EvidenceKind.VERIFICATION, "second-look", 1.0),))


def planned(instance: Instance, *records: FindingsRecord, **source: Any) -> Mapping[str, Any]:
    images = tuple(
        ImageRecord(record.group, record.group, "image/png", 90, 90, (0,), Placement()) for record in records
    )
    known = replace(instance.work.read_source(), rows=90, columns=90, images=images, **source)
    instance.work.write_source(known)
    for record in records:
        instance.work.write_findings(record)
    return plan_redaction.handle(EVENT, None)


def test_the_findings_of_every_group_are_in_the_plan(instance: Instance) -> None:
    other = replace(SURE, image=1, box=Box(40, 0, 49, 9))
    made = planned(instance, FindingsRecord(0, False, (SURE,)), FindingsRecord(1, False, (other,)))
    assert (made["redact"], made["review"]) == (2, 0)
    assert instance.work.read_plan().sha256 == made["plan_sha256"]
    assert instance.catalog.get(ID, 1).plan_sha256 == made["plan_sha256"]


@pytest.mark.parametrize("truncated", [0, 1])
def test_one_group_that_was_not_read_to_its_end_asks_a_person(instance: Instance, truncated: int) -> None:
    made = planned(instance, *(FindingsRecord(group, group == truncated, ()) for group in (0, 1)))
    assert made["review"] == 1


@pytest.mark.parametrize(
    ("source", "review"), [({}, 0), ({"must_review": "slide-label"}, 1), ({"never_boxed": True}, 1)]
)
def test_what_the_source_asks_for_is_asked(instance: Instance, source: dict[str, Any], review: int) -> None:
    assert planned(instance, FindingsRecord(0, False, (SURE,)), **source)["review"] == review


def test_what_a_verification_still_found_is_for_a_person(instance: Instance) -> None:
    instance.work.write_verification(VerificationRecord("0" * 64, 1, Verdict.REVIEW, (), (LEFT,), ()))
    made = planned(instance, FindingsRecord(0, False, (SURE,)))
    assert (made["redact"], made["review"]) == (1, 1)


@pytest.mark.parametrize("truncated", [0, 1, None])
def test_a_group_is_truncated_where_one_of_its_images_is(instance: Instance, truncated: int | None) -> None:
    images = tuple(ImageRecord(0, number, "image/png", 90, 90, (0,), Placement()) for number in (0, 1))
    instance.work.write_source(replace(instance.work.read_source(), images=images))
    instance.work.write_words(0, tuple(DetectedText(0, n, "rekognition", n == truncated, ()) for n in (0, 1)))
    detect_phi.handle({**EVENT, "group": 0}, None)
    assert instance.work.read_findings(0).truncated is (truncated is not None)
