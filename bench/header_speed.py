"""How long a header takes: this project, a plain read and write with pydicom, and other tools with their defaults.

``python -m bench.header_speed``. Every tool works through the files that pydicom ships, one after the other in one
process of its own environment, and writes each to disk. The figure of a file is the least processor time of several
rounds, in which the tools take turns; two tools are compared over the files that both of them write. The first pass of
a process, in which it reads its tables and has met no file before, is shown beside.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bench._peers import Times, installed, timed

ROUNDS, REPEATS = 3, 3
AGAINST_COPY = 1.4
"""Most of the time of ``dcmread`` and ``save_as`` that a redaction may take."""
AGAINST_DCMANON = 2.0
"""Of the time of dcmanon, which is compiled; its defaults are those of the Basic Profile, and so is the comparison."""
_PYDICOM = ("import pydicom", "pydicom.dcmread(source, force=True).save_as(target)")
_SETUP = """
import pydicom.charset  # imported for unusual character sets only; the other tools, too, are measured after imports
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
profile, pseudonymiser = profile_named({profile!r}), Pseudonymiser(bytes(32), "bench")
"""
_STEP = """
            with source.open("rb") as stream, open(target, "wb") as written:
                redact(stream, written, profile, pseudonymiser)
""".strip()
_NOT_OBJECTS = {".py", ".pyc", ".json", ".md", ".txt", ".zip", ".icc", ".gz"}
Measured = dict[str, Times]
"""Times by tool."""


def gather(folder: Path) -> int:
    """Link the files that pydicom ships into one folder; how many there are."""
    spec = find_spec("pydicom")
    roots = spec.submodule_search_locations or [] if spec else []
    found = [p for root in roots for p in sorted((Path(root) / "data").rglob("*")) if p.is_file()]
    objects = [path for path in found if path.suffix not in _NOT_OBJECTS]
    for number, path in enumerate(objects):
        shutil.copyfile(path, folder / f"{number:03d}-{path.name}")
    return len(objects)


def measure(source: Path, target: Path) -> tuple[Measured, Measured]:
    """The best times of every tool that can run here, and those of its best first pass."""
    here = Path(sys.executable)
    own = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "lambdas")}
    runs: dict[str, Callable[[], tuple[Times, Times]]] = {
        "dcmread + save_as": partial(timed, here, *_PYDICOM, source, target, REPEATS)
    }
    for profile in ("basic", "research"):
        setup = _SETUP.format(profile=profile)
        runs[f"dicom-deid {profile}"] = partial(timed, here, setup, _STEP, source, target, REPEATS, own)
    runs.update({peer.name: partial(peer.times, source, target, REPEATS) for peer in installed()})
    best: Measured = {tool: {} for tool in runs}
    first: Measured = {}
    for _ in range(ROUNDS):
        for tool, run in runs.items():
            times, passed = run()
            best[tool].update({name: min(taken, best[tool].get(name, taken)) for name, taken in times.items()})
            first[tool] = min(first.get(tool, passed), passed, key=lambda found: sum(found.values()))
    return best, first


def ratio(times: Measured, tool: str, other: str) -> float:
    """The time of one tool by that of the other, over the files that both write."""
    common = times[tool].keys() & times[other].keys()
    return sum(times[tool][name] for name in common) / sum(times[other][name] for name in common)


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        source.mkdir()
        count = gather(source)
        times, first = measure(source, Path(work) / "target.dcm")
    plain, ours = "dcmread + save_as", [tool for tool in times if tool.startswith("dicom-deid")]
    print(
        f"{count} files; {'tool':22}{'written':>9}{'ms a file':>11}{'first pass':>12}{'x pydicom':>11}  "
        + "  ".join(ours)
    )
    for tool, own in times.items():
        mean = sum(own.values()) / len(own) * 1000
        against = "".join(f"{ratio(times, mine, tool):>{len(mine) + 2}.2f}" for mine in ours)
        once = sum(first[tool].values()) / len(first[tool]) * 1000
        print(f"{'':11}{tool:22}{len(own):>9}{mean:>11.3f}{once:>12.3f}{ratio(times, tool, plain):>11.2f}{against}")
    basic = ours[0]
    limits = {plain: AGAINST_COPY, "dcmanon": AGAINST_DCMANON}
    missed = [
        f"{basic}: {ratio(times, basic, other):.2f} x {other}, limit {limits.get(other, 1.0):.1f}"
        for other in times
        if other not in ours and ratio(times, basic, other) > limits.get(other, 1.0)
    ]
    print("\n".join(missed) if missed else "every limit is kept")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
