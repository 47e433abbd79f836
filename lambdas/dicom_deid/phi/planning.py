"""From findings to a plan: boxes clipped to the frame, overlapping ones merged, doubts for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, Policy, TextClass
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.records import Outcome, ReviewDecision

WHOLE_FRAME = "whole-frame"
"""Rule of the evidence that asks a person to look at everything; such a box is never drawn."""

_READ_ELSEWHERE = 0.6
"""Share of an unmatched box that clinical words of another picture must cover."""

_LONGER = 1.25
"""A word is longer than its fragment by this factor, and not higher."""
_WORD_ALONE = frozenset(
    {
        (EvidenceKind.COMPREHEND, "name"),
        (EvidenceKind.NAME, "beside-name"),
        (EvidenceKind.NAME, "initial"),
        (EvidenceKind.LABEL, "in-identity-block"),
    }
)
"""Evidence that a fragment of a clinical word may have by chance."""

_SEEN = 0.8
"""Share of a finding's box that lies in the box that a person left out: it is the same text."""

_SAME_LINE = 0.6
"""Boxes are of one line where they share this much of the lower one's height (of the narrower one's width, upright)."""

_FURTHER = 0.05
"""Share of a kept word that the rectangle around two boxes may cover beyond them."""

_Key = tuple[Action, tuple[int, ...]]


def plan(
    findings: Iterable[Finding],
    *,
    rows: int,
    columns: int,
    frames: int,
    policy: Policy,
    must_review: str | None = None,
    never_boxed: bool = False,
    truncated: bool = False,
    residual: Iterable[Finding] = (),
) -> RedactionPlan:
    """The boxes of one instance, in an order that depends on nothing but the findings.

    `residual` are findings of the verification; whatever they are, a person decides. `must_review` (a reason code) and
    `truncated` ask for a look at every frame. With `never_boxed`, any text does
    so instead of becoming a box.
    """
    del policy  # The findings' actions already follow from it.
    grouped: defaultdict[_Key, list[PlannedBox]] = defaultdict(list)
    found = [*read_elsewhere(list(findings)), *(replace(finding, action=Action.REVIEW) for finding in residual)]
    text_on_measurements = never_boxed and any(finding.action is not Action.KEEP for finding in found)
    if never_boxed:
        found = [replace(finding, action=Action.KEEP) for finding in found]
    for finding in found:
        box = finding.box.clipped(columns, rows)
        if box is not None:
            made = PlannedBox(finding.frames, box, finding.action, finding.score, finding.evidence)
            grouped[finding.action, finding.frames].append(made)
    boxes: list[PlannedBox] = []
    kept = [finding.box for finding in found if finding.action is Action.KEEP and finding.word_ids]
    for (action, _), members in grouped.items():
        boxes += members if action is Action.KEEP else _merged(members, kept)
    asked = (
        must_review,
        "truncated-text-detection" if truncated else None,
        "text-on-measurements" if text_on_measurements else None,
    )
    reasons = [rule for rule in asked if rule]
    if reasons:
        evidence = tuple(Evidence(EvidenceKind.REGION, rule, 0.0) for rule in (WHOLE_FRAME, *reasons))
        everything = Box(0, 0, max(columns, 1), max(rows, 1))
        boxes.append(PlannedBox(tuple(range(frames)), everything, Action.REVIEW, 0.0, evidence))
    boxes.sort(key=lambda planned: (planned.frames, planned.box, planned.action.value))
    return RedactionPlan(boxes=tuple(boxes))


