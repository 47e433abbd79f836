"""The Lambda assets: sizes, two builds with the same bytes, and every handler and syntax from the asset alone."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from packaging_assets import archive
from packaging_assets.__main__ import build
from packaging_assets.packages import PACKAGES, PYTHON, Machine, Package
from stacks.function_table import FUNCTIONS
from tests.synthetic.pixel_objects import cases, make

_TRIAL = Path(archive.__file__).with_name("trial.py")


def images(folder: Path) -> int:
    """One image of each transfer syntax; returns how many."""
    found = {case.syntax: case for case in sorted(cases(), key=lambda case: -abs(case.bits - 8))}
    for syntax, case in found.items():
        (folder / f"{syntax}.dcm").write_bytes(make(case))
    return len(found)


def interpreter() -> str | None:
    """The Lambda's Python, where this machine has it."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{PYTHON}.*/bin/python3"))
    return str(pyenv[-1]) if pyenv else shutil.which(f"python{PYTHON}")


def trial(package: Package, folder: Path) -> dict[str, object]:
    """Import and code from the x86_64 twin of an asset.

    Raises
    ------
    subprocess.CalledProcessError
        When anything failed.
    """
    python = interpreter()
    if python is None:
        raise FileNotFoundError(PYTHON)
    handlers = [spec.name for spec in FUNCTIONS.values() if spec.asset.value == package.name]
    coded = str(folder) if package.name == "pixels" else ""
    command = [python, "-I", "-S", "-B", str(_TRIAL), str(package.folder(Machine.X86_64)), coded, *handlers]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_"))}
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=kept).stdout))


def main() -> int:
    can_try = platform.machine() == Machine.X86_64 and interpreter() is not None
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        asked = images(Path(scratch))
        for package in PACKAGES:
            digests = []
            for _ in range(2):
                size = build(package)
                digests.append(archive.write(package.folder(), package.archive))
            zipped = package.archive.stat().st_size / 1e6
            print(f"{package.name}: {size:.1f} MB unzipped (at most {package.limit}), {zipped:.1f} MB zipped")
            print(
                f"  sha256 of two builds: {digests[0]} {digests[1]} {'same' if len(set(digests)) == 1 else 'DIFFERENT'}"
            )
            failed |= len(set(digests)) != 1
            if not can_try:
                print(f"  not tried: no x86_64 machine with Python {PYTHON}")
                continue
            build(package, Machine.X86_64)
            found = trial(package, Path(scratch))
            print(
                f"  x86_64 twin on Python {found['python']}: {found['handlers']} handlers, {found['clients']} clients"
            )
            if package.name == "pixels":
                coded = list(found["syntaxes"])  # type: ignore[call-overload]
                print(f"  decoded, boxed, encoded: {len(coded)} of {asked} transfer syntaxes: {' '.join(coded)}")
                failed |= len(coded) != asked
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
