"""The access table: pages of keys in order, by prefix and from a key on."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from services import clients
from services.access_table import AccessItem, AccessTable

KEYS = sorted({f"{view}/{a}/{b}.dcm" for view in ("v", "w") for a in ("1", "12", "2") for b in ("1", "3", "31")})


def item(view: str, key: str, instance_id: str = "0" * 32, sequence: str = "1") -> AccessItem:
    return AccessItem(
        view=view,
        view_key=key,
        instance_id=instance_id,
        raw_key="k",
        raw_version="1",
        deid_key="d",
        deid_version="2",
        profile_digest="p",
        pixels_cleaned=True,
        size=7,
        etag="e-1",
        last_modified="2026-01-01T00:00:00+00:00",
        sequence=sequence,
    )


@pytest.fixture(scope="module")
def table() -> Iterator[AccessTable]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
        clients.forget()
        boto3.client("dynamodb").create_table(
            TableName="access",
            KeySchema=[
                {"AttributeName": "view", "KeyType": "HASH"},
                {"AttributeName": "view_key", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "view", "AttributeType": "S"},
                {"AttributeName": "view_key", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        access = AccessTable("access")
        for key in KEYS:
            access.put(item(key[0], key))
        yield access
    clients.forget()


def test_an_item_comes_back_as_it_was_put(table: AccessTable) -> None:
    assert table.find("v", "v/1/1.dcm") == item("v", "v/1/1.dcm")
    assert table.find("w", "v/1/1.dcm") is None


def test_an_instance_is_found_wherever_it_is_shown_and_hidden_there(table: AccessTable) -> None:
    mine, other = "a" * 32, "b" * 32
    for shown in (item("x", "x/1.dcm", mine), item("y", "y/1.dcm", mine), item("x", "x/2.dcm", other)):
        table.put(shown)
    assert {found.view_key for found in table.of_instance(mine)} == {"x/1.dcm", "y/1.dcm"}
    assert list(table.keep_only(mine, {"x": "x/1.dcm"})) == ["y/1.dcm"]
    assert [found.view_key for found in table.of_instance(mine)] == ["x/1.dcm"]
    assert table.find("y", "y/1.dcm") is None
    assert table.find("x", "x/2.dcm") == item("x", "x/2.dcm", other)


def test_an_older_upload_never_takes_the_place_of_a_newer_one(table: AccessTable) -> None:
    older, newer = item("o", "o/1.dcm", "e" * 32, "1"), item("o", "o/1.dcm", "f" * 32, "2")
    assert table.put(older)
    assert table.put(newer)
    assert not table.put(older)
    assert table.find("o", "o/1.dcm") == newer
    assert table.put(newer)


def test_what_another_instance_took_over_is_not_hidden(table: AccessTable) -> None:
    mine, newer = "c" * 32, "d" * 32
    table.put(item("z", "z/1.dcm", mine))
    table.put(item("z", "z/1.dcm", newer))
    assert table.of_instance(mine) == ()
    assert list(table.keep_only(mine, {})) == []
    assert table.find("z", "z/1.dcm") == item("z", "z/1.dcm", newer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prefix=st.sampled_from(["", "v", "v/", "v/1", "v/12", "v/2/", "v/3", "w/"]),
    after=st.sampled_from(["", "a", "v/", "v/1/1.dcm", "v/12/31.dcm", "v/2/3.dcm", "z"]),
)
def test_a_listing_is_every_key_under_the_prefix_after_the_key_in_order(
    table: AccessTable, prefix: str, after: str
) -> None:
    expected = [key for key in KEYS if key.startswith("v/") and key.startswith(prefix) and key > after]
    assert [found.view_key for found in table.under("v", prefix, after)] == expected
