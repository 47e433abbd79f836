"""What all tests share: which Debian tools are here, and what their absence means."""

from __future__ import annotations

import os
import shutil

import pytest

_PROGRAMS = {"chromium": "chromium", "openssl": "openssl", "tesseract": "tesseract", "dicom3tools": "dciodvfy"}
REQUIRED = os.environ.get("DICOM_DEID_REQUIRE_SYSTEM_TOOLS") == "1"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("system_tool"):
        tool = marker.args[0]
        if shutil.which(_PROGRAMS[tool]) is None:
            if REQUIRED:
                pytest.fail(f"{tool} is required and not installed")
            pytest.skip(f"needs the Debian package {tool}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "needs the Debian package" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests skipped for want of a Debian tool (see docs/development.md)")


@pytest.fixture(autouse=True)
def no_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach an account: whatever credentials the machine has are hidden."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
