"""Which assets there are, for which machine, how large each may be, and which handlers it carries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = "3.13"
"""The Lambda runtime."""


class Machine(StrEnum):
    """Lambda's architecture, and the one on which a build machine can try the same versions."""

    ARM64 = "aarch64"
    X86_64 = "x86_64"


@dataclass(frozen=True, slots=True)
class Package:
    """One asset and the size it may have, in MB (10^6 bytes) unzipped: Lambda takes 250 with its layers."""

    name: str
    limit: int

    @property
    def lock(self) -> Path:
        """Its pins, with hashes."""
        return ROOT / f"requirements-lambda-{self.name}.lock"

    def folder(self, machine: Machine = Machine.ARM64) -> Path:
        """Where it is built."""
        return ROOT / "build" / (self.name if machine is Machine.ARM64 else f"{self.name}-{machine}")

    @property
    def archive(self) -> Path:
        """What is deployed."""
        return ROOT / "build" / f"{self.name}.zip"

    @property
    def stamp(self) -> Path:
        """Of which sources and pins the archive was made: `fingerprint` at that time."""
        return self.archive.with_suffix(".stamp")

    def fingerprint(self) -> str:
        """SHA-256 over the pins and the sources, by name and content."""
        digest = hashlib.sha256(self.lock.read_bytes())
        for source in SOURCES:
            for path in sorted((ROOT / "lambdas" / source).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    content = path.read_bytes()
                    digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
                    digest.update(content)
        return digest.hexdigest()

    def is_current(self) -> bool:
        """Whether the archive is there and made of the sources as they are."""
        return self.archive.is_file() and self.stamp.is_file() and self.stamp.read_text() == self.fingerprint()


PACKAGES = (Package("header", 25), Package("pixels", 200))
SOURCES = ("dicom_deid", "services", "handlers")
"""What of lambdas/ is in every asset: small, and one version everywhere."""
