"""The folder that holds patient data is closed, or nothing is put into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_deid.errors import ConfigurationError
from local.state import OutputFolder


def test_the_custodians_folder_is_closed_also_where_it_was_open(tmp_path: Path) -> None:
    (tmp_path / "out" / "custodian").mkdir(parents=True, mode=0o755)
    OutputFolder(tmp_path / "out").prepare()
    assert (tmp_path / "out" / "custodian").stat().st_mode & 0o777 == 0o700


def test_a_file_system_without_modes_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out" / "custodian").mkdir(parents=True, mode=0o755)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    with pytest.raises(ConfigurationError, match="close a folder to others"):
        OutputFolder(tmp_path / "out").prepare()
    assert not list((tmp_path / "out" / "custodian").iterdir())
