"""Where a run takes its files from: one file, a folder, or a zip."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from dicom_deid.errors import BadInputError, ConfigurationError, Reason

MAX_BYTES: Final = 1024**3
"""The largest file that a local run takes: its in-process S3 holds objects in memory, several times over."""
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file by its path below the source, which may hold a name, and its size in bytes; read when it is its turn."""

    key: str
    size: int
    _read: Callable[[], bytes]

    def read(self) -> bytes:
        """The content.

        Raises
        ------
        BadInputError
            ``too-large`` beyond `MAX_BYTES`, ``parse-error`` when the file or its zip member cannot be read.
        """
        if self.size > MAX_BYTES:
            raise BadInputError(Reason.TOO_LARGE, "a file exceeds what a local run holds in memory")
        try:
            return self._read()
        except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
            raise BadInputError(Reason.PARSE_ERROR, "a file of the source cannot be read") from None


def source_files(source: Path, output: Path) -> list[SourceFile]:
    """Every file of the source, in a stable order.

    Raises
    ------
    ConfigurationError
        When the source does not exist, or is an encrypted or damaged zip.
    """
    if source.is_dir():
        return [_on_disk(path.relative_to(source).as_posix(), path) for path in files_below(source, output)]
    if not source.is_file():
        raise ConfigurationError("the source does not exist")
    if zipfile.is_zipfile(source):
        return _members(source)
    return [_on_disk(source.name, source)]


def files_below(folder: Path, output: Path) -> list[Path]:
    """Every regular file of a folder in a stable order, without the output folder and without following links."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != output.resolve())
        found += [here / name for name in sorted(names) if (here / name).is_file() and not (here / name).is_symlink()]
    return found


def _on_disk(key: str, path: Path) -> SourceFile:
    return SourceFile(key, path.stat().st_size, path.read_bytes)


def _members(path: Path) -> list[SourceFile]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise ConfigurationError("the zip is damaged") from None
    members = sorted((item for item in archive.infolist() if not item.is_dir()), key=lambda item: item.filename)
    if any(item.flag_bits & _ENCRYPTED for item in members):
        raise ConfigurationError("the zip is encrypted: unpack it first")
    return [SourceFile(item.filename, item.file_size, partial(archive.read, item)) for item in members]
