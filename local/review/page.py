"""The page for the reviewer: one file that needs nothing else, asks no server, and is for one pair of eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from local.rendering import template
from local.review.waiting import Waiting, kept
from local.state import InstanceRecord, OutputFolder, write_if_changed

MOST: Final = 100
"""Instances on one page: with their pictures, some 50 MB at most."""


def page(found: Sequence[Waiting], command: str, waiting: int) -> bytes:
    """The HTML of the first of `waiting` instances; `command` is what takes the file of decisions."""
    return template("review.html").render(instances=found, command=command, waiting=waiting).encode()


def page_path(folder: OutputFolder) -> Path:
    """Where the page of a run is: with the custodian, who alone may open it."""
    return folder.custodian / "review.html"


def write_review_page(folder: OutputFolder, records: Mapping[str, InstanceRecord]) -> Path | None:
    """Write the page of what waits in an output folder, or take it away where nothing does."""
    references = sorted(record.instance_id for record in records.values() if record.status == "IN_REVIEW")
    path = page_path(folder)
    if not references:
        path.unlink(missing_ok=True)
        return None
    found = [one for reference in references[:MOST] if (one := kept(folder, reference)) is not None]
    command = f".venv/bin/dicom-deid decide {quote(str(folder.root))} --decisions decisions.json"
    write_if_changed(path, page(found, command, len(references)))
    return path
