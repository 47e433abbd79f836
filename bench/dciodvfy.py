"""New errors of ``dciodvfy`` (Debian dicom3tools) on the outputs of pydicom's own files, against their sources.

``python -m bench.dciodvfy [PROFILE …]``: for each profile the share of outputs with an error that the source does not
have, and every such error with the number of files it is in. An error is told by its text without values, so that a
pseudonym in the place of an identifier is no other error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from dicom_deid.errors import DeidError
from dicom_deid.header.presets import profile_named
from dicom_deid.header.profiles import Profile
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser

LIMIT = 0.03
"""At most this share of the outputs may have a new error."""
_UID = re.compile(r"<?\b[012](?:\.\d+){2,}>?|(?<=ReferencedSOPInstanceUID )\S+")
_NO_OBJECT = ("Information Object Not found", "missing SOPClassUID", "Tags out of order")
"""What is said of a source that is no information object: then its other errors are not looked for."""


def sources() -> Iterator[Path]:
    """The DICOM files that pydicom and pydicom-data ship."""
    for package in ("pydicom", "data_store"):
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or [] if spec else []:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file() and path.suffix not in {".py", ".pyc", ".json", ".md", ".txt", ".bz2", ".zip"}:
                    yield path


def errors(path: Path) -> Counter[str] | None:
    """The errors of one file, its UIDs aside; None for what is no information object that could be validated."""
    run = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False, timeout=120)
    lines = [line for line in (run.stdout + run.stderr).decode("latin-1").splitlines() if line.startswith("Error")]
    if any(sign in line for line in lines for sign in _NO_OBJECT):
        return None
    return Counter(_UID.sub("UID", line) for line in lines)


def compare(profile: Profile) -> tuple[int, dict[str, list[str]]]:
    """How many outputs there are, and for each new error the files that have it."""
    pseudonymiser = Pseudonymiser(bytes(range(32)), "bench")
    found: dict[str, list[str]] = {}
    outputs = 0
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "output.dcm"
        for path in sources():
            try:
                with path.open("rb") as source, target.open("wb") as stream:
                    redact(source, stream, profile, pseudonymiser)
            except DeidError:
                continue
            before = errors(path)
            if before is None:
                continue
            outputs += 1
            for error in _or_none(errors(target)) - before:
                found.setdefault(error, []).append(path.name)
    return outputs, found


def _or_none(found: Counter[str] | None) -> Counter[str]:
    return Counter({"Error - no information object any more": 1}) if found is None else found


def main(names: list[str]) -> int:
    if shutil.which("dciodvfy") is None:
        print("dciodvfy is not installed (Debian: dicom3tools): not measured")
        return 0
    warnings.simplefilter("ignore")
    failed = False
    for name in names or ["basic", "research"]:
        outputs, found = compare(profile_named(name))
        files = {file for names_ in found.values() for file in names_}
        share = len(files) / max(outputs, 1)
        failed = failed or share > LIMIT
        print(f"{name}: {len(files)} of {outputs} outputs with an error that is new: {share:.1%}, limit {LIMIT:.0%}")
        for error, where in sorted(found.items(), key=lambda entry: -len(entry[1])):
            examples = ", ".join(sorted(set(where))[:3])
            print(f"  {len(where):4d}  {error}  ({examples})")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
