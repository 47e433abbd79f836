"""One instance as a view shows it: the header of its raw version, the pixels of its sanitized version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dicom_deid.header.report import Claims
from dicom_deid.header.stream import RedactedObject, open_redacted
from services import objects, secrets
from services.access_table import AccessItem, AccessTable
from services.objects import ObjectVersion
from services.ranged import RangedReader
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


def take_back(table: AccessTable, instance_id: str, shown: Mapping[str, str], copies: str | None) -> None:
    """Hide what the views show of an instance, but under these keys, by view.

    Parameters
    ----------
    copies
        The bucket of the views' copies, where they are materialised.
    """
    for hidden in table.keep_only(instance_id, shown):
        if copies is not None:
            objects.delete(ObjectVersion(copies, hidden))
