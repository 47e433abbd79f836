"""Where a run takes its files from: one file, a folder, or a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from dicom_deid.errors import ConfigurationError


def source_files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Each file as (path below the source, content), in order; hidden files are left out.

    Raises
    ------
    ConfigurationError
        When the source does not exist.
    """
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
                yield path.relative_to(source).as_posix(), path.read_bytes()
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist()):
                if not name.endswith("/"):
                    yield name, archive.read(name)
    elif source.is_file():
        yield source.name, source.read_bytes()
    else:
        raise ConfigurationError("the source does not exist")


def count_files(source: Path) -> int:
    """How many files there are, without reading them."""
    if source.is_dir():
        files = (path for path in source.rglob("*") if path.is_file())
        return sum(1 for p in files if not any(part.startswith(".") for part in p.relative_to(source).parts))
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            return sum(1 for name in archive.namelist() if not name.endswith("/"))
    return 1
