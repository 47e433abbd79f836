"""Where a run takes its files from: one file, a folder, or a zip. What cannot be read is accounted for, too."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from dicom_deid.errors import BadInputError, ConfigurationError, Reason, ServiceUnavailableError

MAX_BYTES: Final = 1024**3
"""The largest file that a local run takes: its in-process S3 holds objects in memory, several times over."""
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file by its path below the source, which may hold a name; read when it is its turn.

    `key` differs from every other file's; bytes of a file name that are not UTF-8 stand escaped in it.
    """

    key: str
    _read: Callable[[], bytes]

    def read(self) -> bytes:
        """The content.

        Raises
        ------
        BadInputError
            ``too-large`` beyond `MAX_BYTES`, ``parse-error`` when the member of a zip is damaged.
        ServiceUnavailableError
            When the file system does not give the file: no permission, a share that is away, a file that is gone.
        """
        try:
            return self._read()
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
            raise BadInputError(Reason.PARSE_ERROR, "a member of the zip cannot be read") from None
        except OSError:
            raise ServiceUnavailableError("a file of the source cannot be read") from None


@dataclass(frozen=True, slots=True)
class Walk:
    """What lies below a folder."""

    files: tuple[Path, ...]
    """Every regular file, in a stable order."""
    closed: tuple[Path, ...]
    """Folders that could not be listed: whatever they hold was not seen."""
    passed_over: int
    """Links, pipes and devices: none is followed or opened."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a run is to take."""

    files: tuple[SourceFile, ...]
    """A folder that could not be listed stands among them, with a key that ends in ``/``, and cannot be read."""
    passed_over: int = 0


def source_files(source: Path, output: Path) -> Source:
    """Every file of the source, in a stable order.

    Raises
    ------
    ConfigurationError
        When the source does not exist, or is an encrypted or damaged zip.
    """
    if source.is_dir():
        walk = files_below(source, output)
        found = [SourceFile(_key(path.relative_to(source)), partial(_content, path)) for path in walk.files]
        closed = [SourceFile(f"{_key(path.relative_to(source))}/", partial(_content, path)) for path in walk.closed]
        return Source(tuple(_distinct([*found, *closed])), walk.passed_over)
    if not source.is_file():
        raise ConfigurationError("the source does not exist")
    if zipfile.is_zipfile(source):
        return Source(tuple(_distinct(_members(source))))
    return Source((SourceFile(_key(Path(source.name)), partial(_content, source)),))


def files_below(folder: Path, output: Path) -> Walk:
    """What a folder holds at any depth, without the output folder and without following links."""
    files: list[Path] = []
    closed: list[Path] = []
    passed_over = 0
    own = output.resolve()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            closed.append(here)
            continue
        below: list[Path] = []
        for entry in entries:
            path = here / entry.name
            if entry.is_dir(follow_symlinks=False):
                below += [path] if path.resolve() != own else []
            elif entry.is_file(follow_symlinks=False):
                files.append(path)
            else:
                passed_over += 1
        waiting += reversed(below)
    return Walk(tuple(files), tuple(closed), passed_over)


def _key(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _distinct(files: Iterable[SourceFile]) -> list[SourceFile]:
    """The files with a number behind the key where another one has it already: a zip may hold a name twice."""
    taken: set[str] = set()
    named: list[SourceFile] = []
    for file in files:
        key, number = file.key, 2
        while key in taken:
            key, number = f"{file.key} ({number})", number + 1
        taken.add(key)
        named.append(file if key == file.key else replace(file, key=key))
    return named


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        _refuse_larger(os.fstat(stream.fileno()).st_size)
        return stream.read()


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    _refuse_larger(member.file_size)
    return archive.read(member)


def _refuse_larger(size: int) -> None:
    if size > MAX_BYTES:
        raise BadInputError(Reason.TOO_LARGE, "a file exceeds what a local run holds in memory")


def _members(path: Path) -> list[SourceFile]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise ConfigurationError("the zip is damaged") from None
    members = sorted((item for item in archive.infolist() if not item.is_dir()), key=lambda item: item.filename)
    if any(item.flag_bits & _ENCRYPTED for item in members):
        raise ConfigurationError("the zip is encrypted: unpack it first")
    return [SourceFile(item.filename, partial(_member, archive, item)) for item in members]
