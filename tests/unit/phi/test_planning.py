"""Findings to boxes, and what a person's decision makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass
from dicom_deid.phi.planning import apply_decision, is_whole_frame, plan, without_cleared
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Outcome, ReviewDecision


def finding(box: Box, action: Action = Action.REDACT, frames: tuple[int, ...] = (0,)) -> Finding:
    evidence = (Evidence(EvidenceKind.FORMAT, "date", 0.9),)
    return Finding(0, (0,), frames, box, TextClass.PHI, 0.9, evidence, action)


def planned(*findings: Finding, **named: object) -> RedactionPlan:
    return plan(findings, rows=100, columns=200, frames=3, policy=Policy(), **named)  # type: ignore[arg-type]


def test_overlapping_boxes_become_one_and_keep_all_evidence() -> None:
    made = planned(finding(Box(0, 0, 20, 10)), finding(Box(15, 5, 40, 12)), finding(Box(38, 0, 50, 9)))
    assert [box.box for box in made.boxes] == [Box(0, 0, 50, 12)]


def test_boxes_of_other_frames_or_actions_are_not_merged() -> None:
    made = planned(
        finding(Box(0, 0, 20, 10)), finding(Box(0, 0, 20, 10), frames=(1,)), finding(Box(0, 0, 20, 10), Action.REVIEW)
    )
    assert len(made.boxes) == 3


def test_boxes_are_clipped_and_those_outside_the_frame_are_dropped() -> None:
    made = planned(finding(Box(-5, -5, 10, 10)), finding(Box(300, 0, 320, 10)))
    assert [box.box for box in made.boxes] == [Box(0, 0, 10, 10)]


def test_the_plan_does_not_depend_on_the_order_of_the_findings() -> None:
    found = [finding(Box(n * 30, 0, n * 30 + 20, 10)) for n in range(5)]
    assert planned(*found).sha256 == planned(*reversed(found)).sha256


@pytest.mark.parametrize("named", [{"truncated": True}, {"must_review": "slide-label"}])
def test_a_doubt_about_everything_asks_a_person_and_is_never_drawn(named: dict[str, object]) -> None:
    made = planned(**named)
    (box,) = made.boxes
    assert box.action is Action.REVIEW
    assert is_whole_frame(box)
    approved = apply_decision(made, ReviewDecision(Outcome.APPROVE, made.sha256, "r"))
    assert approved.redactions() == {}
    assert approved.count(Action.REVIEW) == 0


def test_text_on_measurements_is_for_a_person_and_never_becomes_a_box() -> None:
    made = planned(finding(Box(0, 0, 9, 9)), finding(Box(20, 20, 29, 29), Action.KEEP), never_boxed=True)
    assert made.redactions() == {}
    assert [is_whole_frame(box) for box in made.boxes if box.action is Action.REVIEW] == [True]
    assert planned(finding(Box(20, 20, 29, 29), Action.KEEP), never_boxed=True).count(Action.REVIEW) == 0


def test_what_verification_still_found_goes_to_a_person() -> None:
    assert planned(residual=[finding(Box(0, 0, 5, 5), Action.REDACT)]).count(Action.REVIEW) == 1


def test_an_approval_draws_the_boxes_under_review_or_those_that_were_chosen() -> None:
    made = planned(finding(Box(0, 0, 9, 9), Action.REVIEW), finding(Box(20, 20, 29, 29), Action.REVIEW))
    every = apply_decision(made, ReviewDecision(Outcome.APPROVE, made.sha256, "r"))
    assert every.redactions() == {0: (Box(0, 0, 9, 9), Box(20, 20, 29, 29))}
    one = apply_decision(made, ReviewDecision(Outcome.APPROVE, made.sha256, "r", boxes=(1,)))
    assert one.redactions() == {0: (Box(20, 20, 29, 29),)}


def test_an_approval_that_names_another_box_is_none() -> None:
    """One box in doubt, one that is sure, one kept, and a look at everything."""
    made = planned(
        finding(Box(0, 0, 9, 9), Action.REVIEW),
        finding(Box(20, 0, 29, 9)),
        finding(Box(40, 0, 49, 9), Action.KEEP),
        must_review="slide-label",
    )
    (doubted,) = [n for n, box in enumerate(made.boxes) if box.action is Action.REVIEW and not is_whole_frame(box)]
    approved = apply_decision(made, ReviewDecision(Outcome.APPROVE, made.sha256, "r", boxes=(doubted,)))
    assert len(approved.redactions()[0]) == 2
    for other in {-1, 0, 1, 2, 3, 4} - {doubted}:
        with pytest.raises(ValueError, match="not under review"):
            apply_decision(made, ReviewDecision(Outcome.APPROVE, made.sha256, "r", boxes=(doubted, other)))


def doubt(box: Box, score: float, frames: tuple[int, ...] = (0,)) -> Finding:
    return Finding(0, (0,), frames, box, TextClass.PHI, score, (), Action.REVIEW)


@pytest.mark.parametrize(
    ("again", "left"),
    [
        (doubt(Box(11, 10, 41, 20), 0.6), []),
        (doubt(Box(11, 10, 41, 20), 0.79), []),
        (doubt(Box(11, 10, 41, 20), 0.80), [(0,)]),
        (doubt(Box(30, 10, 70, 20), 0.6), [(0,)]),
        (doubt(Box(60, 50, 90, 60), 0.6), [(0,)]),
        (doubt(Box(11, 10, 41, 20), 0.6, (0, 2)), [(2,)]),
    ],
    ids=["the same", "less unsure", "sure", "a longer word", "the box that was drawn", "on a frame more"],
)
def test_a_doubt_that_a_person_left_out_is_not_asked_about_again(again: Finding, left: list[tuple[int, ...]]) -> None:
    undecided = planned(doubt(Box(10, 10, 42, 20), 0.6), doubt(Box(60, 50, 90, 60), 0.6))
    decided = apply_decision(undecided, ReviewDecision(Outcome.APPROVE, undecided.sha256, "r", boxes=(1,)))
    found = without_cleared([again], undecided, decided, Policy())
    assert [finding.frames for finding in found] == left


def test_a_look_at_everything_clears_no_doubt_by_itself() -> None:
    undecided = planned(must_review="slide-label")
    decided = apply_decision(undecided, ReviewDecision(Outcome.APPROVE, undecided.sha256, "r"))
    found = list(without_cleared([doubt(Box(0, 0, 9, 9), 0.6)], undecided, decided, Policy()))
    assert len(found) == 1


@pytest.mark.parametrize(("outcome", "digest"), [(Outcome.REJECT, None), (Outcome.APPROVE, "0" * 64)])
def test_no_other_decision_is_an_approval_of_this_plan(outcome: Outcome, digest: str | None) -> None:
    made = planned(finding(Box(0, 0, 9, 9), Action.REVIEW))
    with pytest.raises(ValueError, match="does not approve"):
        apply_decision(made, ReviewDecision(outcome, digest or made.sha256, "r"))


def word(box: Box, image: int, text_class: TextClass, *evidence: Evidence) -> Finding:
    action = Action.KEEP if text_class is TextClass.CLINICAL else Action.REDACT
    return Finding(image, (0,), (0,), box, text_class, 0.9, evidence, action)


NAME = Evidence(EvidenceKind.COMPREHEND, "name", 0.9)
HEADER = Evidence(EvidenceKind.HEADER, "patient-name", 1.0)


@pytest.mark.parametrize(
    ("fragment", "evidence", "redacted"),
    [
        (Box(30, 0, 60, 12), (NAME,), 0),
        (Box(30, 0, 60, 12), (NAME, HEADER), 1),
        (Box(2, 0, 98, 12), (NAME,), 1),
        (Box(80, 0, 130, 12), (NAME,), 1),
    ],
)
def test_a_fragment_of_a_clinical_word_of_another_picture_is_no_name(
    fragment: Box, evidence: tuple[Evidence, ...], redacted: int
) -> None:
    whole = word(Box(0, 0, 100, 12), 0, TextClass.CLINICAL)
    made = planned(whole, word(fragment, 1, TextClass.PHI, *evidence))
    assert sum(box.action is Action.REDACT for box in made.boxes) == redacted
    same_picture = planned(whole, word(fragment, 0, TextClass.PHI, *evidence))
    assert sum(box.action is Action.REDACT for box in same_picture.boxes) == 1


def test_a_word_is_read_elsewhere_in_one_picture_not_a_part_in_each_of_several() -> None:
    unread = word(Box(0, 0, 60, 30), 0, TextClass.UNMATCHED)
    below = [word(Box(0, 20, 90, 50), number, TextClass.CLINICAL) for number in (1, 2, 3)]
    assert any(box.action is Action.REDACT for box in planned(unread, *below).boxes)
    whole = word(Box(0, 0, 60, 30), 2, TextClass.CLINICAL)
    assert not any(box.action is Action.REDACT for box in planned(unread, *below, whole).boxes)


def test_boxes_of_one_line_stay_two_where_the_rectangle_around_them_reaches_into_a_kept_word() -> None:
    high, low = finding(Box(0, 0, 30, 30)), finding(Box(25, 5, 60, 20))
    beside = word(Box(34, 22, 60, 34), 0, TextClass.CLINICAL)
    assert {box.box for box in planned(high, low).boxes} == {Box(0, 0, 60, 30)}
    made = planned(high, low, beside)
    assert {box.box for box in made.boxes if box.action is Action.REDACT} == {high.box, low.box}


@pytest.mark.parametrize(("width", "redacted"), [(30, True), (35, True), (36, False), (60, False)])
def test_an_unmatched_word_is_read_elsewhere_where_most_of_it_is(width: int, redacted: bool) -> None:
    unread = word(Box(0, 0, 60, 30), 0, TextClass.UNMATCHED)
    made = planned(unread, word(Box(0, 0, width, 30), 1, TextClass.CLINICAL))
    assert any(box.action is Action.REDACT for box in made.boxes) is redacted


def test_a_word_of_other_frames_reads_nothing_here() -> None:
    unread = word(Box(0, 0, 60, 30), 0, TextClass.UNMATCHED)
    whole = replace(word(Box(0, 0, 60, 30), 1, TextClass.CLINICAL), frames=(1, 2))
    assert planned(unread, whole).count(Action.REDACT) == 1
    assert planned(unread, replace(whole, frames=(0, 1))).count(Action.REDACT) == 0
