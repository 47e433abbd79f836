"""The two events that announce an upload: S3 Object Created, and GuardDuty's result of the malware scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Scan(StrEnum):
    """What GuardDuty's scan of an object says, by its values. UNCLEAR: unsupported, denied, failed, or unheard of."""

    CLEAN = "NO_THREATS_FOUND"
    THREAT = "THREATS_FOUND"
    UNCLEAR = "UNCLEAR"

    @classmethod
    def of(cls, result: str | None) -> Scan:
        """The scan that left this result."""
        return cls(result) if result in set(cls) else cls.UNCLEAR


SCAN_TAG = "GuardDutyMalwareScanStatus"
"""The tag in which GuardDuty leaves the same result on the object."""
GUARDDUTY_PREFIX = "malware-protection-resource-validation-object"
"""GuardDuty writes an object of this name into the bucket it protects; it is no upload."""


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """What was announced. `scan` is CLEAN where nobody scans."""

    bucket: str
    key: str
    version_id: str
    sequencer: str
    scan: Scan = Scan.CLEAN


def parse_upload(body: Mapping[str, Any]) -> UploadEvent | None:
    """The upload that an EventBridge event announces; None for an event about anything else.

    Keys in EventBridge events are not URL-encoded, unlike those of S3's own notifications.
    """
    kind = body.get("detail-type")
    if kind == "Object Created":
        # Powertools' event class decodes the key as if it were a URL: an upload with a plus sign would be lost.
        found = body["detail"]["object"]
        bucket = body["detail"]["bucket"]["name"]
        upload = UploadEvent(bucket, found["key"], found.get("version-id", ""), found.get("sequencer", ""))
    elif kind == "GuardDuty Malware Protection Object Scan Result":
        detail = body["detail"]
        scanned = detail["s3ObjectDetails"]
        scan = Scan.of(detail.get("scanResultDetails", {}).get("scanResultStatus"))
        upload = UploadEvent(scanned["bucketName"], scanned["objectKey"], scanned.get("versionId", ""), "", scan)
    else:
        return None
    return None if upload.key.startswith(GUARDDUTY_PREFIX) else upload
