"""Some hundred damaged objects on every run; ``python -m tests.fuzz.header`` goes on for as long as it is told."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

from tests.fuzz import header

ROOT = Path(__file__).parents[2]


def test_damaged_objects_end_in_an_output_or_in_a_reason() -> None:
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = header.run(range(600))
    finally:
        logging.disable(logging.NOTSET)
    assert sum(found.values()) == 600
    assert {"written", "parse-error", "not-dicom", "too-large"} <= set(found)


def test_an_input_is_the_same_for_its_seed() -> None:
    assert header.damaged(7) == header.damaged(7)
    assert len({header.damaged(seed) for seed in range(40)}) > 30


def test_the_target_runs_by_itself_within_its_memory() -> None:
    command = [sys.executable, "-m", "tests.fuzz.header", "--inputs", "60", "--seed", "5000"]
    answer = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": f"{ROOT / 'lambdas'}:{ROOT}"}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("60 inputs")
