"""PlanRedaction: the findings of all images become boxes per frame; only counts reach the state."""

from __future__ import annotations

from functools import cache

from dicom_deid.phi.findings import Action, Policy, UnmatchedText
from dicom_deid.phi.planning import plan
from dicom_deid.pixels.lasting_text import in_colours, with_lasting
from handlers.attempt import open_attempt
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from services.catalog import Status


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    phi_threshold: float = 0.80
    unmatched_text: UnmatchedText = UnmatchedText.REDACT


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(AttemptEvent)
def handle(event: AttemptEvent) -> Result:
    """findings/ (and, in the second round, what verification still found) -> plan.json."""
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    source, verification = attempt.work.read_source(), attempt.work.read_verification()
    groups = [attempt.work.read_findings(group) for group in sorted({image.group for image in source.images})]
    found = with_lasting(
        [finding for group in groups for finding in group.findings],
        source.images,
        lambda image: in_colours(attempt.work.read_image(image.group, image.image, image.media_type)),
        rows=source.rows,
        columns=source.columns,
    )
    made = plan(
        found,
        rows=source.rows,
        columns=source.columns,
        frames=source.frames,
        policy=Policy(settings().phi_threshold, settings().unmatched_text),
        must_review=source.must_review,
        never_boxed=source.never_boxed,
        truncated=any(group.truncated for group in groups),
        residual=verification.residual if verification else (),
    )
    attempt.work.write_plan(made)
    attempt.catalog.move(event.instance_id, event.attempt, Status.ANALYSED, plan_sha256=made.sha256)
    counts = {action.value: made.count(action) for action in Action}
    return {**counts, "plan_sha256": made.sha256}
