"""One instance as a view shows it: the header of its raw version, the pixels of its sanitized version."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dicom_deid.header.report import Claims
from dicom_deid.header.stream import RedactedObject, open_redacted
from services import secrets
from services.access_table import AccessItem
from services.objects import ObjectVersion, RangedReader
from services.views import View


@contextmanager
def opened(
    view: View, raw: ObjectVersion, saved: ObjectVersion, *, secret_id: str, pixels_cleaned: bool
) -> Iterator[RedactedObject]:
    """The object, of which only the headers were read so far; both at once.

    Raises
    ------
    BadInputError
        When the two do not make an object.
    ObjectGoneError
        When one of the versions is not there.
    ServiceUnavailableError
        When S3 or Secrets Manager throttles or fails.
    """
    with ThreadPoolExecutor(2) as pool:
        source, pixels = pool.map(RangedReader, (raw, saved))
    with source, pixels:
        yield open_redacted(
            source,
            view.rules(),
            secrets.pseudonymiser(secret_id, view.domain),
            claims=Claims(pixels_cleaned=pixels_cleaned),
            pixels=pixels,
            copy=pixels.span,
        )


def is_current(item: AccessItem, view: View) -> bool:
    """Whether what was published is what this view would show now.

    A change of profile, domain, tool or edition un-serves an object until it was checked and published again: other
    bytes than those that were verified are never served.
    """
    return item.profile_digest == view.rules().digest and item.etag == view.etag(item.raw_version, item.deid_version)
