"""The whole product of the settings that decide which resources there are, synthesized in process, with cdk-nag.

The other settings fill in numbers and names: every pair of all of them is in the tests. cfn-lint reads each template
that has not been seen before. Bounded by SECONDS; what was left out is said.
"""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from cfnlint.api import lint_file

from app import synthesize
from stacks.settings import PREFIX
from tests.infrastructure.settings_levels import LEVELS, possible, settings_of
from tests.infrastructure.templates import ACCOUNT, STACKS, UNSTAGED

SECONDS = 3600
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

_SEEN: set[str] = set()
"""Templates that this process has linted."""


def combinations() -> Iterator[dict[str, object]]:
    """Every combination that the settings admit."""
    for levels in product(*(range(len(LEVELS[name])) for name in STRUCTURAL)):
        row = dict(zip(STRUCTURAL, levels, strict=True))
        if possible(row):
            yield settings_of(row)


def main() -> int:
    wanted = list(combinations())
    random.Random(0).shuffle(wanted)
    templates: set[str] = set()
    failed = done = 0
    began = time.monotonic()
    # A fresh interpreter for each processor: the CDK's own process cannot be forked.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_tried, settings) for settings in wanted]
        for settings, future in zip(wanted, waiting, strict=True):
            if time.monotonic() - began > SECONDS:
                pool.shutdown(cancel_futures=True)
                break
            problem, digests = future.result()
            templates |= digests
            done += 1
            if problem:
                failed += 1
                print(f"{settings}: {problem[:300]}")
    spent = time.monotonic() - began
    print(f"{done} of {len(wanted)} combinations in {spent:.0f} s ({spent / max(done, 1):.2f} s each), {failed} failed")
    print(f"{len(templates)} different templates, each read by cfn-lint")
    return 1 if failed or done < len(wanted) else 0


def _tried(settings: dict[str, object]) -> tuple[str, set[str]]:
    """What is wrong with a combination, and the digests of its templates."""
    context = {f"{PREFIX}{name}": value for name, value in {**settings, "account": ACCOUNT, "nag": True}.items()}
    with tempfile.TemporaryDirectory() as folder:
        problem = _problem(folder, {**UNSTAGED, **context}, _SEEN)
        return problem, {hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(folder).glob("*.template.json")}


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
