"""ApplyRedaction: boxes onto the pixels, the release profile onto the header -> candidate."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.profiles import Option
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import redact as redact_header
from dicom_deid.pixels.redaction import redact as redact_pixels
from handlers.attempt import open_attempt
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from handlers.output_keys import object_key
from services import ranged, secrets
from services.catalog import Status


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    secret_id: str
    profile: str
    domain: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(AttemptEvent)
def handle(event: AttemptEvent) -> Result:
    """Raw object + decided plan -> candidate.dcm.

    The claim that pixels were cleaned is made only where every frame was examined: an instance without images for
    text detection went the header route.
    """
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    source = attempt.work.read_source()
    plan = attempt.decided_plan()
    profile = profile_named_or_read(settings().profile)
    pseudonyms = secrets.pseudonymiser(settings().secret_id, settings().domain)
    with tempfile.TemporaryFile() as raw, tempfile.TemporaryFile() as boxed, tempfile.TemporaryFile() as candidate:
        ranged.download(attempt.raw, raw)
        raw.seek(0)
        changed: tuple[int, ...] = ()
        cleaned = raw
        if source.examined:
            changed = redact_pixels(raw, boxed, plan.redactions()).changed_frames
            if changed and profile.has(Option.RETAIN_UIDS):
                raise BadInputError(Reason.VERIFY_EVIDENCE, "changed pixels need a new SOP Instance UID (113110)")
            cleaned = boxed
        cleaned.seek(0)
        claims = Claims(pixels_cleaned=source.examined, pixels_changed=bool(changed))
        report = redact_header(cleaned, candidate, profile, pseudonyms, claims=claims)
        size = candidate.tell()
        candidate.seek(0)
        digest = hashlib.file_digest(candidate, "sha256").hexdigest()
        candidate.seek(0)
        attempt.work.write_candidate(candidate)
    attempt.catalog.move(
        event.instance_id,
        event.attempt,
        Status.ANALYSED,
        task_token=None,
        profile_digest=profile.digest,
        output_key=object_key(report),
    )
    return {"sha256": digest, "bytes": size, "changed_frames": len(changed)}
