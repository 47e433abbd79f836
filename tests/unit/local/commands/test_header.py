from __future__ import annotations

import csv
import errno
import json
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
import pytest
import typer
from pydicom.data import get_testdata_file
from typer.testing import CliRunner, Result

from dicom_deid.errors import Reason
from dicom_deid.header.stream import redact
from local import header_batch
from local.commands.header import register
from tests.synthetic import leaks
from tests.synthetic.leaks import Planter

KEY = bytes(range(32)).hex()


def run(*arguments: str | Path, key: str | None = KEY) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"DICOM_DEID_KEY": key})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two good objects, a truncated one, a text; file names that hold a name."""
    folder = tmp_path / "SMITH^JOHN"
    (folder / "deeper").mkdir(parents=True)
    shutil.copy(str(get_testdata_file("CT_small.dcm")), folder / "JOHN SMITH 1.dcm")
    shutil.copy(str(get_testdata_file("MR_small.dcm")), folder / "deeper" / "JOHN SMITH 2.dcm")
    shutil.copy(str(get_testdata_file("rtplan_truncated.dcm")), folder / "truncated.dcm")
    (folder / "notes.txt").write_text("JOHN SMITH")
    return folder


def rows(output: Path) -> dict[str, dict[str, str]]:
    with (output / "custodian" / "files.csv").open(newline="") as stream:
        return {Path(row["source"]).name: row for row in csv.DictReader(stream)}


def tree(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for path in sorted(output.rglob("*.dcm"))}


def test_a_bad_file_never_stops_the_others_and_never_comes_out(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = run("header", source, output)
    assert result.exit_code == 3
    found = rows(output)
    assert {name: (row["status"], row["reason"]) for name, row in found.items()} == {
        "JOHN SMITH 1.dcm": ("WRITTEN", ""),
        "JOHN SMITH 2.dcm": ("WRITTEN", ""),
        "truncated.dcm": ("QUARANTINED", "parse-error"),
        "notes.txt": ("IGNORED", "not-dicom"),
    }
    assert set(tree(output)) == {row["output"] for row in found.values() if row["output"]}


def test_output_names_are_pseudonymous_and_those_of_the_object(source: Path, tmp_path: Path) -> None:
    run("header", source, tmp_path / "out")
    for name in tree(tmp_path / "out"):
        dataset = pydicom.dcmread(tmp_path / "out" / name)
        assert name == f"{dataset.StudyInstanceUID}/{dataset.SeriesInstanceUID}/{dataset.SOPInstanceUID}.dcm"
        assert dataset.StudyInstanceUID.startswith("2.25.")


def test_what_the_custodian_alone_may_see_is_closed(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    run("header", source, output, "--mappings", key=None)
    custodian = output / "custodian"
    assert custodian.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in custodian.iterdir()} == {"files.csv", "key", "patid_mapping.csv", "uid_mapping.csv"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in custodian.iterdir())
    outside = b"".join(content for name, content in tree(output).items())
    assert b"JOHN SMITH" not in outside


def test_mappings_lead_back(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    run("header", source, output, "--mappings")
    original = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    redacted = pydicom.dcmread(output / rows(output)["JOHN SMITH 1.dcm"]["output"])
    for name, old, new in (
        ("uid_mapping.csv", original.SOPInstanceUID, redacted.SOPInstanceUID),
        ("patid_mapping.csv", original.PatientID, redacted.PatientID),
    ):
        with (output / "custodian" / name).open(newline="") as stream:
            assert dict(csv.reader(stream)).get(str(old)) == str(new)


def test_no_mapping_without_being_asked(source: Path, tmp_path: Path) -> None:
    run("header", source, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out" / "custodian").iterdir()} == {"files.csv"}


def test_two_processes_write_what_one_writes(source: Path, tmp_path: Path) -> None:
    run("header", source, tmp_path / "one")
    run("header", source, tmp_path / "two", "--jobs", "2")
    assert tree(tmp_path / "one") == tree(tmp_path / "two") != {}
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


def test_a_second_run_changes_nothing(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    run("header", source, output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.dcm")}
    assert run("header", source, output).exit_code == 3
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.dcm")} == before


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_another_object_under_the_same_uid_is_a_conflict(source: Path, tmp_path: Path, jobs: str) -> None:
    dataset = pydicom.dcmread(source / "JOHN SMITH 1.dcm")
    dataset.Rows, dataset.Columns = dataset.Columns, dataset.Rows
    dataset.KVP = "99"
    dataset.save_as(source / "JOHN SMITH 3.dcm")
    result = run("header", source, tmp_path / "out", "--jobs", jobs)
    assert result.exit_code == 3
    assert rows(tmp_path / "out")["JOHN SMITH 3.dcm"]["reason"] == Reason.SOP_INSTANCE_CONFLICT
    assert pydicom.dcmread(tmp_path / "out" / rows(tmp_path / "out")["JOHN SMITH 1.dcm"]["output"]).KVP != 99


def test_the_report_holds_counts_and_no_value(source: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run("header", source, tmp_path / "out", "--report", report, "--profile", "research")
    content = json.loads(report.read_text())
    assert content["files"] == {"WRITTEN": 2, "QUARANTINED": 1, "IGNORED": 1}
    assert content["reasons"] == {"parse-error": 1, "not-dicom": 1}
    assert content["profile"]["name"] == "research"
    assert len(content["key_fingerprint"]) == 8
    assert "SMITH" not in report.read_text()
    assert KEY not in report.read_text()


def test_a_single_file_is_a_source_too(tmp_path: Path) -> None:
    planter = Planter()
    path = tmp_path / "one.dcm"
    path.write_bytes(leaks.native(planter, [*leaks.pixel_module(), *leaks.identity(planter)]))
    assert run("header", path, tmp_path / "out").exit_code == 0
    assert len(tree(tmp_path / "out")) == 1


def test_an_output_inside_the_source_is_not_read(source: Path) -> None:
    run("header", source, source / "out")
    run("header", source, source / "out")
    assert len(rows(source / "out")) == 4


def test_a_failure_of_ours_is_an_internal_error_and_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("JOHN SMITH")

    monkeypatch.setattr(header_batch, "redact", fail)
    result = run("header", source, tmp_path / "out")
    assert result.exit_code == 1
    assert tree(tmp_path / "out") == {}
    assert "JOHN SMITH" not in result.output
    assert not list((tmp_path / "out" / "custodian").glob(".partial*"))


def test_an_interruption_leaves_no_unfinished_object(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(header_batch, "redact", interrupt)
    assert run("header", source, tmp_path / "out").exit_code == 130
    assert tree(tmp_path / "out") == {}
    assert not list((tmp_path / "out" / "custodian").glob(".partial*"))


@pytest.mark.parametrize(
    "arguments",
    [("--profile", "reserch"), ("--domain", ""), ("--key-file", "/no/such/key"), ("--profile", "/no/such.yaml")],
)
def test_a_wrong_use_is_told_and_ends_in_2(source: Path, tmp_path: Path, arguments: tuple[str, str]) -> None:
    result = run("header", source, tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert tree(tmp_path / "out") == {}


def test_statements() -> None:
    assert json.loads(run("conformance", "--profile", "research", "--json").output)["profile"]["name"] == "research"
    assert "113107" in run("conformance", "--profile", "research").output
    assert "Not HIPAA Safe Harbor" in run("profiles").output
    assert run("conformance", "--profile", "none").exit_code == 2


def test_a_file_that_the_system_does_not_give_is_deferred_and_the_others_are_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = redact

    def refused(stream: BinaryIO, *arguments: Any) -> object:
        if "SMITH 1" in str(stream.name):
            raise OSError(errno.ESTALE, "the text of an error names the file")
        return make(stream, *arguments)

    monkeypatch.setattr(header_batch, "redact", refused)
    assert run("header", source, tmp_path / "out").exit_code == 3
    found = rows(tmp_path / "out")
    assert (found["JOHN SMITH 1.dcm"]["status"], found["JOHN SMITH 1.dcm"]["reason"]) == (
        "DEFERRED",
        "service-unavailable",
    )
    assert found["JOHN SMITH 2.dcm"]["status"] == "WRITTEN"


def test_a_full_disk_ends_the_run_instead_of_refusing_every_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(header_batch, "redact", full)
    ended = run("header", source, tmp_path / "out").exception
    assert isinstance(ended, OSError)
    assert ended.errno == errno.ENOSPC
    assert {path.name for path in (tmp_path / "out").rglob("*")} == {"custodian"}


def test_a_refused_command_leaves_nothing_in_the_source(source: Path) -> None:
    before = sorted(source.rglob("*"))
    assert run("header", source, source, key=None).exit_code == 2
    assert sorted(source.rglob("*")) == before
