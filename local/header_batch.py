"""Redact the headers of many files: walked in order, worked on by several processes, placed one by one.

What is written is complete or not there: each object is made under a temporary name and linked into place.
"""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from dicom_deid.errors import DeidError, Reason
from dicom_deid.header.profiles import Profile
from dicom_deid.header.report import HeaderReport
from dicom_deid.header.stream import redact
from dicom_deid.header.subject import Subject
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from local.sources import Walk, files_below

CUSTODIAN: Final = "custodian"
_PARTIAL: Final = ".partial"
_AHEAD: Final = 8
"""Files a process may be ahead of the one that is placed: bounds what waits on disk."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
"""Faults of the place that is written to: every further file would meet them, too."""


class FileStatus(StrEnum):
    """How a file ended."""

    WRITTEN = "WRITTEN"
    QUARANTINED = "QUARANTINED"
    DEFERRED = "DEFERRED"
    IGNORED = "IGNORED"


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file of the source. `output` is relative to the output folder, pseudonymous, empty unless it was written.

    `uids` and `patients` are pairs of a source value and its pseudonym, gathered only where a mapping is asked for:
    they are for the custodian alone.
    """

    source: Path
    status: FileStatus
    reason: Reason | None = None
    output: str = ""
    report: HeaderReport | None = None
    uids: tuple[tuple[str, str], ...] = ()
    patients: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What every process of a batch works by."""

    profile: Profile
    key: bytes
    domain: str
    folder: Path
    """Where unfinished objects lie: on the file system of the output."""
    mappings: bool = False


@dataclass(frozen=True, slots=True)
class _Made:
    """An object under its temporary name, or the reason why there is none."""

    temporary: Path | None
    reason: Reason | None
    report: HeaderReport | None = None
    uids: tuple[tuple[str, str], ...] = ()
    patients: tuple[tuple[str, str], ...] = ()


def source_files(source: Path, output: Path) -> Walk:
    """The source itself where it is a file, else every file of the folder but the output's."""
    return Walk((source,), (), 0) if source.is_file() else files_below(source, output)


def redact_files(files: Sequence[Path], output: Path, rules: Rules, jobs: int = 1) -> Iterator[FileResult]:
    """The result of each file, in the order of `files`; a bad file never stops the others.

    Two files of one SOP instance and other bytes: the later one is quarantined, whatever process was faster.

    Raises
    ------
    OSError
        When the output takes nothing more; what was placed before is whole.
    """
    rules.folder.mkdir(parents=True, exist_ok=True)
    try:
        for path, made in _made(files, rules, jobs):
            yield _place(path, made, output)
    finally:
        for left in rules.folder.iterdir():
            left.unlink(missing_ok=True)
        rules.folder.rmdir()


def partial_folder(output: Path) -> Path:
    """Where a run of this process keeps what is not finished."""
    return output / CUSTODIAN / f"{_PARTIAL}-{os.getpid()}"


def _made(files: Sequence[Path], rules: Rules, jobs: int) -> Iterator[tuple[Path, _Made]]:
    if jobs == 1:
        for path in files:
            yield path, _make(path, rules)
        return
    waiting: deque[tuple[Path, Future[_Made]]] = deque()
    executor = ProcessPoolExecutor(jobs)
    try:
        for path in files:
            waiting.append((path, executor.submit(_make, path, rules)))
            if len(waiting) >= jobs * _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        executor.shutdown(cancel_futures=True)


def _make(path: Path, rules: Rules) -> _Made:
    pseudonymiser = Pseudonymiser(rules.key, rules.domain)
    descriptor, name = tempfile.mkstemp(dir=rules.folder)
    temporary = Path(name)
    try:
        with path.open("rb") as source, os.fdopen(descriptor, "w+b") as target:
            report = redact(source, target, rules.profile, pseudonymiser)
            patients = _patient(source, rules.profile, pseudonymiser) if rules.mappings else ()
    except DeidError as error:
        temporary.unlink()
        return _Made(None, error.reason)
    except OSError as error:
        temporary.unlink()
        if error.errno in _FULL:
            raise
        return _Made(None, Reason.SERVICE_UNAVAILABLE)
    except Exception:
        # Whatever it was, the others go on and nothing of this file comes out; its text might hold a value.
        temporary.unlink()
        return _Made(None, Reason.INTERNAL)
    return _Made(temporary, None, report, pseudonymiser.uid_pairs() if rules.mappings else (), patients)


def _patient(source: BinaryIO, profile: Profile, pseudonymiser: Pseudonymiser) -> tuple[tuple[str, str], ...]:
    header = read_header(source)
    return Subject(header, profile, pseudonymiser).patient_pairs()


def _place(path: Path, made: _Made, output: Path) -> FileResult:
    if made.temporary is None or made.report is None:
        return refused(path, made.reason or Reason.INTERNAL)
    report = made.report
    name = f"{report.study_instance_uid}/{report.series_instance_uid}/{report.sop_instance_uid}.dcm"
    target = output / name
    target.parent.mkdir(parents=True, exist_ok=True)
    made.temporary.chmod(0o644)
    _put(made.temporary, target)
    same = filecmp.cmp(made.temporary, target, shallow=False)
    made.temporary.unlink()
    if not same:
        return FileResult(path, FileStatus.QUARANTINED, Reason.SOP_INSTANCE_CONFLICT)
    return FileResult(path, FileStatus.WRITTEN, None, name, report, made.uids, made.patients)


def refused(path: Path, reason: Reason) -> FileResult:
    """A file of which nothing comes out; what the file system did not give may be there the next time."""
    others = {Reason.NOT_DICOM: FileStatus.IGNORED, Reason.SERVICE_UNAVAILABLE: FileStatus.DEFERRED}
    return FileResult(path, others.get(reason, FileStatus.QUARANTINED), reason)


def _put(temporary: Path, target: Path) -> None:
    """Give the finished object its name, unless there is one of that name: nothing is ever replaced."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links. Only this process places objects, so nobody else takes the name.
        if not target.exists():
            copy = temporary.with_suffix(".copy")
            shutil.copyfile(temporary, copy)
            copy.replace(target)
