"""What an uploaded object is called in the catalog, and whether it is an instance at all."""

from __future__ import annotations

from dicom_deid.errors import DeidError, Reason
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from handlers.upload_events import Scan, UploadEvent
from services.catalog import Status, Upload
from services.objects import ObjectFacts, ObjectVersion
from services.ranged import RangedReader


def identify(announced: UploadEvent, facts: ObjectFacts, pseudonyms: Pseudonymiser) -> Upload:
    """The catalog's name for an upload, and its place among the versions of its key."""
    version_id = announced.version_id or facts.version_id
    return Upload(
        instance_id=pseudonyms.instance_id(announced.bucket, announced.key, version_id),
        bucket=announced.bucket,
        key=announced.key,
        version_id=version_id,
        etag=facts.etag,
        size=facts.size,
        sequence=f"{facts.last_modified.isoformat()}/{announced.sequencer:0>32}",
    )


def kind(version: ObjectVersion, facts: ObjectFacts, scan: Scan) -> tuple[Status, Reason | None]:
    """RECEIVED for what may be DICOM, with or without a preamble; a damaged file goes on and is quarantined by name."""
    if scan is not Scan.CLEAN:
        return Status.QUARANTINED, Reason.MALWARE
    if facts.size == 0:
        return Status.IGNORED, Reason.NOT_DICOM
    try:
        read_header(RangedReader(version))
    except DeidError as error:
        if error.reason is Reason.SERVICE_UNAVAILABLE:
            raise
        if error.reason is Reason.NOT_DICOM:
            return Status.IGNORED, Reason.NOT_DICOM
    return Status.RECEIVED, None
