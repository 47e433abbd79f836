"""How long it takes to import the header library, against ``import pydicom``, where numpy is not installed.

``python -m bench.header_import``. An environment of its own under `.cache/bench` holds pydicom alone. Each figure is
the least processor time of several processes, less that of an interpreter that imports nothing; the modules take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench._peers import HOME

LIMIT = 1.3
ROUNDS = 25
_TIMED = "import time\n{code}\nprint(time.process_time())"
_LIBRARY = (
    "from dicom_deid.header.stream import redact\n"
    "from dicom_deid.header.presets import profile_named\n"
    "from dicom_deid.pseudonyms import Pseudonymiser"
)


def environment() -> Path:
    """The interpreter of an environment that holds pydicom and nothing else."""
    home = HOME / "pydicom-alone"
    python = home / "bin" / "python"
    if not python.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", f"pydicom=={version('pydicom')}"]
        subprocess.run(pip, check=True, capture_output=True)
    return python


def seconds(python: Path, code: str) -> float:
    """Processor time of a process that runs `code`."""
    lambdas = str(Path(__file__).parents[1] / "lambdas")
    command: list[str | Path] = [python, "-c", _TIMED.format(code=code)]
    answer = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": lambdas}, capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def main() -> int:
    python = environment()
    numpy = subprocess.run([python, "-c", "import numpy"], check=False, capture_output=True).returncode == 0
    codes = {"nothing": "pass", "pydicom": "import pydicom", "the header library": _LIBRARY}
    best = dict.fromkeys(codes, float("inf"))
    for _ in range(ROUNDS):
        for name, code in codes.items():
            best[name] = min(best[name], seconds(python, code))
    plain, library = (best[name] - best["nothing"] for name in ("pydicom", "the header library"))
    print(f"numpy is {'there' if numpy else 'not installed'}")
    print(f"import pydicom {plain * 1000:.1f} ms, the header library {library * 1000:.1f} ms: {library / plain:.2f} x")
    return 1 if numpy or library / plain > LIMIT else 0


if __name__ == "__main__":
    raise SystemExit(main())
