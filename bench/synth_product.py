"""The whole product of the settings that decide which resources there are, synthesized in process, with cdk-nag.

The other settings fill in numbers and names: every pair of all of them is in the tests. cfn-lint reads each template
that has not been seen before. Bounded by SECONDS; what was left out is said.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from cfnlint.api import lint_file

from app import synthesize
from stacks.settings import PREFIX
from tests.infrastructure.settings_levels import LEVELS, possible, settings_of
from tests.infrastructure.templates import ACCOUNT, STACKS, UNSTAGED

SECONDS = 1200
STRUCTURAL = (
    "access",
    "caller_rights",
    "network",
    "malware_scan",
    "existing_detector",
    "ocr_engine",
    "views",
    "uploaders",
    "auditors",
    "alarm_email",
)


def combinations() -> Iterator[dict[str, object]]:
    """Every combination that the settings admit."""
    for levels in product(*(range(len(LEVELS[name])) for name in STRUCTURAL)):
        row = dict(zip(STRUCTURAL, levels, strict=True))
        if possible(row):
            yield settings_of(row)


def main() -> int:
    wanted = list(combinations())
    random.Random(0).shuffle(wanted)
    seen: set[str] = set()
    failed = done = 0
    began = time.monotonic()
    for settings in wanted:
        if time.monotonic() - began > SECONDS:
            break
        context = {f"{PREFIX}{name}": value for name, value in {**settings, "account": ACCOUNT, "nag": True}.items()}
        with tempfile.TemporaryDirectory() as folder:
            problem = _problem(folder, {**UNSTAGED, **context}, seen)
        done += 1
        if problem:
            failed += 1
            print(f"{settings}: {problem[:300]}")
    spent = time.monotonic() - began
    print(f"{done} of {len(wanted)} combinations in {spent:.0f} s ({spent / max(done, 1):.2f} s each), {failed} failed")
    print(f"{len(seen)} different templates, each read by cfn-lint")
    return 1 if failed else 0


def _problem(folder: str, context: dict[str, object], seen: set[str]) -> str:
    try:
        synthesize(folder, context)
    except RuntimeError as error:
        return str(error)
    for name in STACKS:
        path = Path(folder) / f"{name}.template.json"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            if found := lint_file(path):
                return "; ".join(str(match) for match in found)
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
