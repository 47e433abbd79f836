"""`dicom-deid header`, `conformance`, `profiles`: header de-identification of files, without pixels or cloud."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dicom_deid import __version__
from dicom_deid.errors import ConfigurationError, Reason
from dicom_deid.header.conformance import markdown, statement
from dicom_deid.header.presets import DESCRIPTIONS, profile_named_or_read
from dicom_deid.header.profiles import Profile
from dicom_deid.header.tables import EDITION
from dicom_deid.pseudonyms import Pseudonymiser, load_key, new_key, write_key
from local.header_batch import (
    CUSTODIAN,
    FileResult,
    FileStatus,
    Rules,
    partial_folder,
    redact_files,
    refused,
    source_files,
)
from local.state import make_closed

_USAGE, _INTERNAL, _UNRELEASED = 2, 1, 3

ProfileOption = Annotated[str, typer.Option("--profile", help="A preset, or a .yaml or .toml file.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("header")(header)
    app.command("conformance")(conformance)
    app.command("profiles")(profiles)


def header(
    source: Annotated[Path, typer.Argument(exists=True, help="A DICOM file, or a folder of them.")],
    output: Annotated[Path, typer.Argument(file_okay=False, help="Where the redacted objects go.")],
    profile: ProfileOption = "basic",
    key_file: Annotated[
        Path | None, typer.Option(help="64 hexadecimal digits, mode 0600; $DICOM_DEID_KEY otherwise.")
    ] = None,
    domain: Annotated[str, typer.Option(help="Two domains share no pseudonym.")] = "default",
    report: Annotated[Path | None, typer.Option(help="Write counts of what was done, as JSON.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    mappings: Annotated[
        bool, typer.Option("--mappings", help="Write custodian/uid_mapping.csv and patid_mapping.csv.")
    ] = False,
) -> None:
    """Redact the headers of SOURCE by PS3.15; the pixels pass as they are, and nothing is claimed of them."""
    try:
        if source.resolve() == output.resolve():
            raise ConfigurationError("the output cannot be the source")
        rules = _rules(output, profile, key_file, domain, mappings=mappings)
    except ConfigurationError as error:
        _fail(str(error))
    walk = source_files(source, output)
    results = [*_run(walk.files, output, rules, jobs)]
    results += [refused(path, Reason.SERVICE_UNAVAILABLE) for path in walk.closed]
    _write_custodian_files(output, results, mappings=mappings)
    if report is not None:
        _write(report, json.dumps(_summary(results, rules), indent=2, sort_keys=True) + "\n")
    _tell(results)
    if walk.passed_over:
        typer.echo(f"{walk.passed_over:6d} links, pipes or devices passed over, not followed", err=True)
    raise typer.Exit(_exit_code(results))


def conformance(
    profile: ProfileOption = "basic",
    as_json: Annotated[bool, typer.Option("--json", help="The machine-readable statement.")] = False,
) -> None:
    """Print the conformance statement of a profile (PS3.15 E.1.3)."""
    chosen = _profile(profile)
    typer.echo(json.dumps(statement(chosen), indent=2) if as_json else markdown(chosen))


def profiles() -> None:
    """List the presets."""
    for name, description in DESCRIPTIONS.items():
        typer.echo(f"{name}: {description}")


def _profile(choice: str) -> Profile:
    try:
        return profile_named_or_read(choice)
    except ConfigurationError as error:
        _fail(str(error))


def _rules(output: Path, profile: str, key_file: Path | None, domain: str, *, mappings: bool) -> Rules:
    chosen = profile_named_or_read(profile)
    custodian = output / CUSTODIAN
    make_closed(custodian)
    key = load_key(key_file)
    own = custodian / "key"
    if key is None:
        if not own.exists():
            write_key(own, new_key())
        key = load_key(own) or b""
    Pseudonymiser(key, domain)
    return Rules(chosen, key, domain, partial_folder(output), mappings)


def _run(files: Sequence[Path], output: Path, rules: Rules, jobs: int) -> list[FileResult]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        return list(progress.track(redact_files(files, output, rules, jobs), total=len(files), description="Redacting"))


def _write_custodian_files(output: Path, results: list[FileResult], *, mappings: bool) -> None:
    custodian = output / CUSTODIAN
    rows = [(str(r.source), r.output, r.status.value, r.reason.value if r.reason else "") for r in results]
    _write_table(custodian / "files.csv", ("source", "output", "status", "reason"), rows)
    if mappings:
        for name, pairs in (
            ("uid_mapping.csv", {pair for result in results for pair in result.uids}),
            ("patid_mapping.csv", {pair for result in results for pair in result.patients}),
        ):
            _write_table(custodian / name, ("id_old", "id_new"), sorted(pairs))


def _summary(results: list[FileResult], rules: Rules) -> dict[str, Any]:
    """Counts and codes: no source name, no value of a file."""
    actions: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for result in results:
        if result.report is not None:
            actions.update(result.report.actions)
            warnings.update(result.report.warnings)
    return {
        "schema": 1,
        "tool": f"dicom-deid {__version__}",
        "edition": EDITION,
        "profile": {"name": rules.profile.name, "digest": rules.profile.digest, "codes": list(rules.profile.codes)},
        "key_fingerprint": Pseudonymiser(rules.key, rules.domain).fingerprint,
        "domain": rules.domain,
        "files": dict(Counter(result.status.value for result in results)),
        "reasons": dict(Counter(result.reason.value for result in results if result.reason)),
        "actions": dict(actions),
        "warnings": dict(warnings),
        "outputs": sorted(result.output for result in results if result.output),
    }


def _exit_code(results: Iterable[FileResult]) -> int:
    unreleased = {FileStatus.QUARANTINED, FileStatus.DEFERRED}
    reasons = {result.reason for result in results if result.status in unreleased}
    return _INTERNAL if Reason.INTERNAL in reasons else _UNRELEASED if reasons else 0


def _tell(results: list[FileResult]) -> None:
    counts = Counter(f"{r.status.value.lower()} ({r.reason.value})" if r.reason else "written" for r in results)
    for what, count in sorted(counts.items()):
        typer.echo(f"{count:6d} {what}", err=True)


def _write_table(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    Path(name).replace(path)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).replace(path)


def _fail(message: str) -> NoReturn:
    typer.echo(f"dicom-deid: {message}", err=True)
    raise typer.Exit(_USAGE)
