"""The raw bucket as a list: the current version of every object, page by page, and the tags of one."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import ClientError

from services import clients
from services.faults import code_of, translated
from services.objects import GONE, ObjectVersion


@dataclass(frozen=True, slots=True)
class ListedUpload:
    """The current version of one object."""

    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. `key_marker` and `version_marker` begin the next page; None after the last."""

    uploads: tuple[ListedUpload, ...]
    key_marker: str | None
    version_marker: str | None


def list_current(bucket: str, key_marker: str | None, version_marker: str | None, page_size: int) -> Listing:
    """At most `page_size` (≤ 1,000, the limit of S3) versions after the markers; only the current ones are given.

    Delete markers and older versions are left out: what was replaced was registered when it was uploaded, or is not
    wanted any more.
    """
    parameters = {"KeyMarker": key_marker} if key_marker else {}
    if key_marker and version_marker:
        parameters["VersionIdMarker"] = version_marker
    with translated("s3"):
        page = clients.s3().list_object_versions(Bucket=bucket, MaxKeys=page_size, **parameters)  # type: ignore[arg-type]
    found = tuple(ListedUpload(item["Key"], item["VersionId"]) for item in page.get("Versions", []) if item["IsLatest"])
    if not page.get("IsTruncated"):
        return Listing(found, None, None)
    return Listing(found, page["NextKeyMarker"], page.get("NextVersionIdMarker"))


def tag(version: ObjectVersion, name: str) -> str | None:
    """The value of one tag of an upload; None where it has none of this name, or is gone."""
    with translated("s3"):
        try:
            answer = clients.s3().get_object_tagging(**version.parameters)
        except ClientError as error:
            if code_of(error) in GONE:
                return None
            raise
    return next((one["Value"] for one in answer["TagSet"] if one["Key"] == name), None)
