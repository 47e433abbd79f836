"""Pages of ListObjectsV2 against a plain model of it: everything in memory, cut afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.object_lambda.errors import S3Code, S3Error
from handlers.object_lambda.listing import ListedObject, as_xml, parse_page_request, read_page

MODIFIED = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = st.lists(st.text("ab/.", min_size=1, max_size=6), max_size=25, unique=True).map(sorted)


def listed(keys: list[str]) -> list[ListedObject]:
    return [ListedObject(key, len(key), f"e{number}-1", MODIFIED) for number, key in enumerate(keys)]


def model(keys: list[str], prefix: str, delimiter: str, after: str) -> list[tuple[str, str]]:
    """Every entry, as (kind, key or common prefix), in order."""
    found: list[tuple[str, str]] = []
    for key in keys:
        if not key.startswith(prefix) or key <= after:
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = ("key", key) if at < 0 else ("prefix", key[: at + len(delimiter)])
        if entry not in found:
            found.append(entry)
    return found


def walk(keys: list[str], query: dict[str, str]) -> tuple[list[tuple[str, str]], int]:
    """What a client collects page by page, as it reads the XML; and how many pages it took."""

    def find(prefix: str, after: str) -> Iterator[ListedObject]:
        return (item for item in listed(keys) if item.key.startswith(prefix) and item.key > after)

    found: list[tuple[str, str]] = []
    for pages in range(1, 100):
        request = parse_page_request(query)
        page = read_page(request, find)
        root = ElementTree.fromstring(as_xml("view", request, page))
        space = {"s": "http://s3.amazonaws.com/doc/2006-03-01/"}
        entries = [("key", item.findtext("s:Key", "", space)) for item in root.findall("s:Contents", space)]
        entries += [("prefix", i.findtext("s:Prefix", "", space)) for i in root.findall("s:CommonPrefixes", space)]
        assert root.findtext("s:KeyCount", "", space) == str(len(entries))
        assert len(entries) <= request.max_keys
        found += sorted(entries, key=lambda entry: entry[1])
        token = root.findtext("s:NextContinuationToken", None, space)
        assert root.findtext("s:IsTruncated", "", space) == ("true" if token else "false")
        if token is None:
            return found, pages
        query = {**query, "continuation-token": token}
    raise AssertionError("the listing has no end")


@settings(max_examples=300, deadline=None)
@given(
    keys=KEYS,
    prefix=st.text("ab/.", max_size=2),
    delimiter=st.sampled_from(["", "/", "."]),
    after=st.text("ab/.", max_size=3),
    size=st.integers(1, 7),
)
def test_the_pages_of_a_listing_are_the_whole_once_and_in_order(
    keys: list[str], prefix: str, delimiter: str, after: str, size: int
) -> None:
    query = {"prefix": prefix, "delimiter": delimiter, "start-after": after, "max-keys": str(size)}
    expected = model(keys, prefix, delimiter, after)
    found, pages = walk(keys, query)
    assert found == expected
    assert pages == max(-(-len(expected) // size), 1)


def test_max_keys_of_none_is_an_empty_page_that_ends() -> None:
    assert walk(["a"], {"max-keys": "0"}) == ([], 1)


def test_a_page_never_holds_more_than_a_thousand() -> None:
    assert parse_page_request({"max-keys": "5000"}).max_keys == 1000


@pytest.mark.parametrize(
    "query",
    [
        {"max-keys": "-1"},
        {"max-keys": "many"},
        {"max-keys": "9" * 30},
        {"continuation-token": "*"},
        {"continuation-token": "gICA"},
        {"encoding-type": "base64"},
        {"prefix": "a\x00"},
    ],
)
def test_what_is_no_argument_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(S3Error) as caught:
        parse_page_request(query)
    assert caught.value.code is S3Code.INVALID_ARGUMENT


def test_names_are_encoded_only_when_asked() -> None:
    page = read_page(parse_page_request({}), lambda prefix, after: iter(listed(["a b&c/ü"])))
    assert "<Key>a b&amp;c/ü</Key>" in as_xml("view", parse_page_request({}), page)
    request = parse_page_request({"encoding-type": "url", "prefix": "a b"})
    text = as_xml("view", request, page)
    assert "<Key>a%20b%26c/%C3%BC</Key>" in text
    assert "<Prefix>a%20b</Prefix>" in text
    assert "<EncodingType>url</EncodingType>" in text


def test_an_entry_tells_size_etag_and_date_of_its_object() -> None:
    page = read_page(parse_page_request({}), lambda prefix, after: iter(listed(["abc"])))
    text = as_xml("view", parse_page_request({}), page)
    assert "<Size>3</Size>" in text
    assert '<ETag>"e0-1"</ETag>' in text
    assert "<LastModified>2026-03-01T00:00:00.000Z</LastModified>" in text
