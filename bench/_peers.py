"""Other de-identification tools, each in a virtual environment of its own under `.cache/bench`, by pinned versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[1] / ".cache" / "bench"
_EACH = """
import sys
from pathlib import Path
{setup}
for source in sorted(Path(sys.argv[1]).iterdir()):
    target = str(Path(sys.argv[2]) / source.name)
    try:
        {step}
    except Exception as problem:
        print(source.name, type(problem).__name__, file=sys.stderr)
"""
_TIMED = """
import json, logging, sys, time
from pathlib import Path
logging.disable(logging.CRITICAL)
{setup}
best, first = {{}}, {{}}
target = sys.argv[2]
for _ in range(int(sys.argv[3])):
    for source in sorted(Path(sys.argv[1]).iterdir()):
        Path(target).unlink(missing_ok=True)
        start = time.process_time()
        try:
            {step}
        except Exception:
            continue
        taken = time.process_time() - start
        if Path(target).is_file() and Path(target).stat().st_size:
            best[source.name] = min(taken, best.get(source.name, taken))
            first.setdefault(source.name, taken)
json.dump([best, first], sys.__stdout__)
"""
Times = dict[str, float]
"""File -> seconds."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool with its defaults: what to install, and the two pieces of Python that run it over a folder."""

    name: str
    version: str
    setup: str
    step: str
    python: str = "3.11"
    also: tuple[str, ...] = ()
    """Other requirements that it needs."""
    seconds: int = 1200
    """It is stopped after so long; what it did not reach counts as not done."""

    @property
    def interpreter(self) -> Path:
        return HOME / self.name / "bin" / "python"

    def install(self) -> bool:
        """Make the environment once; False where its Python or the package is not to be had."""
        if not self.interpreter.exists():
            base = _python(self.python)
            if base is None or subprocess.run([base, "-m", "venv", HOME / self.name], check=False).returncode:
                return False
        if _has(self):
            return True
        pip: list[str | Path] = [self.interpreter, "-m", "pip", "install", "--quiet", f"{self.name}=={self.version}"]
        pip += self.also
        return subprocess.run(pip, check=False, capture_output=True).returncode == 0

    def run(self, source: Path, target: Path) -> None:
        """Every file of one folder into the other, under the same name, one after the other in one process."""
        script = _EACH.format(setup=self.setup, step=self.step)
        command: list[str | Path] = [self.interpreter, "-W", "ignore", "-c", script, source, target]
        subprocess.run(command, check=False, capture_output=True, timeout=self.seconds)

    def times(self, source: Path, target: Path, repeats: int) -> tuple[Times, Times]:
        """As `timed`, in the tool's own environment."""
        return timed(self.interpreter, self.setup, self.step, source, target, repeats)


PEERS = (
    Peer(
        "dicom-anonymizer",
        "2.1.0",
        "from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file",
        "anonymize_dicom_file(str(source), target)",
    ),
    Peer(
        "dicognito",
        "0.19.0",
        "import pydicom\nfrom dicognito.anonymizer import Anonymizer\nanonymizer = Anonymizer(seed='bench')",
        "data = pydicom.dcmread(source, force=True); anonymizer.anonymize(data); data.save_as(target)",
    ),
    Peer(
        "deid",
        "0.4.13",
        "from deid.config import DeidRecipe\nfrom deid.dicom import replace_identifiers\nrecipe = DeidRecipe()",
        "replace_identifiers([str(source)], deid=recipe, strip_sequences=True, remove_private=True)[0].save_as(target)",
    ),
    Peer(
        "dicom-dre",
        "1.4.2",
        "from dicom_dre import DeidParameters, DeviceCatalog, deidentify_file, default_profile\n"
        "profile, catalog = default_profile(), DeviceCatalog([], [], default_action='allow')",
        "deidentify_file(source, Path(target), profile=profile, parameters=DeidParameters(), catalog=catalog,"
        " rename_to_sop_uid=False)",
        python="3.12",
    ),
    Peer(
        "dcmanon",
        "0.3.1",
        "from dcmanon import Anonymizer\nanonymizer = Anonymizer()",
        "Path(target).write_bytes(anonymizer.anonymize(str(source)))",
    ),
)


def installed() -> Iterator[Peer]:
    """The peers that can run here."""
    HOME.mkdir(parents=True, exist_ok=True)
    for peer in PEERS:
        if peer.install():
            yield peer
        else:
            print(f"{peer.name} {peer.version}: not installed, not measured")


def timed(
    interpreter: Path,
    setup: str,
    step: str,
    source: Path,
    target: Path,
    repeats: int,
    environment: Mapping[str, str] | None = None,
) -> tuple[Times, Times]:
    """Run ``step`` over every file of a folder in one process of that interpreter; each writes to `target` anew.

    Seconds of processor time for each file that was written: the best of the repeats, and those of the first pass, in
    which the process also reads its tables. Files lie in the page cache: other load on the machine counts for little.
    """
    script = _TIMED.format(setup=setup, step=step)
    command: list[str | Path] = [interpreter, "-W", "ignore", "-c", script, source, target, str(repeats)]
    answer = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=1200, env=environment
    )
    best, first = json.loads(answer.stdout.splitlines()[-1])
    return best, first


def _python(version: str) -> Path | None:
    """An interpreter of that version: this one, one on the path, or one that pyenv keeps."""
    major, minor = version.split(".")
    if sys.version_info[:2] == (int(major), int(minor)):
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    for candidate in [*([Path(found)] if found else []), *sorted(pyenv.glob(f"{version}.*/bin/python"))]:
        check = subprocess.run([candidate, "-c", ""], check=False, capture_output=True)
        if check.returncode == 0:
            return candidate
    return None


def _has(peer: Peer) -> bool:
    check = f"from importlib.metadata import version; raise SystemExit(version('{peer.name}') != '{peer.version}')"
    return subprocess.run([peer.interpreter, "-c", check], check=False, capture_output=True).returncode == 0
