"""`dicom-deid decide`: a person's answer to an instance in review."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dicom_deid.errors import ConfigurationError
from dicom_deid.records import Outcome, ReviewDecision
from local.commands.run import quiet, show_summary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide")(decide)


def decide(
    output: Annotated[Path, typer.Argument(help="The output folder of the run.", exists=True)],
    instance: Annotated[str, typer.Argument(help="The reference in review/ (its first digits are enough).")],
    approve: Annotated[bool, typer.Option("--approve/--reject", help="Release with the boxes, or quarantine.")],
    box: Annotated[list[int] | None, typer.Option(help="Black out only these boxes under review, by index.")] = None,
    no_box: Annotated[bool, typer.Option("--no-box", help="Black out none of the boxes under review.")] = False,
    key_file: Annotated[Path | None, typer.Option(help="File with the 64-digit key, mode 0600.")] = None,
) -> None:
    """Decide about INSTANCE; the decision holds for exactly the boxes that were shown."""
    from local.batch import Batch, output_folder
    from local.engine import running
    from local.report import write_report

    folder = output_folder(output)
    records = folder.records()
    found = [r for r in records.values() if r.status == "IN_REVIEW" and r.instance_id.startswith(instance)]
    if len(found) != 1 or not instance:
        raise ConfigurationError("no instance in review has that reference, or more than one")
    record = found[0]
    under_review = {n for n, one in enumerate(record.boxes) if one.action == "review" and not one.is_whole_frame}
    if not set(box or ()) <= under_review or (box and no_box):
        raise ConfigurationError("--box names a box that is not under review, or stands beside --no-box")
    settings = folder.last_settings(folder.key(key_file))
    reviewer = settings.pseudonymiser().reference(f"reviewer/{getpass.getuser()}")[:16]
    outcome = Outcome.APPROVE if approve else Outcome.REJECT
    chosen = () if no_box else tuple(box) if box else None
    made = ReviewDecision(outcome, record.plan_sha256 or "", reviewer, chosen)
    folder.write_decisions(record.instance_id, [*folder.decisions(record.instance_id), made])
    quiet()
    with running(settings) as engine:
        Batch(engine, folder).decide(record)
    records = folder.records()
    write_report(folder, records, settings)
    show_summary(Console(), records, folder)
    if records[record.key].status != "RELEASED":
        raise typer.Exit(3)
