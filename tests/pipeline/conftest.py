"""The sample set, run once for all tests that look at what comes out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.commands.run import run_batch
from local.samples import write_samples
from local.state import InstanceRecord

KEY = "5f" * 32


@dataclass(frozen=True)
class SampleRun:
    """Where a run of the samples left what."""

    samples: Path
    output: Path
    key_file: Path
    records: dict[str, InstanceRecord]


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleRun]:
    root = tmp_path_factory.mktemp("samples")
    key_file = root / "key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    write_samples(root / "samples")
    before = os.environ.get("POWERTOOLS_LOG_LEVEL")
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    records = run_batch(root / "samples", root / "output", key_file=key_file, with_source_images=True)
    yield SampleRun(root / "samples", root / "output", key_file, records)
    if before is None:
        os.environ.pop("POWERTOOLS_LOG_LEVEL", None)
    else:
        os.environ["POWERTOOLS_LOG_LEVEL"] = before
