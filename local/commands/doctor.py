"""`dicom-deid doctor`: what an AWS account lacks, before the first deployment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from local.preflight.finding import Finding

EXIT_TO_DO = 3
_STYLES = {"fine": "green", "advice": "yellow", "unknown": "yellow", "blocker": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    settings: Annotated[Path, typer.Option(help="The deployment's settings.", exists=True, dir_okay=False)] = Path(
        "cdk.json"
    ),
    region: Annotated[str | None, typer.Option(help="Instead of the settings' own.")] = None,
) -> None:
    """Ask the caller's AWS account what a deployment needs; changes nothing. Exits 3 when something is to be done."""
    from local.deployment_settings import deployment_settings
    from local.preflight.run import examine, open_account

    chosen = deployment_settings(settings, region=region)
    account = open_account(chosen)
    findings = list(examine(account))
    _show(Console(), account.region, findings)
    if any(finding.verdict in ("blocker", "unknown") for finding in findings):
        raise typer.Exit(EXIT_TO_DO)


def _show(console: Console, region: str, findings: Sequence[Finding]) -> None:
    table = Table(title=f"dicom-deid doctor: {region}")
    for column in ("", "subject", "seen", "to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        style = _STYLES[finding.verdict]
        table.add_row(f"[{style}]{finding.verdict}[/]", finding.subject, finding.seen, finding.todo)
    console.print(table)
