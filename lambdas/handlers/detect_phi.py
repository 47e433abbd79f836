"""DetectPHI: what the words of one group say about a person, by every kind of evidence."""

from __future__ import annotations

from functools import cache

from dicom_deid.phi.assessment import assess
from dicom_deid.phi.findings import Finding, Policy, UnmatchedText
from dicom_deid.phi.reading import read_in_order
from dicom_deid.records import FindingsRecord
from handlers.attempt import open_attempt
from handlers.boundary import HandlerSettings, Result, step
from handlers.detect_text import GroupEvent
from services.phi_detection import detect_phi


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


@step(GroupEvent)
def handle(event: GroupEvent) -> Result:
    """words/<group>.json -> findings/<group>.json: no text goes further than here."""
    work = open_attempt(event, settings().catalog_table, settings().work_bucket).work
    source = work.read_source()
    policy = Policy(settings().phi_threshold, settings().unmatched_text)
    images = {image.image: image for image in source.images if image.group == event.group}
    words = work.read_words(event.group)
    findings: list[Finding] = []
    for detected in words:
        spans = detect_phi(read_in_order(detected.words).text)
        findings += assess(images[detected.image], detected, spans, source.identity, policy)
    truncated = any(detected.truncated for detected in words)
    work.write_findings(FindingsRecord(event.group, truncated, tuple(findings)))
    return {"findings": len(findings)}
