"""`dicom-deid demo`: make the sample set, run it, and check that every sample ends as it must."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from local.commands.run import run_batch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(output: Annotated[Path, typer.Argument(help="Where samples and results go.")] = Path("output")) -> None:
    """Make a small realistic set, run the whole pipeline on it, and show what came out."""
    from local.samples import SAMPLES, write_samples

    samples = output / "samples"
    results = output / "results"
    write_samples(samples)
    typer.echo(f"{len(SAMPLES)} synthetic samples in {samples}")
    records = run_batch(samples, results, with_source_images=True)
    wrong = [
        sample.name
        for sample in SAMPLES
        if sample.name not in records
        or records[sample.name].status not in {sample.status, *(["RELEASED"] if sample.status == "IN_REVIEW" else [])}
        or (sample.reason is not None and records[sample.name].reason != sample.reason)
    ]
    if wrong:
        typer.echo(f"{len(wrong)} samples did not end as they must", err=True)
        raise typer.Exit(1)
    typer.echo("Every sample ended as it must. One waits for a person: open the page above, or answer at once:")
    waiting = [record.instance_id for record in records.values() if record.status == "IN_REVIEW"]
    for reference in waiting:
        typer.echo(f"  {sys.argv[0]} decide {results} {reference[:8]} --approve   (or --reject)")