def read_elsewhere(findings: list[Finding]) -> list[Finding]:
    """The findings, without what was unmatched in one picture and clinical in another of the same frames.

    A frame is shown in parts and through a window: a word that one picture cuts or drowns may be whole in the next.
    What one word alone made PHI goes too, where the other picture shows that it is a part of a longer clinical word.
    """
    known: defaultdict[tuple[int, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.text_class is TextClass.CLINICAL and finding.word_ids:
            known[finding.frames].append(finding)
    shown: dict[tuple[int, ...], list[Finding]] = {}
    kept: list[Finding] = []
    for finding in findings:
        if finding.frames not in shown:
            frames = frozenset(finding.frames)
            shown[finding.frames] = [one for place, words in known.items() if frames <= set(place) for one in words]
        others: dict[int, list[Box]] = defaultdict(list)
        for other in shown[finding.frames]:
            if other.image != finding.image:
                others[other.image].append(other.box)
        # One other picture must show it: parts of the line below, seen in three pictures, are no word here.
        read = any(_share(finding.box, boxes) >= _READ_ELSEWHERE for boxes in others.values())
        unmatched = finding.text_class is TextClass.UNMATCHED and read
        longer = _is_by_word_alone(finding) and any(_is_fragment(finding.box, boxes) for boxes in others.values())
        if not unmatched and not longer:
            kept.append(finding)
    return kept


def _is_by_word_alone(finding: Finding) -> bool:
    """Whether nothing but the reading of the word itself, or its place, makes it PHI."""
    return bool(finding.evidence) and all((item.kind, item.rule) in _WORD_ALONE for item in finding.evidence)


def _is_fragment(box: Box, words: Iterable[Box]) -> bool:
    """Whether one of the words holds the box, and is longer."""
    return any(
        _share(box, [word]) >= _READ_ELSEWHERE
        and max(word.width, word.height) >= _LONGER * max(box.width, box.height)
        and min(word.width, word.height) <= _LONGER * min(box.width, box.height)
        for word in words
    )


def _share(box: Box, others: Iterable[Box]) -> float:
    shared = (box.intersection(other) for other in others)
    return sum(part.area for part in shared if part) / box.area


def apply_decision(undecided: RedactionPlan, decision: ReviewDecision) -> RedactionPlan:
    """The plan as a person approved it: boxes under review become redactions, or are kept where they were left out.

    Raises
    ------
    ValueError
        When the decision is no approval, is about another plan, or names a box that is not under review: whoever
        mistakes a number means another box, and that one would stay.
    """
    if decision.outcome is not Outcome.APPROVE or decision.plan_sha256 != undecided.sha256:
        raise ValueError("the decision does not approve this plan")
    if not set(decision.boxes or ()) <= boxes_to_decide(undecided):
        raise ValueError("the decision names a box that is not under review")
    decided: list[PlannedBox] = []
    for index, planned in enumerate(undecided.boxes):
        action = planned.action
        if action is Action.REVIEW:
            chosen = decision.boxes is None or index in decision.boxes
            action = Action.REDACT if chosen and not is_whole_frame(planned) else Action.KEEP
        decided.append(replace(planned, action=action))
    return replace(undecided, boxes=tuple(decided))


def boxes_to_decide(undecided: RedactionPlan) -> set[int]:
    """Indices of the boxes of which a person says whether they are drawn."""
    return {
        index
        for index, planned in enumerate(undecided.boxes)
        if planned.action is Action.REVIEW and not is_whole_frame(planned)
    }


def without_cleared(
    findings: Iterable[Finding], undecided: RedactionPlan, decided: RedactionPlan, policy: Policy
) -> Iterator[Finding]:
    """What a second look still finds, less the doubts that a person saw and left out of the redaction.

    What is sure by now, at the threshold or above, is not a person's to keep, and stays.
    """
    cleared = [
        before
        for before, after in zip(undecided.boxes, decided.boxes, strict=True)
        if before.action is Action.REVIEW and after.action is Action.KEEP and not is_whole_frame(before)
    ]
    for finding in findings:
        known = {
            frame
            for planned in cleared
            if finding.score < policy.threshold and _share(finding.box, [planned.box]) >= _SEEN
            for frame in planned.frames
        }
        left = tuple(frame for frame in finding.frames if frame not in known)
        if left:
            yield replace(finding, frames=left)


def is_whole_frame(planned: PlannedBox) -> bool:
    """Whether the box only asks for a look at everything."""
    return any(item.rule == WHOLE_FRAME for item in planned.evidence)


def _merged(boxes: list[PlannedBox], kept: list[Box]) -> list[PlannedBox]:
    """Overlapping boxes of one line, of one action on the same frames, made one.

    Boxes of two lines may overlap by their margins and stay two: the rectangle around both would cover what stands
    beside the shorter line. So do two whose rectangle would reach further into a kept word than they do.
    """
    pending = sorted(boxes, key=lambda planned: planned.box)
    done: list[PlannedBox] = []
    while pending:
        current = pending.pop(0)
        for index, other in enumerate(pending):
            if _on_one_line(current.box, other.box) and not _reaches_further(current.box, other.box, kept):
                pending[index] = _union(current, other)
                break
        else:
            done.append(current)
    return done


def _on_one_line(a: Box, b: Box) -> bool:
    shared = a.intersection(b)
    if shared is None:
        return False
    level = shared.height >= _SAME_LINE * min(a.height, b.height)
    upright = shared.width >= _SAME_LINE * min(a.width, b.width)
    return (level and upright) or (level and a.width >= a.height) or (upright and a.height > a.width)


def _reaches_further(a: Box, b: Box, kept: list[Box]) -> bool:
    """Whether the rectangle around two boxes covers more of a kept word than the two."""
    union = a.union(b)
    for word in kept:
        shared = union.intersection(word)
        if shared and shared.area - sum(part.area for part in (a.intersection(word), b.intersection(word)) if part) > (
            _FURTHER * word.area
        ):
            return True
    return False


def _union(a: PlannedBox, b: PlannedBox) -> PlannedBox:
    best: dict[tuple[EvidenceKind, str], float] = {}
    for item in (*a.evidence, *b.evidence):
        best[item.kind, item.rule] = max(best.get((item.kind, item.rule), 0.0), item.score)
    evidence = tuple(Evidence(kind, rule, best[kind, rule]) for kind, rule in sorted(best))
    return replace(a, box=a.box.union(b.box), score=max(a.score, b.score), evidence=evidence)
