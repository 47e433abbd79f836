"""The report as a file: its pages, and what it says to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_deid.errors import Reason
from local import report
from local.reasons import MEANINGS
from local.report import write_report
from local.settings import EngineSettings
from local.state import InstanceRecord, OutputFolder


def records(number: int) -> dict[str, InstanceRecord]:
    """Instances of which the last in order waits, and the one before was refused."""
    ends: list[tuple[str, str | None]] = [("RELEASED", None)] * (number - 2)
    ends += [("QUARANTINED", Reason.PARSE_ERROR.value), ("IN_REVIEW", None)]
    return {
        f"CITIZEN/{n}": InstanceRecord(f"CITIZEN/{n}", "", f"{n:032x}", status, reason)
        for n, (status, reason) in enumerate(ends)
    }


def test_many_instances_are_split_into_pages_and_what_needs_a_person_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PER_PAGE", 4)
    folder, settings = OutputFolder(tmp_path), EngineSettings(bytes(32))
    write_report(folder, records(10), settings)
    pages = ["index.html", "page-2.html", "page-3.html"]
    assert sorted(path.name for path in folder.report.glob("*.html")) == pages
    texts = [(folder.report / name).read_text() for name in pages]
    assert [text.count("<article") for text in texts] == [4, 4, 2]
    assert texts[0].index(f"{9:032x}") < texts[0].index(f"{8:032x}") < texts[0].index(f"{0:032x}")
    assert 'href="page-2.html"' in texts[0]
    assert all("CITIZEN" not in text for text in texts)
    write_report(folder, records(3), settings)
    assert [path.name for path in folder.report.glob("*.html")] == ["index.html"]


def test_every_reason_says_what_it_means(tmp_path: Path) -> None:
    assert set(MEANINGS) == set(Reason)
    write_report(OutputFolder(tmp_path), records(3), EngineSettings(bytes(32)))
    assert MEANINGS[Reason.PARSE_ERROR] in (tmp_path / "report" / "index.html").read_text()
