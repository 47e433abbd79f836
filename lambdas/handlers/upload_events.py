"""The two events that announce an upload: S3 Object Created, and GuardDuty's result of the malware scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes import S3EventBridgeNotificationEvent

_CLEAN = "NO_THREATS_FOUND"
GUARDDUTY_PREFIX = "malware-protection-resource-validation-object"
"""GuardDuty writes an object of this name into the bucket it protects; it is no upload."""


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """What was announced. `infected`: the scan found a threat, or could not tell."""

    bucket: str
    key: str
    version_id: str
    sequencer: str
    infected: bool = False


def parse_upload(body: Mapping[str, Any]) -> UploadEvent | None:
    """The upload that an EventBridge event announces; None for an event about anything else.

    Keys in EventBridge events are not URL-encoded, unlike those of S3's own notifications.
    """
    kind = body.get("detail-type")
    if kind == "Object Created":
        event = S3EventBridgeNotificationEvent(dict(body))
        found = event.detail.object
        upload = UploadEvent(event.detail.bucket.name, found.key, found.version_id or "", found.sequencer or "")
    elif kind == "GuardDuty Malware Protection Object Scan Result":
        detail = body["detail"]
        scanned = detail["s3ObjectDetails"]
        result = detail["scanResultDetails"]["scanResultStatus"]
        upload = UploadEvent(
            scanned["bucketName"], scanned["objectKey"], scanned.get("versionId", ""), "", infected=result != _CLEAN
        )
    else:
        return None
    return None if upload.key.startswith(GUARDDUTY_PREFIX) else upload
