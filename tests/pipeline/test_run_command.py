"""`dicom-deid run` as a person uses it: zips, doubles, interruptions, wrong keys."""

from __future__ import annotations

import csv
import json
import socket
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from dicom_deid import __version__
from dicom_deid.errors import ConfigurationError
from local import sources
from local.commands import decide, run, serve
from local.engine import Engine
from local.state import InstanceRecord, is_final
from services.catalog import CatalogEntry
from tests.synthetic.slice import CT, variant

KEY = "5f" * 32


def dicom_deid(*arguments: str | Path, key: str = KEY) -> Result:
    app = typer.Typer()
    run.register(app)
    decide.register(app)
    serve.register(app)
    environment = {"DICOM_DEID_KEY": key, "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


def records(output: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((output / "custodian" / "state" / "instances.json").read_text())
    return found


def endings(output: Path) -> Mapping[str, tuple[str, str | None]]:
    return {key: (record["status"], record["reason"]) for key, record in records(output).items()}


def test_a_zip_with_doubles_conflicts_and_strangers_accounts_for_every_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, output = tmp_path / "study.zip", tmp_path / "out"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("a/1.dcm", CT)
        members.writestr("b/the same again.dcm", CT)
        members.writestr("c/other pixels.dcm", variant(WindowCenter="41"))
        members.writestr("notes.txt", "no image at all")
    result = dicom_deid("run", archive, output)
    assert result.exit_code == 3
    assert endings(output) == {
        "a/1.dcm": ("RELEASED", None),
        "b/the same again.dcm": ("RELEASED", None),
        "c/other pixels.dcm": ("QUARANTINED", "sop-instance-conflict"),
        "notes.txt": ("IGNORED", "not-dicom"),
    }
    assert len(list((output / "released").rglob("*.dcm"))) == 1
    uploads: list[str] = []
    monkeypatch.setattr(Engine, "upload", lambda _, key, content: uploads.append(key))
    dicom_deid("run", archive, output)
    assert uploads == []


def test_an_interrupted_run_leaves_nothing_half_written_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.dcm").write_bytes(variant(SOPInstanceUID=f"1.2.3.{number}"))
    settle = Engine.settle
    settled: list[str] = []

    def interrupted(engine: Engine, instance_id: str, **named: Any) -> CatalogEntry:
        if len(settled) == 1:
            raise KeyboardInterrupt
        settled.append(instance_id)
        return settle(engine, instance_id, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "settle", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.run_batch(source, output, jobs=1)
    assert [status for status, _ in endings(output).values()] == ["RELEASED"]
    assert not [path for path in output.rglob(".*") if path.is_file()]
    (before,) = (output / "released").rglob("*.dcm")
    stamp = before.stat().st_mtime_ns
    uploads: list[str] = []
    upload = Engine.upload

    def counted(engine: Engine, key: str, content: bytes) -> None:
        uploads.append(key)
        upload(engine, key, content)

    monkeypatch.setattr(Engine, "upload", counted)
    run.run_batch(source, output, jobs=1)
    assert uploads == ["1.dcm", "2.dcm"]
    assert set(endings(output).values()) == {("RELEASED", None)}
    assert before.stat().st_mtime_ns == stamp


def test_another_key_or_a_strange_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    output = tmp_path / "out"
    (tmp_path / "1.txt").write_text("nothing")
    assert dicom_deid("run", tmp_path / "1.txt", output).exit_code == 0
    refused = dicom_deid("run", tmp_path / "1.txt", output, key="60" * 32)
    assert isinstance(refused.exception, ConfigurationError)
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "thesis.docx").write_text("mine")
    assert isinstance(dicom_deid("run", tmp_path / "1.txt", strange).exception, ConfigurationError)
    assert [path.name for path in strange.iterdir()] == ["thesis.docx"]


def test_a_decision_needs_one_instance_in_review(tmp_path: Path) -> None:
    output = tmp_path / "out"
    (tmp_path / "1.txt").write_text("nothing")
    dicom_deid("run", tmp_path / "1.txt", output)
    assert isinstance(dicom_deid("decide", output, "00", "--approve").exception, ConfigurationError)


def test_files_of_the_same_name_from_two_folders_are_both_accounted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, folders = tmp_path / "out", (tmp_path / "monday", tmp_path / "tuesday")
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "IM1").write_bytes(variant(SOPInstanceUID=f"1.2.3.{number}"))
        dicom_deid("run", folder, output)
    with (output / "custodian" / "files.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["source"] for row in rows} == {"IM1"}
    assert {row["output"] for row in rows} == {str(p.relative_to(output)) for p in output.rglob("*.dcm")}
    assert {row["instance_ref"] for row in rows} == {path.stem for path in (output / "certificates").glob("*.json")}
    uploads: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "upload", lambda _, key, content: uploads.append(key))
        for folder in folders:
            dicom_deid("run", folder, output)
    assert uploads == []
    (folders[1] / "IM1").write_bytes(variant(SOPInstanceUID="1.2.3.1", WindowCenter="41"))
    assert dicom_deid("run", folders[1], output).exit_code == 0
    assert len(records(output)) == len(list((output / "released").rglob("*.dcm"))) == 2


def test_what_could_not_be_read_waits_for_the_next_run_and_keeps_what_was_made_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    deep = source.joinpath(*["folder" * 30] * 7)
    deep.mkdir(parents=True)
    (deep / "beyond what a key may hold.dcm").write_bytes(CT)
    key = next(iter(path.relative_to(source).as_posix() for path in source.rglob("*.dcm")))
    assert len(key) > 1024

    def away(path: Path) -> bytes:
        raise TimeoutError

    for expected, is_away in (("DEFERRED", True), ("RELEASED", False), ("RELEASED", True)):
        with monkeypatch.context() as patched:
            if is_away:
                patched.setattr(sources, "_content", away)
            result = dicom_deid("run", source, output)
        assert result.exit_code == (3 if expected == "DEFERRED" else 0)
        assert [status for status, _ in endings(output).values()] == [expected]


@pytest.mark.parametrize(
    ("status", "reason", "tool", "expected"),
    [
        ("RELEASED", None, __version__, True),
        ("IN_REVIEW", None, "0.0.1", True),
        ("DEFERRED", "service-unavailable", __version__, False),
        ("QUARANTINED", "parse-error", __version__, True),
        ("QUARANTINED", "parse-error", "0.0.1", False),
        ("QUARANTINED", "internal", __version__, False),
        ("QUARANTINED", "review-rejected", "0.0.1", True),
    ],
)
def test_a_second_run_takes_up_what_was_no_fault_of_the_file(
    status: str, reason: str | None, tool: str, expected: bool
) -> None:
    assert is_final(InstanceRecord("key", "", "", status, reason, tool=tool)) is expected


@pytest.mark.parametrize("arguments", [("decide", "00", "--approve"), ("serve",)])
def test_a_command_that_goes_on_refuses_another_folder_and_leaves_it_alone(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    refused = dicom_deid(arguments[0], tmp_path, *arguments[1:])
    assert "not the output of a run" in str(refused.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("nothing")
    dicom_deid("run", tmp_path / "1.txt", tmp_path / "out")
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = dicom_deid("serve", tmp_path / "out", "--port", str(other.getsockname()[1]))
    assert "in use" in str(refused.exception)
