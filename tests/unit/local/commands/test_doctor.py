"""The command: exit codes, and that it says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from dicom_deid.errors import ConfigurationError
from local.commands import doctor
from local.preflight import run
from local.preflight.finding import Finding, Verdict
from stacks.settings import Settings


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def cdk_json(tmp_path: Path) -> Path:
    path = tmp_path / "cdk.json"
    path.write_text(json.dumps({"context": {"dicom-deid:stage": "lab"}}))
    return path


def invoke(cdk_json: Path, *more: str) -> tuple[int, str]:
    app = typer.Typer()
    doctor.register(app)
    result = CliRunner().invoke(app, ["--settings", str(cdk_json), *more], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.FINE, 0), (Verdict.ADVICE, 0), (Verdict.UNKNOWN, 3), (Verdict.BLOCKER, 3)],
)
def test_it_exits_3_when_something_is_to_be_done_or_not_known(
    cdk_json: Path, monkeypatch: pytest.MonkeyPatch, credentials: None, verdict: Verdict, code: int
) -> None:
    finding = Finding("the subject", verdict, "as it stands", "what to do")
    monkeypatch.setattr(run, "CHECKS", {"one": lambda account: iter([finding])})
    with mock_aws():
        ended, shown = invoke(cdk_json)
    assert ended == code
    assert all(text in shown for text in ("the subject", "as it stands", "what to do", verdict.value))


def test_the_region_can_be_another_one(cdk_json: Path, monkeypatch: pytest.MonkeyPatch, credentials: None) -> None:
    monkeypatch.setattr(
        run, "CHECKS", {"one": lambda account: iter([Finding(account.region, Verdict.FINE, account.number)])}
    )
    with mock_aws():
        assert "eu-west-1" in invoke(cdk_json, "--region", "eu-west-1")[1]


def test_without_credentials_it_says_so(cdk_json: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigurationError, match="sign in"):
        invoke(cdk_json)


def test_credentials_of_another_account_are_refused(credentials: None) -> None:
    with mock_aws(), pytest.raises(ConfigurationError, match="another account"):
        run.open_account(Settings(account="999999999999"))


@pytest.mark.parametrize(
    "content", ['{"context": {"dicom-deid:unmatched_text": "ignore"}}', "{}", "no json"], ids=["setting", "key", "json"]
)
def test_wrong_settings_are_a_usage_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "cdk.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"cdk\.json"):
        invoke(tmp_path / "cdk.json")


@pytest.mark.parametrize("name", ["services", "CDK bootstrap", "GuardDuty detector", "principals", "CloudTrail"])
def test_the_checks_call_the_services_as_they_are(
    credentials: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Against moto, where it has the operation: the calls are valid and the answers are read."""
    monkeypatch.setattr(run, "CHECKS", {name: run.CHECKS[name]})
    settings = Settings(custodians=("arn:aws:iam::123456789012:role/nobody",))
    with mock_aws():
        findings = list(run.examine(run.open_account(settings)))
    expected = Verdict.BLOCKER if name in ("CDK bootstrap", "principals") else Verdict.FINE
    assert findings[0].verdict is expected
    assert not any(finding.verdict is Verdict.UNKNOWN for finding in findings)
