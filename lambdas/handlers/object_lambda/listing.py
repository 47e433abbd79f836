"""One page of ListObjectsV2 (Amazon S3 API reference) over keys in UTF-8 order, wherever they come from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree

from handlers.object_lambda.errors import S3Code, S3Error
from services.access_table import LAST

LARGEST_PAGE: Final = 1000
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True, slots=True)
class ListedObject:
    """What a listing tells of one object. `etag` is without quotes."""

    key: str
    size: int
    etag: str
    last_modified: datetime


Find = Callable[[str, str], Iterator[ListedObject]]
"""The objects under a prefix whose key is greater than a key, in UTF-8 order of their keys."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The parameters of ListObjectsV2. `after` is where the page begins: behind that key."""

    prefix: str
    delimiter: str
    max_keys: int
    after: str
    query: Mapping[str, str]

    @property
    def url_encoded(self) -> bool:
        """Whether keys are to be URL-encoded in the answer."""
        return self.query.get("encoding-type") == "url"


@dataclass(frozen=True, slots=True)
class Page:
    """Objects and common prefixes of one page. `last` is where the next page begins, None after the last."""

    objects: tuple[ListedObject, ...]
    prefixes: tuple[str, ...]
    last: str | None


def parse_page_request(query: Mapping[str, str]) -> PageRequest:
    """The request in a query string.

    Raises
    ------
    S3Error
        ``InvalidArgument`` for a number, token or encoding that is none, and for characters that XML cannot hold.
    """
    number = query.get("max-keys", str(LARGEST_PAGE))
    texts = [query.get(name, "") for name in ("prefix", "delimiter", "start-after")]
    legible = all(character.isprintable() for text in texts for character in text)
    if not (number.isdecimal() and len(number) < 10 and legible and query.get("encoding-type", "url") == "url"):
        raise S3Error(S3Code.INVALID_ARGUMENT)
    token = query.get("continuation-token")
    after = _from_token(token) if token is not None else texts[2]
    return PageRequest(texts[0], texts[1], min(int(number), LARGEST_PAGE), after, query)


def read_page(request: PageRequest, find: Find) -> Page:
    """Collect at most `max_keys` objects and common prefixes; a common prefix is passed over as a whole."""
    objects: list[ListedObject] = []
    prefixes: list[str] = []
    last, skip = request.after, ""
    while request.max_keys:
        for found in find(request.prefix, max(last, skip)):
            if len(objects) + len(prefixes) == request.max_keys:
                return Page(tuple(objects), tuple(prefixes), max(last, skip))
            group = _group(found.key, request)
            if group is not None:
                prefixes.append(group)
                skip = group + LAST
                break
            objects.append(found)
            last = found.key
        else:
            break
    return Page(tuple(objects), tuple(prefixes), None)


def _group(key: str, request: PageRequest) -> str | None:
    """The common prefix that a key belongs to: up to the first delimiter behind the prefix."""
    if not request.delimiter:
        return None
    at = key.find(request.delimiter, len(request.prefix))
    return None if at < 0 else key[: at + len(request.delimiter)]


def as_xml(name: str, request: PageRequest, page: Page) -> str:
    """The ListBucketResult. `name` is that of the bucket or access point."""
    shown = _quoted if request.url_encoded else str
    root = ElementTree.Element("ListBucketResult", xmlns=_NAMESPACE)
    _add(root, "Name", name)
    _add(root, "Prefix", shown(request.prefix))
    for parameter, element in (("delimiter", "Delimiter"), ("start-after", "StartAfter")):
        if request.query.get(parameter):
            _add(root, element, shown(request.query[parameter]))
    if "continuation-token" in request.query:
        _add(root, "ContinuationToken", request.query["continuation-token"])
    if page.last is not None:
        _add(root, "NextContinuationToken", _to_token(page.last))
    if request.url_encoded:
        _add(root, "EncodingType", "url")
    _add(root, "MaxKeys", str(request.max_keys))
    _add(root, "KeyCount", str(len(page.objects) + len(page.prefixes)))
    _add(root, "IsTruncated", "true" if page.last is not None else "false")
    for item in page.objects:
        contents = ElementTree.SubElement(root, "Contents")
        _add(contents, "Key", shown(item.key))
        _add(contents, "LastModified", item.last_modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        _add(contents, "ETag", f'"{item.etag}"')
        _add(contents, "Size", str(item.size))
        _add(contents, "StorageClass", "STANDARD")
    for prefix in page.prefixes:
        _add(ElementTree.SubElement(root, "CommonPrefixes"), "Prefix", shown(prefix))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _quoted(text: str) -> str:
    return quote(text, safe="/*-._")


def _to_token(after: str) -> str:
    """Letters, digits, - and _ alone: the same whether a URL was decoded once, twice or not at all."""
    return base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def _from_token(token: str) -> str:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise S3Error(S3Code.INVALID_ARGUMENT) from None
