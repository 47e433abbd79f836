"""The access table (DynamoDB, raw zone): what each view shows, and from which versions it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from services import clients
from services.faults import translated


@dataclass(frozen=True, slots=True)
class AccessItem:
    """One object of one view. The raw key may hold a name, so the table lies in the raw zone.

    `view_key` is ``<study>/<series>/<instance>.dcm`` in the view's own pseudonyms; `size` in bytes and `etag` (without
    quotes) are those of the transformed object; `last_modified` is ISO 8601. `pixels_cleaned`
    tells whether every frame was examined, which is what the view's header may claim.
    """

    view: str
    view_key: str
    instance_id: str
    raw_key: str
    raw_version: str
    deid_key: str
    deid_version: str
    profile_digest: str
    pixels_cleaned: bool
    size: int
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True)
class AccessTable:
    """The table: written by PublishViews, read by the researchers' views."""

    table: str

    def put(self, item: AccessItem) -> None:
        """Make an object visible, or replace what the view showed under its key."""
        serializer = TypeSerializer()
        with translated("dynamodb"):
            clients.dynamodb().put_item(
                TableName=self.table, Item={name: serializer.serialize(value) for name, value in asdict(item).items()}
            )

    def find(self, view: str, view_key: str) -> AccessItem | None:
        """What the view shows under that key, or None."""
        with translated("dynamodb"):
            answer = clients.dynamodb().get_item(
                TableName=self.table, Key={"view": {"S": view}, "view_key": {"S": view_key}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return _item(item) if item else None

    def remove(self, view: str, view_key: str) -> None:
        """Hide an object; nothing happens when it is not visible."""
        with translated("dynamodb"):
            clients.dynamodb().delete_item(TableName=self.table, Key={"view": {"S": view}, "view_key": {"S": view_key}})

    def under(self, view: str, prefix: str = "", after: str = "") -> Iterator[AccessItem]:
        """The view's objects whose key begins with `prefix` and is greater than `after`, in UTF-8 order."""
        condition, values = "#v = :v", {":v": {"S": view}}
        if after and after >= prefix:
            condition += " AND view_key > :a"
            values[":a"] = {"S": after}
        elif prefix:
            condition += " AND begins_with(view_key, :p)"
            values[":p"] = {"S": prefix}
        with translated("dynamodb"):
            pages = (
                clients.dynamodb()
                .get_paginator("query")
                .paginate(
                    TableName=self.table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeNames={"#v": "view"},
                    ExpressionAttributeValues=values,
                    ConsistentRead=True,
                )
            )
            for page in pages:
                for item in map(_item, page["Items"]):
                    if item.view_key.startswith(prefix):
                        yield item
                    elif item.view_key > prefix:
                        return


def _item(item: Mapping[str, Any]) -> AccessItem:
    deserializer = TypeDeserializer()
    plain = {name: deserializer.deserialize(value) for name, value in item.items()}
    plain["size"] = int(plain["size"])
    return AccessItem(**{name: plain[name] for name in AccessItem.__dataclass_fields__})
