"""SaveSanitized: the only writer of the de-identified bucket."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from functools import cache
from typing import BinaryIO

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.images import Route
from dicom_deid.records import Verdict
from handlers.attempt import Attempt, CandidateEvent, open_attempt
from handlers.boundary import HandlerSettings, Result, step
from services import objects
from services.catalog import CatalogEntry, Status
from services.objects import ObjectFacts, ObjectVersion, Stored


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    deid_bucket: str


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


@step(CandidateEvent)
def handle(event: CandidateEvent) -> Result:
    """candidate.dcm -> <study>/<series>/<instance>.dcm, conditional on what is there.

    What did not pass its verification is refused, whatever the state machine chose. Nothing there: write. The same
    bytes there: done, also when another raw object gave them. Bytes of an older version of the same raw object:
    replace exactly those. Anything else under the same SOP Instance UID is a conflict, and neither wins.
    """
    attempt = open_attempt(event, settings().catalog_table, settings().work_bucket)
    verification = attempt.work.read_verification()
    with tempfile.TemporaryFile() as candidate:
        attempt.work.download_candidate(candidate)
        candidate.seek(0)
        digest = hashlib.file_digest(candidate, "sha256").hexdigest()
        key = attempt.entry.output_key
        if key is None or verification is None or not digest == event.candidate.sha256 == verification.candidate_sha256:
            raise BadInputError(Reason.VERIFY_EVIDENCE, "the candidate is not the object that was verified")
        if verification.verdict is not Verdict.PASS:
            raise BadInputError(Reason.VERIFY_EVIDENCE, "the candidate did not pass its verification")
        target = ObjectVersion(settings().deid_bucket, key)
        candidate.seek(0)
        stored, replaced = _save(attempt, target, candidate, digest)
    attempt.catalog.move(
        event.instance_id,
        event.attempt,
        Status.SAVED,
        output_version=stored.version_id,
        output_sha256=digest,
        route=(Route.PIXELS if attempt.work.read_source().examined else Route.HEADER).value,
        replaces=replaced,
        saved_at=attempt.entry.saved_at or datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return {"etag": stored.etag, "version_id": stored.version_id}


def _save(attempt: Attempt, target: ObjectVersion, candidate: BinaryIO, digest: str) -> tuple[Stored, str | None]:
    """What was stored, and the other instance that it replaced, if any."""
    metadata = {"instance": attempt.entry.instance_id, "sha256": digest}
    replaced: str | None = None
    there = objects.head(target)
    try:
        if there is None:
            return objects.put_file(target, candidate, if_none_match=True, metadata=metadata), replaced
        replaced = attempt.entry.replaces
        if there.metadata.get("sha256") == digest:
            return Stored(there.etag, there.version_id), replaced
        owner = _replaceable(attempt, there)
        if owner.instance_id != attempt.entry.instance_id:
            replaced = owner.instance_id
        return objects.put_file(target, candidate, if_match=there.etag, metadata=metadata), replaced
    except objects.ConflictError:
        # A write whose answer was lost is sent again by the client, and the second meets the first.
        there = objects.head(target)
        if there is not None and there.metadata.get("sha256") == digest:
            return Stored(there.etag, there.version_id), replaced
        raise BadInputError(Reason.SOP_INSTANCE_CONFLICT, "another object was saved at the same moment") from None


def _replaceable(attempt: Attempt, there: ObjectFacts) -> CatalogEntry:
    """The instance that owns what is there.

    Only an older version of the same raw object may be replaced, or an earlier attempt on the same version.

    Raises
    ------
    BadInputError
        ``sop-instance-conflict`` otherwise.
    """
    owner = attempt.catalog.find(there.metadata.get("instance", ""))
    if owner is None or not owner.precedes(attempt.entry):
        raise BadInputError(Reason.SOP_INSTANCE_CONFLICT, "another raw object gave the same SOP Instance UID")
    return owner
