"""VerifyRedaction: independent checks on the bytes that would be served, the candidate's and every view's."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import BinaryIO

from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import open_redacted
from dicom_deid.phi.assessment import assess
from dicom_deid.phi.findings import Evidence, EvidenceKind, Finding, Policy, TextClass, UnmatchedText
from dicom_deid.phi.planning import without_cleared
from dicom_deid.phi.reading import read_in_order
from dicom_deid.pixels.extraction import extract
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Check, CheckResult, ImageRecord, SourceRecord, Verdict, VerificationRecord
from dicom_deid.verification.kept import kept_kinds
from dicom_deid.verification.verify import verify, verify_view
from handlers.attempt import Attempt, CandidateEvent, open_attempt
from handlers.boundary import HandlerSettings, Result, step
from services import ranged, secrets, text_detection, views
from services.phi_detection import detect_phi
from services.text_detection import Engine


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    secret_id: str
    profile: str
    domain: str
    views: str
    ocr_engine: Engine = Engine.REKOGNITION
    phi_threshold: float = 0.80
    unmatched_text: UnmatchedText = UnmatchedText.REDACT


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(CandidateEvent)
def handle(event: CandidateEvent) -> Result:
    """candidate.dcm -> verification.json and a verdict with its reason codes."""
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    source, plan = attempt.work.read_source(), attempt.decided_plan()
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    with tempfile.TemporaryFile() as raw, tempfile.TemporaryFile() as candidate:
        ranged.download(attempt.raw, raw)
        attempt.work.download_candidate(candidate)
        record = verify(
            raw,
            candidate,
            plan=plan,
            identity=source.identity,
            pixels_cleaned=source.examined,
            kept=kept_kinds(profile_named_or_read(settings().profile).codes),
            residual=_second_look(candidate, source, attempt.work.read_plan(), plan) if source.examined else (),
            keyed=lambda content: pseudonyms.reference(hashlib.sha256(content).hexdigest()),
        )
        if record.verdict is Verdict.PASS:
            record = _with_views(record, _check_views(attempt, source, raw, candidate))
    attempt.work.write_verification(record)
    reasons = [check.reason for check in record.checks if check.reason is not None]
    return {"verdict": record.verdict.value, "reasons": reasons}


def _second_look(
    candidate: BinaryIO, source: SourceRecord, undecided: RedactionPlan, plan: RedactionPlan
) -> tuple[Finding, ...]:
    """PHI that text detection still reads on the frames that changed, but for doubts that a person left out."""
    changed = set(plan.redactions())
    candidate.seek(0)
    policy = Policy(settings().phi_threshold, settings().unmatched_text)
    found: list[Finding] = []
    for number, image in enumerate(extract(candidate).images if changed else ()):
        if changed.isdisjoint(image.frames):
            continue
        record = ImageRecord(0, number, "image/png", image.width, image.height, image.frames, image.placement)
        detected = text_detection.detect(settings().ocr_engine, 0, number, image.content, image.width, image.height)
        spans = detect_phi(read_in_order(detected.words).text)
        assessed = assess(record, detected, spans, source.identity, policy)
        found += [finding for finding in assessed if finding.text_class is TextClass.PHI]
    doubtful = without_cleared(found, undecided, plan, policy)
    seen_again = Evidence(EvidenceKind.VERIFICATION, "second-look", 1.0)
    return tuple(replace(finding, evidence=(*finding.evidence, seen_again)) for finding in doubtful)


def _check_views(attempt: Attempt, source: SourceRecord, raw: BinaryIO, candidate: BinaryIO) -> list[Check]:
    checks: list[Check] = []
    for view in views.parse(settings().views):
        profile = view.rules()
        with tempfile.TemporaryFile() as shown:
            raw.seek(0)
            candidate.seek(0)
            made = open_redacted(
                raw,
                profile,
                secrets.pseudonymiser(settings().secret_id, view.domain),
                claims=Claims(pixels_cleaned=source.examined),
                pixels=candidate,
            )
            for block in made.read():
                shown.write(block)
            checks.append(
                verify_view(
                    raw,
                    shown,
                    identity=source.identity,
                    pixels_cleaned=source.examined,
                    kept=kept_kinds(profile.codes),
                    name=view.name,
                )
            )
    return checks


def _with_views(record: VerificationRecord, checks: Sequence[Check]) -> VerificationRecord:
    failed = any(check.result is CheckResult.FAIL for check in checks)
    verdict = Verdict.QUARANTINE if failed else record.verdict
    return replace(record, verdict=verdict, checks=(*record.checks, *checks))
