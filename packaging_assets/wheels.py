"""The pinned wheels of an asset, unpacked for a machine that need not be this one. Nothing is compiled; no Docker."""

from __future__ import annotations

import shutil
import subprocess
import sys

from packaging_assets.packages import PYTHON, ROOT, SOURCES, Machine, Package

_PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34")
"""pip takes each tag literally: without one of them it silently picks an older release, or none.

Lambda's python3.13 runs on Amazon Linux 2023, which has glibc 2.34.
"""


def unpack(package: Package, machine: Machine) -> None:
    """Make the folder anew from wheels and sources.

    Raises
    ------
    subprocess.CalledProcessError
        When a wheel is missing or does not have the hash in the lock file.
    """
    folder = package.folder(machine)
    shutil.rmtree(folder, ignore_errors=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
    target = ["--only-binary=:all:", "--ignore-requires-python", "--python-version", PYTHON, "--implementation", "cp"]
    platforms = [part for tag in _PLATFORMS for part in ("--platform", f"{tag}_{machine}")]
    pip = [sys.executable, "-m", "pip", "install", *options, *target, *platforms]
    subprocess.run([*pip, "--target", str(folder), "--requirement", str(package.lock)], check=True)
    for source in SOURCES:
        unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / "lambdas" / source, folder / source, ignore=unwanted)
