"""Other de-identification tools, each in a virtual environment of its own under `.cache/bench`, by pinned versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
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

    def script(self) -> str:
        return _EACH.format(setup=self.setup, step=self.step)

    def install(self) -> bool:
        """Make the environment once; False where its Python or the package is not to be had."""
        if not self.interpreter.exists():
            base = sys.executable if sys.version_info >= _version(self.python) else shutil.which(f"python{self.python}")
            if base is None or subprocess.run([base, "-m", "venv", HOME / self.name], check=False).returncode:
                return False
        if _has(self):
            return True
        pip: list[str | Path] = [self.interpreter, "-m", "pip", "install", "--quiet", f"{self.name}=={self.version}"]
        pip += self.also
        return subprocess.run(pip, check=False, capture_output=True).returncode == 0

    def run(self, source: Path, target: Path) -> None:
        """Every file of one folder into the other, under the same name, one after the other in one process."""
        command: list[str | Path] = [self.interpreter, "-W", "ignore", "-c", self.script(), source, target]
        subprocess.run(command, check=False, capture_output=True, timeout=self.seconds)


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


def _has(peer: Peer) -> bool:
    check = f"from importlib.metadata import version; raise SystemExit(version('{peer.name}') != '{peer.version}')"
    return subprocess.run([peer.interpreter, "-c", check], check=False, capture_output=True).returncode == 0


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
