"""The researchers' function in a process of its own, as Lambda runs it: events on standard input, results on standard
output. The access table and the secret are answered in process; S3 is the endpoint.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

from services.access_table import AccessItem, AccessTable


class FunctionProcess:
    """Calls go to a child process, one at a time, as to one Lambda environment."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def start(self, items: list[AccessItem], key: bytes) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench._function_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, POWERTOOLS_LOG_LEVEL="ERROR"),
        )
        self._ask({"items": [asdict(item) for item in items], "key": key.hex()})

    def __call__(self, event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
        del context
        return self._ask({"event": event})

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process is not None
        return self._process.pid

    def peak_megabytes(self) -> float:
        """The most memory the process has had so far."""
        return float(self._ask({"memory": True})["peak"])

    def transform_seconds(self, event: Mapping[str, Any], runs: int) -> list[float]:
        """What the transformation of one object costs, without any call of a service."""
        return list(self._ask({"transform": event, "runs": runs})["seconds"])

    def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(10)

    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with self._lock:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer


def main() -> None:
    for name in ("numpy", "PIL", "cv2", "imagecodecs"):
        sys.modules[name] = None  # type: ignore[assignment]  # as in the asset, which has none of them
    from handlers import redact_header
    from services import secrets

    answers = sys.stdout
    sys.stdout = sys.stderr
    first = json.loads(sys.stdin.readline())
    items = {(item["view"], item["view_key"]): AccessItem(**item) for item in first["items"]}
    AccessTable.find = lambda table, view, key: items.get((view, key))  # type: ignore[method-assign,assignment]
    secrets._master = lambda secret_id: bytes.fromhex(first["key"])  # type: ignore[assignment]
    print(json.dumps({}), file=answers, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if "event" in message:
            result = redact_header.handle(message["event"], None)
        elif "transform" in message:
            result = {"seconds": _transform(message["transform"], message["runs"])}
        else:
            result = {"peak": _peak_megabytes()}
        print(json.dumps(result), file=answers, flush=True)


def _peak_megabytes() -> float:
    """Of this program alone: getrusage counts the parent's memory before the program was loaded, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def _transform(paths: Mapping[str, str], runs: int) -> list[float]:
    from dicom_deid.header.presets import profile_named
    from dicom_deid.header.report import Claims
    from dicom_deid.header.stream import open_redacted
    from dicom_deid.pseudonyms import Pseudonymiser

    pseudonymiser, profile = Pseudonymiser(bytes(32), "bench"), profile_named(paths["profile"])
    seconds = []
    for _ in range(runs):
        with open(paths["raw"], "rb") as raw, open(paths["clean"], "rb") as clean:  # noqa: PTH123
            began = time.perf_counter()
            shown = open_redacted(raw, profile, pseudonymiser, claims=Claims(), pixels=clean)
            for _block in shown.read():
                pass
            seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    main()
