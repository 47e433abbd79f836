"""`dicom-deid run`: take files through the whole pipeline."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from dicom_deid.errors import ConfigurationError
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.phi.findings import UnmatchedText
from local.state import InstanceRecord, OutputFolder
from services.text_detection import Engine as OcrEngine

EXIT_WAITING = 3
_VIEW = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?)=(?P<profile>[a-z0-9-]+):(?P<domain>[\w./-]{1,64})")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    source: Annotated[Path, typer.Argument(help="A DICOM file, a folder, or a zip.", exists=True)],
    output: Annotated[Path, typer.Argument(help="Where the results go; a second run goes on there.")],
    key_file: Annotated[Path | None, typer.Option(help="File with the 64-digit key, mode 0600.")] = None,
    domain: Annotated[str, typer.Option(help="Pseudonym domain: the project.")] = "local",
    profile: Annotated[str, typer.Option(help="PS3.15 profile; see `dicom-deid profiles`.")] = "basic",
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Instances at once.")] = 2,
    ocr: Annotated[OcrEngine, typer.Option(help="Which service reads the text.")] = OcrEngine.REKOGNITION,
    threshold: Annotated[float, typer.Option(min=0.01, max=1.0, help="PHI at or above it is redacted.")] = 0.80,
    unmatched_text: Annotated[UnmatchedText, typer.Option(help="Text that nothing explains.")] = UnmatchedText.REDACT,
    with_source_images: Annotated[bool, typer.Option(help="Keep pictures of the sources, in custodian/.")] = False,
    view: Annotated[list[str] | None, typer.Option(help="NAME=PROFILE:DOMAIN, for `serve`; may be repeated.")] = None,
) -> None:
    """De-identify SOURCE into OUTPUT: released, in review, deferred or quarantined, never half done."""
    records = run_batch(
        source,
        output,
        key_file=key_file,
        domain=domain,
        profile=profile,
        jobs=jobs,
        ocr=ocr,
        threshold=threshold,
        unmatched_text=unmatched_text,
        with_source_images=with_source_images,
        views=views_of(view or ()),
    )
    if any(record.status not in {"RELEASED", "IGNORED"} for record in records.values()):
        raise typer.Exit(EXIT_WAITING)


def run_batch(
    source: Path,
    output: Path,
    *,
    key_file: Path | None = None,
    domain: str = "local",
    profile: str = "basic",
    jobs: int = 2,
    ocr: OcrEngine = OcrEngine.REKOGNITION,
    threshold: float = 0.80,
    unmatched_text: UnmatchedText = UnmatchedText.REDACT,
    with_source_images: bool = False,
    views: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, InstanceRecord]:
    """Run, show progress and summary, write the report; the records of every file.

    Raises
    ------
    ConfigurationError
        When key, profile, source or output cannot be used.
    """
    from local.batch import Batch, output_folder
    from local.engine import running
    from local.published import default_views
    from local.report import write_report
    from local.review.page import write_review_page
    from local.settings import EngineSettings
    from local.sources import source_files

    profile_named_or_read(profile)
    found = source_files(source, output)
    folder = output_folder(output)
    settings = EngineSettings(
        key=folder.key(key_file),
        profile=profile,
        domain=domain,
        ocr_engine=ocr.value,
        phi_threshold=threshold,
        unmatched_text=unmatched_text.value,
        views=views or default_views(profile, domain),
    )
    folder.check_settings(settings)
    quiet()
    console = Console()
    with running(settings) as engine, progress_on(console) as progress:
        watcher = ProgressBar.on(progress, "instances", len(found.files))
        records = Batch(engine, folder, with_source_images, jobs, watcher).run(found.files)
        watcher.at("done")
    write_report(folder, records, settings)
    write_review_page(folder, records)
    show_summary(console, records, folder)
    if found.passed_over:
        console.print(f"passed over, not followed: {found.passed_over} links, pipes or devices", soft_wrap=True)
    return records


def views_of(told: Sequence[str]) -> dict[str, dict[str, str]]:
    """The views that ``--view`` names, each ``NAME=PROFILE:DOMAIN``.

    Raises
    ------
    ConfigurationError
        When one has another form, or no such profile.
    """
    views: dict[str, dict[str, str]] = {}
    for text in told:
        found = _VIEW.fullmatch(text)
        if found is None or found["name"] in views:
            raise ConfigurationError("a view is NAME=PROFILE:DOMAIN, with a name of a-z, 0-9 and - of its own")
        profile_named_or_read(found["profile"])
        views[found["name"]] = {"profile": found["profile"], "domain": found["domain"]}
    return views


def quiet() -> None:
    """Libraries that talk on their own: what they say may quote a file."""
    warnings.simplefilter("ignore")
    for name in ("moto", "botocore", "pydicom", "RapidOCR"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def show_summary(console: Console, records: Mapping[str, InstanceRecord], folder: OutputFolder) -> None:
    """How the instances ended, by status and reason; counts only."""
    table = Table(title="dicom-deid", show_header=True)
    table.add_column("outcome")
    table.add_column("reason")
    table.add_column("instances", justify="right")
    ended = Counter((record.status.lower().replace("_", " "), record.reason or "") for record in records.values())
    redacted = sum(
        1 for r in records.values() if r.status == "RELEASED" and any(box.action == "redact" for box in r.boxes)
    )
    for (status, reason), number in sorted(ended.items()):
        table.add_row(status, reason, str(number))
        if status == "released":
            table.add_row("", "of them with boxes", str(redacted))
    table.add_row("all", "", str(len(records)), style="bold")
    console.print(table)
    console.print(f"report: {folder.report / 'index.html'}", soft_wrap=True)
    if any(record.status == "IN_REVIEW" for record in records.values()):
        console.print(f"to decide: {folder.custodian / 'review.html'} (shows patient data)", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class ProgressBar:
    """A run as a line on the terminal: how many of how many, in which state, how long yet."""

    progress: Progress
    task: TaskID

    @classmethod
    def on(cls, progress: Progress, what: str, number: int) -> ProgressBar:
        """A line for so many instances."""
        return cls(progress, progress.add_task(what, total=number, stage="starting"))

    def at(self, stage: str) -> None:
        """An instance is in this state."""
        self.progress.update(self.task, stage=stage)

    def ended(self) -> None:
        """One more instance ended."""
        self.progress.advance(self.task)


def progress_on(console: Console) -> Progress:
    """Lines of progress on a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
