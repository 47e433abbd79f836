"""The access table (DynamoDB, raw zone): what each view shows, and from which versions it is made.

Beside the items of the views, one item for each instance and view says under which key the view shows the instance:
``view`` is then ``@<instance_id>``, which no view can be called. So what an instance showed can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from services import clients
from services.faults import code_of, translated

LAST: Final = "\U0010ffff"
"""Greater than every character of a key, in code points as in UTF-8: after ``prefix + LAST`` comes no key under it."""


@dataclass(frozen=True, slots=True)
class AccessItem:
    """One object of one view. The raw key may hold a name, so the table lies in the raw zone.

    `view_key` is ``<view>/<study>/<series>/<instance>.dcm`` in the view's own pseudonyms; `size` in bytes and `etag`
    (without quotes) are those of the transformed object; `last_modified` is ISO 8601, in UTC. `pixels_cleaned` tells
    whether every frame was examined, which is what the view's header may claim. `sequence` orders the raw versions of
    one object, as the catalog has it.
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
    sequence: str


_IS_NOT_NEWER: Final = (
    "attribute_not_exists(view_key) OR instance_id = :i OR #s <= :s OR (deid_version = :d AND raw_key <> :k)"
)
"""The last: two raw objects gave the same bytes, so it does not matter which of them is shown."""


@dataclass(frozen=True, slots=True)
class AccessTable:
    """The table: written by PublishViews, read by the researchers' views."""

    table: str

    def put(self, item: AccessItem) -> bool:
        """Make an object visible, or replace what the view showed under its key; False where that is of a newer upload.

        The index item goes first: what is visible can always be found by its instance.
        """
        serializer = TypeSerializer()
        index = _key(f"@{item.instance_id}", f"{item.view}\n{item.view_key}")
        content = {name: serializer.serialize(value) for name, value in asdict(item).items()}
        with translated("dynamodb"):
            clients.dynamodb().put_item(TableName=self.table, Item=index)
            try:
                clients.dynamodb().put_item(
                    TableName=self.table,
                    Item=content,
                    ConditionExpression=_IS_NOT_NEWER,
                    ExpressionAttributeNames={"#s": "sequence"},
                    ExpressionAttributeValues={
                        ":i": content["instance_id"],
                        ":s": content["sequence"],
                        ":d": content["deid_version"],
                        ":k": content["raw_key"],
                    },
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def find(self, view: str, view_key: str) -> AccessItem | None:
        """What the view shows under that key, or None."""
        with translated("dynamodb"):
            answer = clients.dynamodb().get_item(TableName=self.table, Key=_key(view, view_key), ConsistentRead=True)
        item = answer.get("Item")
        return _item(item) if item else None

    def of_instance(self, instance_id: str) -> tuple[AccessItem, ...]:
        """What the views show of one instance."""
        shown = []
        for name in self._keys(instance_id):
            item = self.find(*name.split("\n", 1))
            if item is not None and item.instance_id == instance_id:
                shown.append(item)
        return tuple(shown)

    def keep_only(self, instance_id: str, shown: Mapping[str, str]) -> Iterator[str]:
        """Hide the instance wherever it is visible but under these keys, by view; each key once it is hidden.

        What another instance shows under the same key by now stays. A key is forgotten only after the caller went on
        from it: what broke off in between is given again.
        """
        for name in self._keys(instance_id):
            view, view_key = name.split("\n", 1)
            if shown.get(view) == view_key:
                continue
            item = self.find(view, view_key)
            if item is None or (item.instance_id == instance_id and self._delete(item)):
                yield view_key
            with translated("dynamodb"):
                clients.dynamodb().delete_item(TableName=self.table, Key=_key(f"@{instance_id}", name))

    def _keys(self, instance_id: str) -> list[str]:
        with translated("dynamodb"):
            answer = clients.dynamodb().query(
                TableName=self.table,
                KeyConditionExpression="#v = :v",
                ExpressionAttributeNames={"#v": "view"},
                ExpressionAttributeValues={":v": {"S": f"@{instance_id}"}},
                ConsistentRead=True,
            )
        return [item["view_key"]["S"] for item in answer["Items"]]

    def _delete(self, item: AccessItem) -> bool:
        """Remove it unless another instance took its place in this moment."""
        with translated("dynamodb"):
            try:
                clients.dynamodb().delete_item(
                    TableName=self.table,
                    Key=_key(item.view, item.view_key),
                    ConditionExpression="instance_id = :i",
                    ExpressionAttributeValues={":i": {"S": item.instance_id}},
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def under(self, view: str, prefix: str = "", after: str = "", page_size: int = 1000) -> Iterator[AccessItem]:
        """The view's objects whose key begins with `prefix` and is greater than `after`, in UTF-8 order.

        They are read `page_size` at a time (at most 1 MB a page, the limit of a query), as far as the caller goes on.
        """
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
                    PaginationConfig={"PageSize": page_size},
                )
            )
            for page in pages:
                for item in map(_item, page["Items"]):
                    if item.view_key.startswith(prefix):
                        yield item
                    elif item.view_key > prefix:
                        return


def _key(view: str, view_key: str) -> dict[str, Any]:
    return {"view": {"S": view}, "view_key": {"S": view_key}}


def _item(item: Mapping[str, Any]) -> AccessItem:
    deserializer = TypeDeserializer()
    plain = {name: deserializer.deserialize(value) for name, value in item.items()}
    plain["size"] = int(plain["size"])
    return AccessItem(**{name: plain[name] for name in AccessItem.__dataclass_fields__})
