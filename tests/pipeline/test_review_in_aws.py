"""A review as it is in AWS: an execution that waits, a page of what waits, an answer that lets it go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from botocore.model import OperationModel

from dicom_deid.errors import ConfigurationError
from dicom_deid.records import Outcome
from local.account import CATALOG, WORK
from local.commands import review
from local.engine import Engine, running
from local.review.decisions import Answer
from local.review.deployed import Deployed
from local.samples import SAMPLES, write_samples
from local.settings import EngineSettings
from services import clients
from services.catalog import Catalog, Status
from stacks.grants import KeyArns
from stacks.names import Names
from stacks.review import _reviewer


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An account in which one instance waits for a person."""
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    (doubtful,) = (sample for sample in SAMPLES if sample.status == "IN_REVIEW")
    with running(EngineSettings(bytes(range(32)))) as account:
        account.upload("CITIZEN/doubtful.dcm", (folder / doubtful.name).read_bytes())
        account.deliver()
        deadline = time.monotonic() + 60
        while not list(account.catalog.entries(Status.IN_REVIEW)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield account


@contextmanager
def rights_used() -> Iterator[set[tuple[str, str]]]:
    """The S3, DynamoDB and Step Functions actions of this thread, each with the key of the object or nothing."""
    used: set[tuple[str, str]] = set()
    here = threading.get_ident()

    def note(params: dict[str, Any], model: OperationModel, **_: object) -> None:
        if threading.get_ident() == here:
            service = {"stepfunctions": "states"}.get(
                model.service_model.service_name, model.service_model.service_name
            )
            used.add((f"{service}:{model.name}", str(params.get("Key", "")) if service == "s3" else ""))

    made = (clients.s3(), clients.dynamodb(), clients.stepfunctions())
    for client in made:
        client.meta.events.register("before-parameter-build", note)
    yield used
    for client in made:
        client.meta.events.unregister("before-parameter-build", note)


def test_a_reviewer_needs_no_right_beyond_their_policy(engine: Engine) -> None:
    names = Names("prod", "111122223333", "ap-southeast-2", "aws")
    allowed = [
        (action, arn.partition("/")[2] if action.startswith("s3:") else "*")
        for statement in _reviewer(names, KeyArns("raw", "deid", "audit", "service", "signing", "secret"))
        for action in _list(statement["Action"])
        for arn in _list(statement["Resource"])
    ]
    deployed = Deployed(WORK, Catalog(CATALOG))
    with rights_used() as used:
        (shown,) = deployed.shown(deployed.references())
        answer = Answer(shown.instance_ref, shown.plan_sha256, Outcome.REJECT)
        deployed.check(answer)
        deployed.answer(answer, "AROAEXAMPLE")
    assert {action for action, _ in used} == {
        "s3:GetObject",
        "s3:PutObject",
        "dynamodb:Scan",
        "dynamodb:GetItem",
        "states:SendTaskSuccess",
    }
    for action, key in used:
        assert any(action == granted and fnmatch(key, pattern) for granted, pattern in allowed), (action, key)
    engine.settle(shown.instance_ref, timeout=60)


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("outcome", "expected"), [(Outcome.APPROVE, Status.RELEASED), (Outcome.REJECT, Status.QUARANTINED)]
)
def test_what_waits_is_shown_and_goes_on_as_a_person_decided(
    engine: Engine, outcome: Outcome, expected: Status
) -> None:
    deployed = Deployed(WORK, Catalog(CATALOG))
    (reference,) = deployed.references()
    (shown,) = deployed.shown([reference])
    assert shown.pictures
    assert [doubt.whole for doubt in shown.doubts] == [False]
    for wrong in (
        Answer(reference, "0" * 64, outcome),
        Answer(reference, shown.plan_sha256, outcome, (shown.doubts[0].index + 1,)),
        Answer("0" * 32, shown.plan_sha256, outcome),
    ):
        with pytest.raises(ConfigurationError):
            deployed.check(wrong)
    answer = Answer(reference, shown.plan_sha256, outcome, (shown.doubts[0].index,))
    deployed.check(answer)
    assert deployed.answer(answer, "AROAEXAMPLE")
    assert engine.settle(reference, timeout=60).status is expected
    with pytest.raises(ConfigurationError, match="does not wait"):
        deployed.check(answer)


def test_the_names_are_those_of_the_templates() -> None:
    names = Names("prod", "111122223333", "ap-southeast-2", "aws")
    deployed = Deployed.of("prod", "111122223333", "ap-southeast-2")
    assert (deployed.work_bucket, deployed.catalog.table) == (names.bucket("work"), names.table("catalog"))


def test_the_folder_of_the_page_must_be_the_reviewers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = Deployed(WORK, Catalog(CATALOG))
    monkeypatch.setattr(Deployed, "references", lambda _: [])
    review._fetch(deployed, tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(ConfigurationError, match="yours alone"):
        review._fetch(deployed, tmp_path / "open")
    assert not list((tmp_path / "open").iterdir())
