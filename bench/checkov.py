"""checkov's CloudFormation checks on the templates of every mode, in a virtual environment of its own.

A finding is answered by a reason of `stacks/acknowledged.toml` for that resource, or it fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from aws_cdk import App

from app import synthesize
from stacks.acknowledgments import explanations
from stacks.app import build
from stacks.settings import PREFIX, from_context
from tests.infrastructure.templates import ACCOUNT, MODES, ROOT, UNSTAGED

VERSION = "3.3.30"
HOME = ROOT / ".cache" / "checkov"
_PROGRAM = HOME / "bin" / "checkov"
_FEWEST = 100
"""A deployment has more resources than this: fewer means that templates were not read."""


def is_installed() -> bool:
    """Whether the environment is there."""
    return _PROGRAM.exists()


def install() -> None:
    """Make the environment, once: checkov's pins do not go together with those of the project."""
    if not is_installed():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", f"checkov=={VERSION}"]
        subprocess.run(pip, check=True)


def findings(mode: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Stack, logical id, check and reason of every failed check; the reason is empty where none is given."""
    context = {**UNSTAGED, f"{PREFIX}account": ACCOUNT, **{f"{PREFIX}{name}": value for name, value in mode.items()}}
    app = App(analytics_reporting=False)
    build(app, from_context(context))
    known = explanations(app)
    with tempfile.TemporaryDirectory() as folder:
        synthesize(folder, context)
        for stack, logical, check in _failed(Path(folder)):
            yield stack, logical, check, known.get((stack, logical, check), "")


def _failed(folder: Path) -> Iterator[tuple[str, str, str]]:
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--output", "json"]
    command = [str(_PROGRAM), "--directory", str(folder), *options]
    quiet = {**os.environ, "LOG_LEVEL": "ERROR"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=300)
    report = json.loads(ended.stdout)
    summary, failed = report["summary"], report["results"]["failed_checks"]
    if summary["parsing_errors"] or summary["checkov_version"] != VERSION or summary["resource_count"] < _FEWEST:
        raise ValueError("checkov did not read the templates")
    for check in failed:
        yield Path(check["file_path"]).name.partition(".")[0], check["resource"].rpartition(".")[2], check["check_id"]


def main() -> int:
    install()
    unexplained = 0
    for mode in MODES:
        found = list(findings(mode))
        counts = Counter(check for _, _, check, _ in found)
        bare = [one for one in found if not one[3]]
        unexplained += len(bare)
        print(f"{dict(mode)}: {len(found)} findings, {len(bare)} unexplained {dict(counts)}")
        for stack, logical, check, _ in bare:
            print(f"  {stack}/{logical}: {check}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
