"""RequestReview: answer with a decision that already stands for exactly this plan, or wait for a person."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from handlers.attempt import open_attempt
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from services import executions
from services.catalog import Status


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class ReviewEvent(AttemptEvent):
    """The plan in question and the token that lets the execution go on."""

    plan_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    task_token: str = Field(min_length=1)


@step(ReviewEvent)
def handle(event: ReviewEvent) -> Result:
    """Store the token first and look for a decision second: a decision made between the two finds the token."""
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    attempt.catalog.move(event.instance_id, event.attempt, Status.IN_REVIEW, task_token=event.task_token)
    decision = attempt.work.read_decision(event.plan_sha256)
    if decision is None:
        return {"waiting": True}
    executions.answer_review(event.task_token, decision.outcome.value, event.plan_sha256)
    return {"waiting": False}
