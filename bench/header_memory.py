"""A multi-frame object of 1 GB: the most memory a redaction takes, and its time against a buffered copy of the file.

``python -m bench.header_memory``. Native pixel data of which every bit is shown; native pixel data whose unused bits
must be looked at, where they are zero and where they extend the sign; and encapsulated frames (JPEG 2000, one
codestream of comments and noise for each frame). Each figure is of a process of its own, imports included; redactions
and copies take turns, and the median of their ratios counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median

import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian

PEAK_MB, AGAINST_COPY = 64, 1.5
ROUNDS = 5
SIDE, FRAMES = 512, 2048
FRAME_BYTES = SIDE * SIDE * 2
_COPY = """
import shutil
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    shutil.copyfileobj(source, target)
"""
_REDACT = """
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    redact(source, target, profile_named("basic"), Pseudonymiser(bytes(32), "bench"))
"""
_MEASURED = """
import sys, time
wall, start = time.perf_counter(), time.process_time()
{code}
wall, processor = time.perf_counter() - wall, time.process_time() - start
# Not ru_maxrss: it begins at what the parent had.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(wall, processor, int(peak) / 1024)
"""


def native(path: Path, bits_stored: int, *, signed: bool = False) -> None:
    """16-bit frames of noise within `bits_stored` bits, sign-extended where they are signed."""
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    del dataset.PixelData
    dataset.Rows = dataset.Columns = SIDE
    dataset.NumberOfFrames, dataset.BitsStored, dataset.HighBit = FRAMES, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path)
    span = 1 << (bits_stored - 8)
    high = bytes(((value % span) - (span // 2 if signed else 0)) % 256 for value in range(256))
    frame = bytearray(Random(0).randbytes(FRAME_BYTES))
    frame[1::2] = frame[1::2].translate(high)
    with path.open("ab") as stream:
        stream.write(b"\xe0\x7f\x10\x00OW\0\0" + (FRAMES * FRAME_BYTES).to_bytes(4, "little"))
        for _ in range(FRAMES):
            stream.write(frame)


def encapsulated(path: Path) -> None:
    """JPEG 2000 frames as large as native ones: the entropy-coded part is noise, which nobody decodes here."""
    dataset = pydicom.dcmread(str(get_testdata_file("JPEG2000.dcm")))
    del dataset.PixelData
    dataset.NumberOfFrames = FRAMES
    dataset.save_as(path)
    frame = _codestream(Random(0).randbytes(FRAME_BYTES).replace(b"\xff", b"\xfe"))
    with path.open("ab") as stream:
        stream.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0" + bytes(4))
        for _ in range(FRAMES):
            stream.write(b"\xfe\xff\x00\xe0" + len(frame).to_bytes(4, "little"))
            stream.write(frame)
        stream.write(b"\xfe\xff\xdd\xe0" + bytes(4))


def _codestream(data: bytes) -> bytes:
    """SOC, SIZ, COM, one tile-part, EOC (ITU-T T.800 annex A)."""
    size = b"\xff\x51\x00\x29" + bytes(34) + b"\x00\x01\x07\x01\x01"
    comment = b"\xff\x64\x00\x10\x00\x01" + b"a name is in"
    part = b"\xff\x90\x00\x0a\x00\x00" + (14 + len(data)).to_bytes(4, "big") + b"\x00\x01\xff\x93" + data
    return b"\xff\x4f" + size + comment + part + b"\xff\xd9" + b"\0" * (len(data) % 2)


def run(code: str, source: Path, target: Path) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of the processor, and the peak in MB, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "lambdas")}
    command: list[str | Path] = [sys.executable, "-c", _MEASURED.format(code=code), source, target]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    target.unlink()
    wall, processor, peak = map(float, answer.stdout.split())
    return wall, processor, peak


def measure(source: Path, target: Path) -> tuple[float, float, float]:
    """The ratio of redaction to copy on the clock and on the processor, and the peak of the redaction in MB."""
    copies, redactions = [], []
    for _ in range(ROUNDS):
        copies.append(run(_COPY, source, target))
        redactions.append(run(_REDACT, source, target))
    wall, processor = (median(r[n] / c[n] for r, c in zip(redactions, copies, strict=True)) for n in (0, 1))
    return wall, processor, max(redaction[2] for redaction in redactions)


def main() -> int:
    kinds: dict[str, Callable[[Path], None]] = {
        "native, 16 of 16 bits": lambda path: native(path, 16),
        "native, 12 of 16 bits": lambda path: native(path, 12),
        "signed, 12 of 16 bits": lambda path: native(path, 12, signed=True),
        "encapsulated": encapsulated,
    }
    failed = False
    with tempfile.TemporaryDirectory() as work:
        source, target = Path(work) / "source.dcm", Path(work) / "target.dcm"
        for kind, write in kinds.items():
            write(source)
            os.sync()
            wall, processor, peak = measure(source, target)
            failed = failed or peak > PEAK_MB or wall > AGAINST_COPY
            print(
                f"{kind:24}{source.stat().st_size / 1024**2:8.0f} MB  peak {peak:5.1f} MB (limit {PEAK_MB}), "
                f"{wall:.2f} x a copy's time (limit {AGAINST_COPY}), {processor:.2f} x its processor time"
            )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
