"""`dicom-deid decide`: a person's answers to what is in review."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dicom_deid.errors import ConfigurationError
from local.commands.run import ProgressBar, progress_on, quiet, show_summary
from local.state import OutputFolder

if TYPE_CHECKING:
    from local.review.decisions import Answer
    from local.state import InstanceRecord


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide")(decide)


def decide(
    output: Annotated[Path, typer.Argument(help="The output folder of the run.", exists=True, file_okay=False)],
    instance: Annotated[
        str | None, typer.Argument(help="The reference on the review page (its first digits are enough).")
    ] = None,
    approve: Annotated[
        bool | None, typer.Option("--approve/--reject", help="Release it with its boxes, or quarantine it.")
    ] = None,
    box: Annotated[
        list[int] | None, typer.Option(help="Of the boxes in doubt, black out only this one; may be repeated.")
    ] = None,
    no_box: Annotated[bool, typer.Option("--no-box", help="Black out none of the boxes in doubt.")] = False,
    decisions: Annotated[
        Path | None, typer.Option(help="The file that the review page saved, in place of INSTANCE.", dir_okay=False)
    ] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with the 64-digit key, mode 0600.")] = None,
) -> None:
    """Answer what is in review: one INSTANCE, or all that the review page saved.

    A decision holds for exactly the boxes that were shown.
    """
    from dicom_deid.records import Outcome
    from local.batch import Batch
    from local.engine import running
    from local.report import write_report
    from local.review.decisions import Answer, read_answers
    from local.review.page import write_review_page

    if (instance is None) == (decisions is None) or (instance is None) != (approve is None) or (box and no_box):
        raise ConfigurationError("tell INSTANCE with --approve or --reject, or --decisions with a file")
    folder = OutputFolder(output.resolve())
    folder.check_is_of_a_run()
    records = folder.records()
    if decisions is not None:
        answers = tuple(answer for answer in read_answers(decisions) if not _is_carried_out(folder, records, answer))
    else:
        record = _waiting(records, instance or "")
        outcome = Outcome.APPROVE if approve else Outcome.REJECT
        answers = (Answer(record.instance_id, record.plan_sha256 or "", outcome, () if no_box else _chosen(box)),)
    settings = folder.last_settings(folder.key(key_file))
    asked = [(_asked(folder, records, answer), answer) for answer in answers]
    reviewer = settings.pseudonymiser().reference(f"reviewer/{getpass.getuser()}")[:16]
    quiet()
    console = Console()
    with running(settings) as engine, progress_on(console) as progress:
        batch = Batch(engine, folder, watcher=ProgressBar.on(progress, "decisions", len(asked)))
        ended = []
        for record, answer in asked:
            before = folder.decisions(record.instance_id)
            folder.write_decisions(record.instance_id, [*before, answer.by(reviewer)])
            ended.append((batch.decide(record), answer))
    records = folder.records()
    write_report(folder, records, settings)
    write_review_page(folder, records)
    show_summary(console, records, folder)
    if any(record.status != "RELEASED" for record, answer in ended if answer.outcome is Outcome.APPROVE):
        raise typer.Exit(3)


def _chosen(box: list[int] | None) -> tuple[int, ...] | None:
    return tuple(box) if box else None


def _waiting(records: Mapping[str, InstanceRecord], reference: str) -> InstanceRecord:
    found = [r for r in records.values() if r.status == "IN_REVIEW" and r.instance_id.startswith(reference)]
    if len(found) != 1 or not reference:
        raise ConfigurationError("no instance in review has that reference, or more than one")
    return found[0]


def _is_carried_out(folder: OutputFolder, records: Mapping[str, InstanceRecord], answer: Answer) -> bool:
    """Whether exactly this was decided before: a page that is still open saves its earlier answers again."""
    waits = any(r.instance_id == answer.instance_ref and r.status == "IN_REVIEW" for r in records.values())
    return not waits and any(
        (made.outcome, made.plan_sha256, made.boxes) == (answer.outcome, answer.plan_sha256, answer.boxes)
        for made in folder.decisions(answer.instance_ref)
    )


def _asked(folder: OutputFolder, records: Mapping[str, InstanceRecord], answer: Answer) -> InstanceRecord:
    """The instance that an answer is about, as it waits now.

    Raises
    ------
    ConfigurationError
        When it does not wait, waits with other boxes than were shown, or a box is named that is not in doubt.
    """
    from local.review.decisions import refuse_unknown_boxes
    from local.review.waiting import kept

    record = _waiting(records, answer.instance_ref)
    if record.plan_sha256 != answer.plan_sha256:
        raise ConfigurationError("an instance waits with other boxes than the page showed: open the page again")
    shown = kept(folder, record.instance_id)
    if shown is not None:
        refuse_unknown_boxes(shown, answer.boxes)
    return record
