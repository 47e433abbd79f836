"""The catalog (DynamoDB, raw zone): one item per instance, and the only legal ways its status may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from dicom_deid import __version__
from dicom_deid.errors import OF_THE_OBJECT, DeidError, Reason
from services import clients
from services.faults import code_of, translated


class Status(StrEnum):
    """Where an instance stands (DESIGN 5)."""

    RECEIVED = "RECEIVED"
    ANALYSED = "ANALYSED"
    IN_REVIEW = "IN_REVIEW"
    SAVED = "SAVED"
    RELEASED = "RELEASED"
    SUPERSEDED = "SUPERSEDED"
    QUARANTINED = "QUARANTINED"
    DEFERRED = "DEFERRED"
    IGNORED = "IGNORED"


_BEFORE: Mapping[Status, frozenset[Status]] = {
    Status.ANALYSED: frozenset({Status.RECEIVED, Status.IN_REVIEW, Status.ANALYSED}),
    Status.IN_REVIEW: frozenset({Status.ANALYSED, Status.IN_REVIEW}),
    Status.SAVED: frozenset({Status.ANALYSED, Status.SAVED}),
    Status.RELEASED: frozenset({Status.SAVED, Status.RELEASED}),
    Status.SUPERSEDED: frozenset({Status.RELEASED, Status.SUPERSEDED}),
    Status.QUARANTINED: frozenset(
        {Status.RECEIVED, Status.ANALYSED, Status.IN_REVIEW, Status.SAVED, Status.QUARANTINED}
    ),
    Status.DEFERRED: frozenset({Status.RECEIVED, Status.ANALYSED, Status.IN_REVIEW, Status.SAVED, Status.DEFERRED}),
}
"""Which status may precede which; a repeated transition of the same attempt changes nothing."""

REDRIVABLE = frozenset({Status.QUARANTINED, Status.DEFERRED, Status.IN_REVIEW, Status.RELEASED})
"""From these a new attempt may start: redrive, a decision without a waiting execution, a new release."""


class TransitionError(DeidError):
    """The instance is not where this step expects it: another attempt overtook this one."""

    def __init__(self, to: str) -> None:
        super().__init__(Reason.INTERNAL, f"the catalog refuses the transition to {to}")


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One instance. `bucket` and `key` name the raw object: the key may hold a name, so this is raw zone."""

    instance_id: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    status: Status
    attempt: int
    sequence: str
    created_at: str
    updated_at: str
    lock_version: int
    tool: str
    reason: str | None = None
    state: str | None = None
    task_token: str | None = None
    plan_sha256: str | None = None
    output_key: str | None = None
    output_version: str | None = None
    output_sha256: str | None = None
    profile_digest: str | None = None
    saved_at: str | None = None
    route: str | None = None
    released_attempt: str | None = None
    """The attempt that was released last: its certificate's number."""
    replaces: str | None = None
    """The instance whose released object this one replaced: an older version of the same raw key."""

    @property
    def is_condemned(self) -> bool:
        """Whether what stopped it lies in the object: no attempt may start but by a person's will."""
        return self.status is Status.QUARANTINED and self.reason in OF_THE_OBJECT

    def precedes(self, other: CatalogEntry) -> bool:
        """Whether `other` may replace what this one released: a later version of the same raw object, or itself."""
        same_object = (self.bucket, self.key) == (other.bucket, other.key)
        return same_object and (self.instance_id == other.instance_id or self.sequence <= other.sequence)


