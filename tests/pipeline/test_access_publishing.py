"""How what is visible comes and goes: publishing, copies, changed views, newer uploads, quarantine, the backfill."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import pydicom
import pytest
from pydicom.data import get_testdata_file

from dicom_deid.header.profiles import Profile
from dicom_deid.header.stream import RedactedObject, open_redacted
from handlers import list_uploads, publish_views, quarantine, verify_redaction
from handlers.view_object import is_current, opened
from local.account import ACCESS, DEID, EVIDENCE, RAW, SECRET, WORK
from local.engine import Engine, running
from local.environment import applied
from local.settings import EngineSettings
from services import clients, objects, views
from services.access_table import AccessItem, AccessTable
from services.catalog import CatalogEntry, Status
from services.objects import ObjectVersion
from services.uploads import tag
from tests.synthetic.silent import Silent

CT = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
VIEWS = {"alpha": {"profile": "basic", "domain": "alpha"}, "beta": {"profile": "research", "domain": "beta"}}
CHANGED = {**VIEWS, "beta": {"profile": "longitudinal", "domain": "gamma"}}
MATERIALISED = {"DICOM_DEID_ACCESS": "materialised"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with running(EngineSettings(bytes(range(32)), retry_attempts=0, views=VIEWS), text=Silent(), phi=Silent()) as found:
        yield found


def release(engine: Engine, content: bytes = CT) -> CatalogEntry:
    engine.upload("ct.dcm", content)
    engine.deliver()
    return ended(engine)


def ended(engine: Engine, older: CatalogEntry | None = None) -> CatalogEntry:
    """The one entry that there is, or the other one, at its end."""
    (found,) = [e for e in engine.catalog.entries() if older is None or e.instance_id != older.instance_id]
    engine.settle(found.instance_id, 60)
    engine.drain()
    entry = engine.catalog.find(found.instance_id)
    assert entry is not None
    assert entry.status is Status.RELEASED
    return entry


def shown(entry: CatalogEntry) -> dict[str, AccessItem]:
    return {item.view: item for item in AccessTable(ACCESS).of_instance(entry.instance_id)}


def publish(entry: CatalogEntry) -> None:
    publish_views.handle({"instance_id": entry.instance_id, "attempt": entry.attempt}, None)


def as_served(item: AccessItem, view: Mapping[str, str]) -> bytes:
    raw = ObjectVersion(RAW, item.raw_key, item.raw_version)
    saved = ObjectVersion(DEID, item.deid_key, item.deid_version)
    cleaned = item.pixels_cleaned
    with opened(views.View(item.view, **view), raw, saved, secret_id=SECRET, pixels_cleaned=cleaned) as made:
        return b"".join(made.read())


def test_a_release_is_visible_in_every_view_under_keys_of_its_own(engine: Engine) -> None:
    items = shown(release(engine))
    assert set(items) == set(VIEWS)
    for name, item in items.items():
        content = as_served(item, VIEWS[name])
        dataset = pydicom.dcmread(io.BytesIO(content))
        uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
        assert item.view_key == f"{name}/{'/'.join(uids)}.dcm"
        assert item.size == len(content)
    assert not set(items["alpha"].view_key.split("/")) & set(items["beta"].view_key.split("/"))


def test_copies_lie_under_the_same_keys_and_hold_the_same_bytes(engine: Engine) -> None:
    entry = release(engine)
    before = shown(entry)
    with applied(MATERIALISED):
        publish(entry)
        publish(entry)
    assert shown(entry) == before
    for name, item in before.items():
        assert objects.read_bytes(ObjectVersion(DEID, item.view_key)) == as_served(item, VIEWS[name])
    versions = boto3.client("s3").list_object_versions(Bucket=DEID)["Versions"]
    assert len(versions) == 1 + len(VIEWS)


def test_what_a_view_showed_under_another_key_is_taken_back_with_its_copy(engine: Engine) -> None:
    entry = release(engine)
    with applied(MATERIALISED):
        publish(entry)
        before = shown(entry)
        with applied({"DICOM_DEID_VIEWS": json.dumps(CHANGED)}):
            publish(entry)
    after = shown(entry)
    assert after["alpha"] == before["alpha"]
    assert after["beta"].view_key != before["beta"].view_key
    assert AccessTable(ACCESS).find("beta", before["beta"].view_key) is None
    assert objects.head(ObjectVersion(DEID, before["beta"].view_key)) is None
    assert objects.head(ObjectVersion(DEID, after["beta"].view_key)) is not None


def test_a_view_that_is_gone_shows_nothing_any_more(engine: Engine) -> None:
    entry = release(engine)
    with applied({"DICOM_DEID_VIEWS": json.dumps({"alpha": VIEWS["alpha"]})}):
        publish(entry)
    assert set(shown(entry)) == {"alpha"}


def test_publishing_again_changes_nothing_not_even_the_date(engine: Engine) -> None:
    entry = release(engine)
    before = shown(entry)
    publish(entry)
    assert shown(entry) == before


def test_a_newer_upload_is_shown_only_once_it_is_released(engine: Engine) -> None:
    first = release(engine)
    before = shown(first)
    newer = pydicom.dcmread(io.BytesIO(CT))
    newer.WindowCenter = "41"
    content = io.BytesIO()
    newer.save_as(content)
    engine.upload("ct.dcm", content.getvalue())
    assert as_served(before["alpha"], VIEWS["alpha"])
    assert shown(first) == before
    engine.deliver()
    second = ended(engine, first)
    assert second.instance_id != first.instance_id
    assert shown(first) == {}
    assert {name: item.view_key for name, item in shown(second).items()} == {
        name: item.view_key for name, item in before.items()
    }
    assert pydicom.dcmread(io.BytesIO(as_served(shown(second)["alpha"], VIEWS["alpha"]))).WindowCenter == 41


def test_an_older_upload_that_is_late_takes_no_place_and_writes_no_copy(engine: Engine) -> None:
    with applied(MATERIALISED):
        first = release(engine)
        newer = pydicom.dcmread(io.BytesIO(CT))
        newer.WindowCenter = "41"
        content = io.BytesIO()
        newer.save_as(content)
        time.sleep(1.1)
        engine.upload("ct.dcm", content.getvalue())
        engine.deliver()
        second = ended(engine, first)
        before = shown(second)
        copies = {item.view_key: objects.read_bytes(ObjectVersion(DEID, item.view_key)) for item in before.values()}
        late = engine.catalog.find(first.instance_id)
        assert late is not None
        for view in views.parse(json.dumps(VIEWS)):
            assert publish_views.publish(late, view, AccessTable(ACCESS)) is None
    assert shown(second) == before
    assert all(objects.read_bytes(ObjectVersion(DEID, key)) == copy for key, copy in copies.items())


def test_what_a_replaced_instance_showed_elsewhere_is_taken_back(engine: Engine) -> None:
    first = release(engine)
    before = shown(first)["beta"]
    with applied({"DICOM_DEID_VIEWS": json.dumps(CHANGED)}):
        newer = pydicom.dcmread(io.BytesIO(CT))
        newer.WindowCenter = "41"
        content = io.BytesIO()
        newer.save_as(content)
        engine.upload("ct.dcm", content.getvalue())
        engine.deliver()
        second = ended(engine, first)
    assert shown(second)["beta"].view_key != before.view_key
    assert AccessTable(ACCESS).find("beta", before.view_key) is None


def test_an_instance_whose_new_attempt_is_quarantined_is_shown_no_longer(engine: Engine) -> None:
    entry = release(engine)
    with applied(MATERIALISED):
        publish(entry)
        keys = [item.view_key for item in shown(entry).values()]
        attempt = engine.catalog.start_attempt(entry.instance_id, entry.attempt)
        quarantine.handle(
            {"instance_id": entry.instance_id, "attempt": attempt, "failure": {"Error": "verify-leak"}}, None
        )
    assert shown(entry) == {}
    assert all(objects.head(ObjectVersion(DEID, key)) is None for key in keys)


def test_the_backfill_rolls_a_changed_view_out(engine: Engine) -> None:
    entry = release(engine)
    assert _backfill("first") == []
    with applied({"DICOM_DEID_VIEWS": json.dumps(CHANGED)}):
        (started,) = _backfill("second")
        given: dict[str, Any] = {"instance_id": entry.instance_id, "attempt": entry.attempt + 1}
        assert started == {"name": f"{entry.instance_id}-2", "input": given}
        assert _backfill("again") == [started]
        engine.start(given["instance_id"], given["attempt"])
        again = ended(engine)
        changed = {view.name: view for view in views.parse(json.dumps(CHANGED))}
        assert all(is_current(item, changed[name]) for name, item in shown(again).items())
        assert _backfill("third") == []
    assert again.attempt == 2
    assert any(f"{entry.instance_id}/2" in key for key in objects.keys_under(EVIDENCE, "certificates/"))


def _backfill(name: str) -> list[dict[str, Any]]:
    told = list_uploads.handle({"backfill": name}, None)
    content = clients.s3().get_object(Bucket=WORK, Key=told["manifest"])["Body"].read()
    manifest: list[dict[str, Any]] = json.loads(content)
    return manifest


@pytest.mark.parametrize(
    ("result", "status"),
    [(None, None), ("NO_THREATS_FOUND", "RECEIVED"), ("THREATS_FOUND", "QUARANTINED"), ("FAILED", "QUARANTINED")],
)
def test_a_backfill_starts_only_what_the_scan_found_clean(
    engine: Engine, result: str | None, status: str | None
) -> None:
    engine.upload("ct.dcm", CT)
    if result is not None:
        tags = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": result}]}
        clients.s3().put_object_tagging(Bucket=RAW, Key="ct.dcm", Tagging=tags)  # type: ignore[arg-type]
    with applied({"DICOM_DEID_MALWARE_SCAN": "true"}):
        started = _backfill("scanned")
    entries = list(engine.catalog.entries())
    assert [entry.status for entry in entries] == ([] if status is None else [status])
    received = [one.instance_id for one in entries if status == "RECEIVED"]
    assert [one["input"]["instance_id"] for one in started] == received
    assert all(entry.reason == "malware" for entry in entries if status == "QUARANTINED")


def test_an_upload_that_is_gone_has_no_tag(engine: Engine) -> None:
    engine.upload("ct.dcm", CT)
    assert tag(ObjectVersion(RAW, "ct.dcm"), "GuardDutyMalwareScanStatus") is None
    assert tag(ObjectVersion(RAW, "gone.dcm"), "GuardDutyMalwareScanStatus") is None


def test_a_view_whose_output_leaks_is_never_published(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    original = open_redacted

    def leaking(raw: BinaryIO, profile: Profile, *arguments: Any, **named: Any) -> RedactedObject:
        made = original(raw, profile, *arguments, **named)
        return replace(made, _prefix=CT) if profile.name == "research" else made

    monkeypatch.setattr(verify_redaction, "open_redacted", leaking)
    engine.upload("ct.dcm", CT)
    engine.deliver()
    (found,) = engine.catalog.entries()
    engine.settle(found.instance_id, 60)
    engine.drain()
    (entry,) = engine.catalog.entries()
    assert (entry.status, entry.reason) == (Status.QUARANTINED, "verify-view")
    assert shown(entry) == {}
