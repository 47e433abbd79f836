"""The commands of docs/auditing.md, run as they stand: silent on what is whole, and not on what is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.conftest import SampleRun

DOCUMENT = Path(__file__).parents[2] / "docs" / "auditing.md"
KEY, ALL = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


@pytest.fixture
def handed_over(sample_run: SampleRun, tmp_path: Path) -> Path:
    """What an auditor gets: no more than the open folders."""
    for name in ("released", "certificates"):
        shutil.copytree(sample_run.output / name, tmp_path / name)
    return tmp_path


def said(folder: Path, commands: str) -> list[str]:
    done = subprocess.run(["sh", "-c", commands], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.system_tool("openssl")
def test_a_whole_release_is_silent_and_its_key_is_one(handed_over: Path) -> None:
    assert said(handed_over, ALL) == []
    (digest,) = said(handed_over, KEY)
    assert re.fullmatch(r"[0-9a-f]{64}  -", digest)


@pytest.mark.system_tool("openssl")
def test_what_was_tampered_with_is_named(handed_over: Path) -> None:
    first, second = sorted((handed_over / "certificates").glob("*.json"))[:2]
    first.write_text(first.read_text().replace('"result":"pass"', '"result":"fail"', 1))
    assert said(handed_over, ALL) == [
        f"not genuine: certificates/{first.name}",
        f"a check failed: certificates/{first.name}",
    ]
    second.unlink()
    (loose,) = [line for line in said(handed_over, ALL) if "no certificate" in line]
    (handed_over / loose.split()[-1]).write_bytes(b"other bytes")
    assert len([line for line in said(handed_over, ALL) if "no certificate" in line]) == 1
