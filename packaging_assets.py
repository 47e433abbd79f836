"""The Lambda assets: ``python -m packaging_assets`` makes build/header and build/pixels for python3.13 on arm64.

Wheels only, from lock files with hashes; nothing is compiled and no Docker is needed. What a Lambda never uses is left
out. A folder over its limit fails the build: Lambda takes 250 MB unzipped, with its layers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent
_PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34")
"""pip takes each tag literally: without one of them it silently picks an older release, or none."""
_SERVICES = frozenset(
    [
        "s3",
        "dynamodb",
        "stepfunctions",
        "secretsmanager",
        "kms",
        "rekognition",
        "textract",
        "comprehendmedical",
        "sqs",
        "sts",
    ]
)
"""Whose service models the functions need; botocore carries those of all of AWS."""
_UNUSED = ("**/__pycache__", "**/tests", "**/test", "bin", "pydicom/data/test_files", "pydicom/data/charset_files")


@dataclass(frozen=True, slots=True)
class Package:
    """One asset and the size it may have, in MB unzipped."""

    name: str
    limit: int

    @property
    def folder(self) -> Path:
        """Where it is built."""
        return ROOT / "build" / self.name


PACKAGES = (Package("header", 32), Package("pixels", 200))


_CODECS = ("_shared", "_imcd", "_jpeg8", "_jpegls", "_jpeg2k", "_htj2k")
"""The extension modules of imagecodecs in use: PackBits, JPEG with its lossless process, JPEG-LS, JPEG 2000, HTJ2K."""


def _cut_imagecodecs(folder: Path) -> None:
    """Leave of imagecodecs the modules that are used, and the shared libraries these name in turn."""
    modules, libraries = folder / "imagecodecs", folder / "imagecodecs.libs"
    if not modules.is_dir():
        return
    kept: list[Path] = []
    for module in modules.glob("*.so"):
        if module.name.partition(".")[0] in _CODECS:
            kept.append(module)
        else:
            module.unlink()
    waiting = list(kept)
    needed: set[Path] = set()
    while waiting:
        content = waiting.pop().read_bytes()
        found = {library for library in libraries.iterdir() if library.name.encode() in content} - needed
        needed |= found
        waiting += found
    for library in set(libraries.iterdir()) - needed:
        library.unlink()


def build(package: Package) -> float:
    """Make the folder anew; returns its size in MB.

    Raises
    ------
    ValueError
        When it is over its limit.
    """
    shutil.rmtree(package.folder, ignore_errors=True)
    lock = ROOT / f"requirements-lambda-{package.name}.lock"
    platforms = [part for tag in _PLATFORMS for part in ("--platform", f"{tag}_aarch64")]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *(
                "--no-deps",
                "--require-hashes",
                "--only-binary=:all:",
                "--ignore-requires-python",
                "--python-version",
                "3.13",
            ),
            *("--implementation", "cp", *platforms, "--target", str(package.folder), "--requirement", str(lock)),
        ],
        check=True,
    )
    for source in ("dicom_deid", "services", "handlers"):
        shutil.copytree(
            ROOT / "lambdas" / source, package.folder / source, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    for model in (package.folder / "botocore" / "data").iterdir():
        if model.is_dir() and model.name not in _SERVICES:
            shutil.rmtree(model)
    _cut_imagecodecs(package.folder)
    for pattern in _UNUSED:
        for found in list(package.folder.glob(pattern)):
            shutil.rmtree(found, ignore_errors=True)
    size = sum(path.stat().st_size for path in package.folder.rglob("*") if path.is_file()) / 1e6
    if size > package.limit:
        raise ValueError(f"build/{package.name} has {size:.0f} MB, more than {package.limit}")
    return size


def main() -> int:
    """Build every asset and print the sizes."""
    for package in PACKAGES:
        try:
            size = build(package)
        except ValueError as error:
            shutil.rmtree(package.folder)
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"build/{package.name}: {size:.1f} MB unzipped (at most {package.limit})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
