"""How a command ends: with a sentence and an exit code, and with no value of a file in either."""

from __future__ import annotations

import errno
import os

import pytest

from local import cli


def ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cause: BaseException) -> tuple[int, str]:
    def fail() -> None:
        raise cause

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(cli, "_COMMANDS", ())
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code, capsys.readouterr().err


def test_a_fault_of_the_system_is_told_in_its_own_words_and_without_the_path(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = ended(capsys, monkeypatch, OSError(errno.ENOSPC, "CITIZEN^JANE", "/share/CITIZEN_JANE/IM1"))
    assert code == 1
    assert os.strerror(errno.ENOSPC) in told
    assert "CITIZEN" not in told


def test_an_unforeseen_error_is_told_by_type_and_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = ended(capsys, monkeypatch, ValueError("CITIZEN^JANE"))
    assert code == 1
    assert "ValueError at test_cli.py:" in told
    assert "CITIZEN" not in told


def test_an_interruption_is_confirmed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, told = ended(capsys, monkeypatch, SystemExit(130))
    assert code == 130
    assert "interrupted" in told
