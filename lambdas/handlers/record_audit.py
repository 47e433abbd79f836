"""RecordAudit: the certificate of the instance -> evidence bucket. Nothing becomes visible without one."""

from __future__ import annotations

from functools import cache

from dicom_deid import __version__
from dicom_deid.errors import BadInputError, Reason
from dicom_deid.evidence.certificate import SCHEMA, Certificate, CertifiedCheck, ChangedFrame, OutputDigest
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.profiles import EDITION
from dicom_deid.pixels.images import Route
from handlers.attempt import Attempt, CandidateEvent, open_attempt
from handlers.boundary import HandlerSettings, Result, step
from services import evidence, secrets


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    evidence_bucket: str
    signing_key_id: str
    secret_id: str
    profile: str
    domain: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(CandidateEvent)
def handle(event: CandidateEvent) -> Result:
    """-> certificates/<instance_id>/<attempt>.json and .sig, written once and never again."""
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    content = _certificate(attempt, event.candidate.bytes).canonical()
    name = f"certificates/{event.instance_id}/{event.attempt}"
    evidence.record(settings().evidence_bucket, name, content, settings().signing_key_id)
    return {"certificate": name}


def _certificate(attempt: Attempt, size: int) -> Certificate:
    entry, source, plan = attempt.entry, attempt.work.read_source(), attempt.decided_plan()
    verification = attempt.work.read_verification()
    if verification is None or entry.output_sha256 is None or entry.saved_at is None:
        raise BadInputError(Reason.VERIFY_EVIDENCE, "nothing verified and saved to certify")
    decision = attempt.work.read_decision(entry.plan_sha256 or "")
    profile = profile_named_or_read(settings().profile)
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    return Certificate(
        schema=SCHEMA,
        instance_ref=entry.instance_id,
        tool=__version__,
        edition=EDITION,
        profile_digest=profile.digest,
        options=tuple(profile.codes),
        source_ref=pseudonyms.reference(source.sha256),
        output=OutputDigest(entry.output_sha256, size),
        frames=tuple(ChangedFrame(frame.frame, frame.before, frame.after) for frame in verification.frames),
        boxes=sum(len(boxes) for boxes in plan.redactions().values()),
        route=(Route.PIXELS if source.examined else Route.HEADER).value,
        reviewer=decision.reviewer_ref if decision else None,
        checks=tuple(CertifiedCheck(check.id, check.result.value) for check in verification.checks),
        decided_at=entry.saved_at,
        key_id=pseudonyms.fingerprint,
    )
