"""The catalog: every legal transition, no illegal one, and one winner where two compete."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import boto3
import pytest
from moto import mock_aws

from dicom_deid.errors import Reason
from services import clients
from services.catalog import Catalog, Status, TransitionError, Upload

ID = "0" * 32
LEGAL = {
    (Status.RECEIVED, Status.ANALYSED),
    (Status.ANALYSED, Status.IN_REVIEW),
    (Status.IN_REVIEW, Status.ANALYSED),
    (Status.ANALYSED, Status.SAVED),
    (Status.SAVED, Status.RELEASED),
    (Status.RELEASED, Status.SUPERSEDED),
    *product((Status.RECEIVED, Status.ANALYSED, Status.IN_REVIEW, Status.SAVED), (Status.QUARANTINED, Status.DEFERRED)),
}
MOVED_TO = tuple(status for status in Status if status not in {Status.RECEIVED, Status.IGNORED})


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    with mock_aws():
        clients.forget()
        boto3.client("dynamodb").create_table(
            TableName="catalog",
            KeySchema=[{"AttributeName": "instance_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "instance_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Catalog("catalog")
    clients.forget()


def upload(instance_id: str = ID) -> Upload:
    return Upload(instance_id, "raw", "CITIZEN^JAN/1.dcm", "v1", "etag", 42, "2026-01-01/1")


def put(catalog: Catalog, status: Status) -> None:
    catalog.register(upload(), status)


def test_an_instance_is_registered_once(catalog: Catalog) -> None:
    assert catalog.register(upload(), Status.RECEIVED)
    assert not catalog.register(upload(), Status.RECEIVED)
    entry = catalog.find(ID)
    assert entry is not None
    assert (entry.status, entry.attempt, entry.size, entry.lock_version) == (Status.RECEIVED, 1, 42, 1)
    assert entry.key == "CITIZEN^JAN/1.dcm"


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(Status, MOVED_TO) if pair[0] != pair[1]])
def test_only_the_transitions_of_the_contract_are_possible(catalog: Catalog, before: Status, after: Status) -> None:
    put(catalog, before)
    if (before, after) in LEGAL:
        catalog.move(ID, 1, after)
        entry = catalog.find(ID)
        assert entry is not None
        assert entry.status is after
        assert entry.lock_version == 2
    else:
        with pytest.raises(TransitionError):
            catalog.move(ID, 1, after)


@pytest.mark.parametrize("status", MOVED_TO)
def test_a_repeated_transition_of_the_same_attempt_is_no_error(catalog: Catalog, status: Status) -> None:
    put(catalog, status)
    catalog.move(ID, 1, status)
    entry = catalog.find(ID)
    assert entry is not None
    assert (entry.status, entry.attempt) == (status, 1)


def test_an_overtaken_attempt_changes_nothing(catalog: Catalog) -> None:
    put(catalog, Status.QUARANTINED)
    assert catalog.start_attempt(ID, 1) == 2
    with pytest.raises(TransitionError):
        catalog.move(ID, 1, Status.ANALYSED)
    with pytest.raises(TransitionError):
        catalog.get(ID, 1)
    assert catalog.get(ID, 2).status is Status.RECEIVED


def test_two_redrives_of_one_attempt_start_one(catalog: Catalog) -> None:
    put(catalog, Status.DEFERRED)
    assert [catalog.start_attempt(ID, 1), catalog.start_attempt(ID, 1)] == [2, None]


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.ANALYSED, Status.SAVED, Status.IGNORED, Status.SUPERSEDED])
def test_a_new_attempt_does_not_start_beside_a_running_one(catalog: Catalog, status: Status) -> None:
    put(catalog, status)
    assert catalog.start_attempt(ID, 1) is None


def test_a_new_attempt_forgets_why_the_last_one_stopped(catalog: Catalog) -> None:
    put(catalog, Status.RECEIVED)
    catalog.move(ID, 1, Status.QUARANTINED, reason=Reason.CODEC_ERROR.value, state="extract_frames")
    catalog.start_attempt(ID, 1)
    entry = catalog.get(ID, 2)
    assert (entry.reason, entry.state, entry.task_token) == (None, None, None)


def test_entries_are_listed_by_status(catalog: Catalog) -> None:
    catalog.register(upload("1" * 32), Status.RECEIVED)
    catalog.register(upload("2" * 32), Status.IGNORED, Reason.NOT_DICOM)
    assert [entry.instance_id for entry in catalog.entries(Status.IGNORED)] == ["2" * 32]
    assert len(list(catalog.entries())) == 2
