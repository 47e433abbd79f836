"""Every pair of settings synthesizes, offline and without credentials, the same by every way there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import cdk_nag
import pytest
from aws_cdk import App

from app import synthesize
from stacks.acknowledgments import PACKS, Acknowledged, acknowledge, explanations, known_reasons
from stacks.app import build
from stacks.settings import PREFIX, Settings, from_context
from tests.infrastructure.settings_levels import LEVELS, all_pairs, pairs_of, possible, rows, settings_of
from tests.infrastructure.templates import ACCOUNT, MODES, ROOT, STACKS, UNSTAGED

ROWS = rows()


def context(settings: Mapping[str, object]) -> dict[str, object]:
    return {**UNSTAGED, **{f"{PREFIX}{name}": value for name, value in settings.items()}}


def offline() -> dict[str, str]:
    """An environment without credentials, in which whatever asks for the network fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    dead = "http://127.0.0.1:9"
    bin_folder = str(Path(sys.executable).parent)
    return kept | {
        "PATH": f"{bin_folder}:{kept['PATH']}",
        "HTTPS_PROXY": dead,
        "HTTP_PROXY": dead,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def cdk_synth(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "node_modules" / ".bin" / "cdk"), "synth", "--quiet", "--no-notices", "--output", str(folder)]
    return subprocess.run(
        [*command, *more], cwd=ROOT, env=offline(), capture_output=True, text=True, timeout=240, check=False
    )


def options(settings: Mapping[str, object]) -> list[str]:
    """The settings as one types them behind the command."""
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    return [part for name, value in told.items() for part in ("-c", f"{PREFIX}{name}={value}")]


def python_alone(folder: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = offline() | {"CDK_OUTDIR": str(folder)} | dict(more or {})
    return subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


def templates(folder: Path) -> dict[str, str]:
    return {name: (folder / f"{name}.template.json").read_text() for name in STACKS}


def test_the_table_has_every_setting_and_every_pair_of_values_in_at_most_16_rows() -> None:
    assert set(LEVELS) == set(Settings.model_fields) - {"nag"}
    assert len(ROWS) <= 16
    assert all(possible(row) for row in ROWS)
    assert all_pairs() <= set().union(*map(pairs_of, ROWS))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row-{ROWS.index(row)}")
def test_every_pair_of_settings_synthesizes_without_a_finding(row: Mapping[str, int], tmp_path: Path) -> None:
    """The same by the cdk command and by Python alone. With an account, cdk-nag runs within, and fails on a finding."""
    settings = settings_of(row)
    asked = {**settings, "nag": "account" in settings}
    command = cdk_synth(tmp_path / "cdk", "--app", f"{sys.executable} app.py", "--no-staging", *options(asked))
    assert command.returncode == 0, command.stderr
    report = tmp_path / "cdk" / "validation-report.json"
    assert not report.exists() or '"conclusion": "failure"' not in report.read_text()
    alone = python_alone(tmp_path / "python", {"CDK_CONTEXT_JSON": json.dumps(context(asked))})
    assert alone.returncode == 0, alone.stderr
    assert templates(tmp_path / "cdk") == templates(tmp_path / "python")


def test_python_alone_synthesizes_the_context_of_cdk_json(tmp_path: Path) -> None:
    assert python_alone(tmp_path / "python").returncode == 0
    synthesize(str(tmp_path / "tests"), {})
    assert templates(tmp_path / "python") == templates(tmp_path / "tests")


def test_the_cdk_command_makes_the_same_templates_and_its_own_context_wins(tmp_path: Path) -> None:
    asked = cdk_synth(tmp_path / "cdk", "--app", f"{sys.executable} app.py", "-c", f"{PREFIX}stage=lab4")
    assert asked.returncode == 0, asked.stderr
    synthesize(str(tmp_path / "tests"), {f"{PREFIX}stage": "lab4"})
    assert templates(tmp_path / "cdk") == templates(tmp_path / "tests")
    assert "dicom-deid-lab4-raw-" in templates(tmp_path / "cdk")["Data"]


def test_the_cdk_command_fails_on_a_wrong_setting_and_names_it(tmp_path: Path) -> None:
    wrong = cdk_synth(tmp_path / "wrong", "--app", f"{sys.executable} app.py", "-c", f"{PREFIX}unmatched_text=ignore")
    assert wrong.returncode != 0
    assert f"{PREFIX}unmatched_text" in wrong.stderr


@pytest.mark.parametrize("settings", MODES, ids=str)
def test_cfn_lint_finds_nothing(settings: Mapping[str, object], tmp_path: Path) -> None:
    from cfnlint.api import lint_file

    synthesize(str(tmp_path), context({"account": ACCOUNT, **settings}))
    found = [str(match) for name in STACKS for match in lint_file(tmp_path / f"{name}.template.json")]
    assert found == []


def findings(settings: Mapping[str, object]) -> tuple[set[tuple[str, str]], list[Acknowledged], set[str]]:
    """What cdk-nag finds where nothing is acknowledged, what is acknowledged, and what checkov is told."""
    app = App(analytics_reporting=False)
    build(app, from_context(context({"account": ACCOUNT, **settings})), acknowledged=False)
    found = {
        (str(resource.construct_path), violation.rule_name)
        for pack in PACKS
        for violation in pack(app).validate_scope(app).violations
        for resource in violation.violating_resources
    }
    return found, acknowledge(app), set(explanations(app).values())


def test_every_acknowledgment_answers_a_finding_on_its_one_resource() -> None:
    used: set[str] = set()
    for settings in MODES:
        found, acknowledged, told = findings(settings)
        nag = [one for one in acknowledged if not one.rule.startswith("CloudFormation-Validate")]
        assert {(one.path, one.rule) for one in nag} == found
        assert all(one.path.count("/") >= 1 for one in acknowledged), "an acknowledgment on a whole stack"
        assert all(len(one.reason) > 25 for one in acknowledged)
        used |= {one.reason for one in acknowledged} | told
    assert {text for text in known_reasons() if not any(text in reason for reason in used)} == set()


def test_an_unacknowledged_finding_stops_the_synthesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.app.acknowledge", lambda app: [])
    with pytest.raises(RuntimeError, match="AwsSolutions-SMG4"):
        synthesize(str(tmp_path), context({"account": ACCOUNT, "nag": True}))


def test_the_packs_are_the_four_that_were_asked_for() -> None:
    assert [pack.__name__ for pack in PACKS] == [
        cdk_nag.AwsSolutionsChecks.__name__,
        cdk_nag.HIPAASecurityChecks.__name__,
        cdk_nag.NIST80053R5Checks.__name__,
        cdk_nag.ServerlessChecks.__name__,
    ]
