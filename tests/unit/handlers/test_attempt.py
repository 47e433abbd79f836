"""Which plan an attempt may apply."""

from __future__ import annotations

import pytest

from dicom_deid.errors import BadInputError
from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.records import Outcome, ReviewDecision
from handlers.attempt import Attempt, open_attempt
from handlers.boundary import AttemptEvent
from services.catalog import TransitionError
from tests.unit.handlers.conftest import ID, WORK, Instance

SURE = PlannedBox((0,), Box(0, 0, 9, 9), Action.REDACT, 1.0, ())
DOUBT = PlannedBox((0,), Box(20, 0, 29, 9), Action.REVIEW, 0.5, ())
PLAN = RedactionPlan(boxes=(SURE, DOUBT))


def attempt(number: int = 1) -> Attempt:
    return open_attempt(AttemptEvent(instance_id=ID, attempt=number), "catalog", WORK)


def test_a_plan_without_doubts_stands_as_it_is(instance: Instance) -> None:
    instance.work.write_plan(RedactionPlan(boxes=(SURE,)))
    assert attempt().decided_plan().redactions() == {0: (SURE.box,)}


@pytest.mark.parametrize(
    "decision",
    [
        None,
        ReviewDecision(Outcome.REJECT, PLAN.sha256, "r"),
        ReviewDecision(Outcome.APPROVE, RedactionPlan(boxes=(DOUBT,)).sha256, "r"),
    ],
    ids=["none", "rejected", "about another plan"],
)
def test_a_plan_with_doubts_is_not_applied_before_this_plan_was_approved(
    instance: Instance, decision: ReviewDecision | None
) -> None:
    instance.work.write_plan(PLAN)
    if decision is not None:
        instance.work.write_decision(decision)
    with pytest.raises(BadInputError, match="low-confidence-phi"):
        attempt().decided_plan()


def test_an_approved_plan_is_applied_as_it_was_decided(instance: Instance) -> None:
    instance.work.write_plan(PLAN)
    instance.work.write_decision(ReviewDecision(Outcome.APPROVE, PLAN.sha256, "r"))
    assert attempt().decided_plan().redactions() == {0: (SURE.box, DOUBT.box)}


def test_an_attempt_that_was_overtaken_opens_nothing(instance: Instance) -> None:
    del instance
    with pytest.raises(TransitionError):
        attempt(2)
