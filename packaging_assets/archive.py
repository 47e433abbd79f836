"""A folder as a zip whose bytes depend on its files alone: no clock, no order of a file system, no owner."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can say."""


def size_of(folder: Path) -> float:
    """MB (10^6 bytes) unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def write(folder: Path, archive: Path) -> str:
    """Write the zip; returns its SHA-256 in hex."""
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
            if not path.is_file():
                continue
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            mode = 0o755 if path.suffix == ".so" or ".so." in path.name else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            target.writestr(entry, path.read_bytes())
    partial.replace(archive)
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
