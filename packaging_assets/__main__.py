"""``python -m packaging_assets``: build/header.zip and build/pixels.zip for python3.13 on arm64.

``--try`` builds the same versions for x86_64 as well, where a machine of that kind can run them (``bench/assets.py``).
"""

from __future__ import annotations

import shutil
import sys

from packaging_assets import archive
from packaging_assets.packages import PACKAGES, Machine, Package
from packaging_assets.trimming import trim
from packaging_assets.wheels import unpack


def build(package: Package, machine: Machine = Machine.ARM64) -> float:
    """Make the folder of an asset anew; returns its size in MB.

    Raises
    ------
    ValueError
        When it is over its limit. Nothing is left of it then: what was built before must not be deployed instead.
    """
    if machine is Machine.ARM64:
        package.archive.unlink(missing_ok=True)
        package.stamp.unlink(missing_ok=True)
    unpack(package, machine)
    trim(package.folder(machine))
    size = archive.size_of(package.folder(machine))
    if machine is Machine.ARM64 and size > package.limit:
        shutil.rmtree(package.folder(machine))
        raise ValueError(f"{package.name} has {size:.1f} MB, more than {package.limit}")
    return size


def main(arguments: list[str]) -> int:
    """Build every asset and print sizes and digests."""
    for package in PACKAGES:
        try:
            if "--try" in arguments:
                build(package, Machine.X86_64)
            size = build(package)
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        digest = archive.write(package.folder(), package.archive)
        package.stamp.write_text(package.fingerprint())
        zipped = package.archive.stat().st_size / 1e6
        sys.stdout.write(
            f"build/{package.name}.zip: {size:.1f} MB unzipped (at most {package.limit}), {zipped:.1f} MB zipped, "
            f"sha256 {digest}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
