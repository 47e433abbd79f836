"""What a view costs beside a plain GET from the same server: first byte, throughput, memory, cold start.

``python -m bench access``: the function runs in a process of its own, as in Lambda. Ratios are of one run; a plain GET,
a view's GET and the bare three hops of `bench._raw_relay` alternate. A figure over its limit makes the exit status 1.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pydicom
from pydicom.data import get_testdata_file

from bench._function_process import FunctionProcess
from bench._processor import seconds_of, waited_since, waits
from bench._raw_relay import Passage, relay
from local.access_points import SUFFIX
from local.account import DEID
from services import clients
from tests.synthetic.served import KEY, Served, client, served

GIGABYTE = 1024**3
_BLOCK = 1024 * 1024
_VIEWS = {"research": {"profile": "research", "domain": "project"}}


def large_object(path: Path, size: int) -> Path:
    """A multi-frame CT of about `size` bytes of native pixels: noise, for a hole in a file is read fastest."""
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    frame = 512 * 512 * 2
    dataset.Rows = dataset.Columns = 512
    dataset.NumberOfFrames = frames = max(size // frame, 1)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(f"1.2.3.{frames}")
    del dataset[0xFFFCFFFC]
    dataset.PixelData = b"\0\0"
    dataset.save_as(path)
    content = bytearray(path.read_bytes())
    content[-6:-2] = (frames * frame).to_bytes(4, "little")
    chance = Random(1)
    with path.open("wb") as file:
        file.write(content[:-2])
        for _ in range(frames):
            file.write(chance.randbytes(frame - frame // 4) + bytes(frame // 4))
    return path


def get(s3: Any, bucket: str, key: str, **parameters: str) -> tuple[float, float, int]:
    """Seconds to the first byte and to the last, and how many bytes came."""
    began = time.perf_counter()
    body = s3.get_object(Bucket=bucket, Key=key, **parameters)["Body"]
    size = len(body.read(1))
    first = time.perf_counter() - began
    for block in body.iter_chunks(_BLOCK):
        size += len(block)
    return first, time.perf_counter() - began, size


def measure_large(found: Served, function: FunctionProcess) -> dict[str, tuple[float, float, str]]:
    """Figure, limit and unit by name."""
    name, view = "large", "research"
    plain_key = found.table.find(view, found.keys[name][view]).deid_key  # type: ignore[union-attr]
    s3, own = client(found.endpoint), clients.s3()
    firsts: dict[str, list[float]] = {"plain GET": [], "view GET": []}
    passages: dict[str, list[Passage]] = {"plain GET": [], "view GET": [], "bare hops": []}
    for _ in range(7):
        for told, run in (
            ("plain GET", partial(get, own, DEID, plain_key)),
            ("view GET", partial(get, s3, f"{view}{SUFFIX}", found.keys[name][view])),
        ):
            before, queued = time.process_time() + seconds_of(function.pid), waits()
            first, last, size = run()
            processor = time.process_time() + seconds_of(function.pid) - before
            firsts[told].append(first)
            passages[told].append(Passage(size, last, processor, waited_since(queued)))
        passages["bare hops"].append(relay(found.clean(name)))
    speed = {told: max(run.size / run.seconds / 1e6 for run in runs) for told, runs in passages.items()}
    for told, runs in passages.items():
        processor = min(run.processor * 1e9 / run.size for run in runs)
        print(f"{told}: at best {speed[told]:.0f} MB/s, {processor:.2f} s of processor a GB")
    plain, shown, bare = (speed[told] for told in passages)
    print(f"the bare hops reach {bare / plain:.2f} of a plain GET here; the view {shown / bare:.2f} of the bare hops")
    best = min(passages["plain GET"], key=lambda run: run.seconds)
    told = f"the best plain GET took {best.seconds:.2f} s; its threads waited {best.waited:.2f} s for a processor"
    print(f"{told}. A busy machine slows it more than a view, and so flatters the view")
    later = median(firsts["view GET"]) - median(firsts["plain GET"])
    return {
        "first byte of 1 GB beyond a plain GET": (later, 0.1, "s"),
        "inverse throughput ratio of 1 GB": (plain / shown, 1 / 0.6, "x"),
        "peak memory of the function": (function.peak_megabytes(), 150, "MB"),
    }


def measure_clients(found: Served, parallel: int = 50) -> float:
    """Seconds in which `parallel` clients each get a CT slice once."""
    key = found.keys["slice"]["research"]
    clients_ = [client(found.endpoint) for _ in range(parallel)]
    began = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        sizes = set(pool.map(lambda s3: get(s3, f"research{SUFFIX}", key)[2], clients_))
    assert len(sizes) == 1
    return time.perf_counter() - began


def cold_import_ratio(runs: int = 9) -> float:
    """Import of the handler with its S3 client against pydicom with an S3 client, both without what its asset lacks.

    In seconds of the processor, for an import waits for nothing else, and the machine may be busy.
    """
    hide = "import sys\nfor name in ('numpy', 'PIL', 'cv2', 'imagecodecs'): sys.modules[name] = None\n"
    base = hide + "import pydicom, boto3\nboto3.client('s3')"
    ours = hide + "import handlers.redact_header\nfrom services import clients\nclients.s3()"
    times: dict[str, list[float]] = {base: [], ours: []}
    for _ in range(runs):
        for code, seconds in times.items():
            before = _processor_seconds()
            subprocess.run([sys.executable, "-c", code], check=True)
            seconds.append(_processor_seconds() - before)
    print(f"cold: pydicom and S3 {min(times[base]) * 1000:.0f} ms, the handler {min(times[ours]) * 1000:.0f} ms")
    return min(times[ours]) / min(times[base])


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    function = FunctionProcess()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sources: dict[str, bytes | Path] = {
            "large": large_object(root / "large.dcm", GIGABYTE),
            "slice": large_object(root / "slice.dcm", 1),
        }
        with served(root, sources, _VIEWS, function) as found:
            items = [item for keys in found.keys.values() if (item := found.table.find("research", keys["research"]))]
            function.start(items, KEY)
            try:
                figures = measure_large(found, function)
                one = {"raw": str(found.raw("slice")), "clean": str(found.clean("slice")), "profile": "research"}
                cost = median(function.transform_seconds(one, 200))
                parallel = measure_clients(found)
            finally:
                function.stop()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    figures["transformation of a 512 KB slice"] = (cost * 1000, 10, "ms")
    figures["50 clients at once, one function process"] = (parallel, 30, "s")
    figures["cold import ratio"] = (cold_import_ratio(), 1.6, "x")
    for name, (figure, limit, unit) in figures.items():
        print(f"{'ok  ' if figure <= limit else 'OVER'} {name}: {figure:.3g} {unit}, at most {limit:.3g}")
    return int(any(figure > limit for figure, limit, _ in figures.values()))


if __name__ == "__main__":
    raise SystemExit(main())
