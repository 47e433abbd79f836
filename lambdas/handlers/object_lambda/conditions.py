"""Conditional requests (RFC 9110 section 13), in the order S3 evaluates them. Every ETag of a view is strong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from handlers.object_lambda.errors import S3Code, S3Error


def check_conditions(headers: Mapping[str, str], etag: str, last_modified: datetime) -> None:
    """Let the request pass where its conditions hold.

    Parameters
    ----------
    headers
        By name in lower case.
    etag
        Without quotes.

    Raises
    ------
    S3Error
        ``PreconditionFailed`` (If-Match, If-Unmodified-Since) or ``NotModified`` (If-None-Match, If-Modified-Since).
    """
    modified = last_modified.replace(microsecond=0)
    wanted, known = headers.get("if-match"), headers.get("if-none-match")
    unmodified_since, modified_since = _date(headers, "if-unmodified-since"), _date(headers, "if-modified-since")
    if wanted is not None:
        if not _names(wanted, etag, weak=False):
            raise S3Error(S3Code.PRECONDITION_FAILED)
    elif unmodified_since is not None and modified > unmodified_since:
        raise S3Error(S3Code.PRECONDITION_FAILED)
    if known is not None:
        if _names(known, etag, weak=True):
            raise S3Error(S3Code.NOT_MODIFIED, etag=etag)
    elif modified_since is not None and modified <= modified_since:
        raise S3Error(S3Code.NOT_MODIFIED, etag=etag)


def range_still_applies(headers: Mapping[str, str], etag: str, last_modified: datetime) -> bool:
    """Whether If-Range (RFC 9110 13.1.5) allows a part; if not, the whole object is the answer."""
    value = headers.get("if-range")
    if value is None:
        return True
    date = _date(headers, "if-range")
    if date is not None:
        return last_modified.replace(microsecond=0) == date
    return _names(value, etag, weak=False)


def _names(listed: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags names this one; S3's clients leave the quotes away now and then."""
    for part in listed.split(","):
        tag = part.strip()
        if tag.startswith("W/"):
            if not weak:
                continue
            tag = tag[2:]
        if tag == "*" or tag.strip('"') == etag:
            return True
    return False


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    """An HTTP date; None where there is none that can be read, which RFC 9110 asks to ignore."""
    try:
        date = parsedate_to_datetime(headers.get(name, ""))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