@dataclass(frozen=True, slots=True)
class Upload:
    """A raw object version as the event announced it. `sequence` orders the versions of one key: the time S3 gives the
    version, then the event's sequencer.
    """

    instance_id: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    sequence: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The table, by conditional writes only."""

    table: str

    def register(self, upload: Upload, status: Status, reason: Reason | None = None) -> bool:
        """Put the first item of an instance; False when it is known already."""
        now = _now()
        item: dict[str, Any] = {
            "instance_id": upload.instance_id,
            "bucket": upload.bucket,
            "key": upload.key,
            "version_id": upload.version_id,
            "etag": upload.etag,
            "size": upload.size,
            "sequence": upload.sequence,
            "status": status.value,
            "attempt": 1,
            "created_at": now,
            "updated_at": now,
            "lock_version": 1,
            "tool": __version__,
        }
        if reason is not None:
            item["reason"] = reason.value
        with translated("dynamodb"):
            try:
                clients.dynamodb().put_item(
                    TableName=self.table,
                    Item=_serialized(item),
                    ConditionExpression="attribute_not_exists(instance_id)",
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def find(self, instance_id: str) -> CatalogEntry | None:
        """The item, read consistently, or None."""
        with translated("dynamodb"):
            answer = clients.dynamodb().get_item(
                TableName=self.table, Key={"instance_id": {"S": instance_id}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return _entry(item) if item else None

    def get(self, instance_id: str, attempt: int) -> CatalogEntry:
        """The item of a running attempt.

        Raises
        ------
        TransitionError
            When there is none, another attempt is under way, or this one was stopped from outside.
        """
        entry = self.find(instance_id)
        if entry is None or entry.attempt != attempt or entry.status is Status.QUARANTINED:
            raise TransitionError("a running attempt")
        return entry

    def move(self, instance_id: str, attempt: int, to: Status, **attributes: str | None) -> None:
        """Change the status of this attempt, with further attributes (None removes one).

        Raises
        ------
        TransitionError
            When the instance is in a status that `to` may not follow, or another attempt is under way.
        """
        if not self._update(instance_id, attempt, attempt, to, _BEFORE[to], attributes):
            raise TransitionError(to.value)

    def condemn(self, instance_id: str, reason: Reason, state: str) -> None:
        """QUARANTINED for what lies in the object, whatever the status and whichever attempt is under way.

        The first such reason stays. A running attempt stops at its next step.
        """
        lasting = {f":r{index}": {"S": one.value} for index, one in enumerate(sorted(OF_THE_OBJECT))}
        with translated("dynamodb"):
            try:
                clients.dynamodb().update_item(
                    TableName=self.table,
                    Key={"instance_id": {"S": instance_id}},
                    UpdateExpression=(
                        "SET #status = :to, #reason = :reason, #state = :state, #updated_at = :now,"
                        " #lock_version = #lock_version + :one REMOVE #task_token"
                    ),
                    ConditionExpression=(
                        f"attribute_exists(instance_id) AND NOT (#status = :to AND #reason IN ({', '.join(lasting)}))"
                    ),
                    ExpressionAttributeNames={
                        f"#{name}": name
                        for name in ("status", "reason", "state", "updated_at", "lock_version", "task_token")
                    },
                    ExpressionAttributeValues=_serialized(
                        {
                            ":to": Status.QUARANTINED.value,
                            ":reason": reason.value,
                            ":state": state,
                            ":now": _now(),
                            ":one": 1,
                        }
                    )
                    | lasting,
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise

    def start_attempt(self, instance_id: str, attempt: int) -> int | None:
        """Go from `attempt` to the next: RECEIVED again. None when that is not allowed or somebody else did it."""
        cleared = dict.fromkeys(("reason", "state", "task_token", "plan_sha256"))
        started = self._update(instance_id, attempt, attempt + 1, Status.RECEIVED, REDRIVABLE, cleared)
        return attempt + 1 if started else None

    def entries(self, *statuses: Status) -> Iterator[CatalogEntry]:
        """Every item, or those in some statuses (a scan: for redrive, reports and reviews, never for a request).

        The table is read whole, but only what is asked for is sent and decoded: that is most of the time.
        """
        parameters: dict[str, Any] = {"TableName": self.table, "ConsistentRead": True}
        if statuses:
            wanted = {f":s{index}": {"S": status.value} for index, status in enumerate(statuses)}
            parameters |= {
                "FilterExpression": f"#s IN ({', '.join(wanted)})",
                "ExpressionAttributeNames": {"#s": "status"},
                "ExpressionAttributeValues": wanted,
            }
        with translated("dynamodb"):
            for page in clients.dynamodb().get_paginator("scan").paginate(**parameters):
                yield from map(_entry, page["Items"])

    def _update(
        self,
        instance_id: str,
        attempt: int,
        new_attempt: int,
        to: Status,
        before: frozenset[Status],
        attributes: Mapping[str, str | None],
    ) -> bool:
        values: dict[str, Any] = {
            "status": to.value,
            "attempt": new_attempt,
            "updated_at": _now(),
            "tool": __version__,
            **{name: value for name, value in attributes.items() if value is not None},
        }
        removed = [name for name, value in attributes.items() if value is None]
        names = {f"#{name}": name for name in [*values, *removed, "lock_version"]}
        allowed = {f":from{index}": status.value for index, status in enumerate(sorted(before))}
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        expression += ", #lock_version = #lock_version + :one"
        if removed:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        bound = {f":{name}": value for name, value in values.items()} | allowed | {":one": 1, ":current": attempt}
        with translated("dynamodb"):
            try:
                clients.dynamodb().update_item(
                    TableName=self.table,
                    Key={"instance_id": {"S": instance_id}},
                    UpdateExpression=expression,
                    ConditionExpression=f"#attempt = :current AND #status IN ({', '.join(allowed)})",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=_serialized(bound),
                )
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in item.items()}


def _entry(item: Mapping[str, Any]) -> CatalogEntry:
    deserializer = TypeDeserializer()
    plain = {name: deserializer.deserialize(value) for name, value in item.items()}
    known = {name: plain[name] for name in CatalogEntry.__dataclass_fields__ if name in plain}
    for name in ("size", "attempt", "lock_version"):
        known[name] = int(known[name])
    known["status"] = Status(known["status"])
    return CatalogEntry(**known)
