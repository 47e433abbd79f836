"""Redact and extract objects of 1 GB frame by frame: peak memory, and time against a copy of the file.

Each object is made on disk, and each measurement runs in a process of its own. Peak memory counts what a process takes
beyond its imports as well as all of it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import cv2
import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from dicom_deid.geometry import Box
from dicom_deid.pixels.extraction import extract
from dicom_deid.pixels.redaction import redact

SIZE = 1_000_000_000
ROWS, COLUMNS = 480, 640
BOXES = [Box(8, 8, 200, 40), Box(400, 440, 600, 470)]
LIMIT_MB = 200
NATIVE = {
    "native RGB 8": ("1.2.840.10008.1.2.1", 8, 3),
    "native MONOCHROME2 12 of 16": ("1.2.840.10008.1.2.1", 12, 1),
    "big endian 16": ("1.2.840.10008.1.2.2", 16, 1),
}
ENCAPSULATED = {"JPEG baseline": "1.2.840.10008.1.2.4.50", "JPEG-LS": "1.2.840.10008.1.2.4.80"}


def _head(syntax: str, frames: int, bits: int, samples: int) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.3.1"), UID("1.2.3.4")
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = (
        dataset.SOPClassUID,
        dataset.SOPInstanceUID,
    )
    dataset.Modality, dataset.ImageType = "US", ["ORIGINAL", "PRIMARY"]
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = ROWS, COLUMNS, frames
    dataset.SamplesPerPixel = samples
    lossy = syntax.endswith(".50")
    dataset.PhotometricInterpretation = "YBR_FULL_422" if lossy else "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored = 8 if bits == 8 else 16, bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    return dataset


def make(name: str, path: Path) -> None:
    """Write an object of about `SIZE` bytes: frames of a textured picture that drifts, no two alike."""
    chance = np.random.default_rng(1)
    texture = cv2.GaussianBlur(chance.integers(0, 256, (ROWS * 2, COLUMNS * 2, 3)).astype(np.uint8), (0, 0), 2)

    def picture(number: int) -> np.ndarray:
        y, x = number * 7 % ROWS, number * 11 % COLUMNS
        return np.ascontiguousarray(texture[y : y + ROWS, x : x + COLUMNS])

    if name in NATIVE:
        syntax, bits, samples = NATIVE[name]
        frame = ROWS * COLUMNS * samples * (1 if bits == 8 else 2)
        frames = SIZE // frame
        dataset = _head(syntax, frames, bits, samples)
        dataset.save_as(path, enforce_file_format=True)
        big = syntax.endswith(".2.2")
        with path.open("ab") as file:
            tag, length = (0x7FE0, 0x0010), frame * frames
            order: Literal["big", "little"] = "big" if big else "little"
            file.write(b"".join(n.to_bytes(2, order) for n in tag) + b"OW\0\0" + length.to_bytes(4, order))
            for number in range(frames):
                pixels = picture(number)
                if samples == 1:
                    wide = pixels[..., 0].astype(np.uint16) << (bits - 8)
                    file.write(wide.astype(">u2" if big else "<u2").tobytes())
                else:
                    file.write(pixels.tobytes())
        return
    syntax = ENCAPSULATED[name]
    encoded = []
    for number in range(24):
        if syntax.endswith(".50"):
            content = bytes(imagecodecs.jpeg8_encode(picture(number), level=90))
        else:
            content = bytes(imagecodecs.jpegls_encode(picture(number)))
        encoded.append(content + b"\0" * (len(content) % 2))
    frames = SIZE // (sum(map(len, encoded)) // len(encoded) + 8)
    dataset = _head(syntax, frames, 8, 3)
    dataset.save_as(path, enforce_file_format=True)
    with path.open("ab") as file:
        file.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\0\0\0\0")
        for number in range(frames):
            content = encoded[number % len(encoded)]
            file.write(b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content)
        file.write(b"\xfe\xff\xdd\xe0\0\0\0\0")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # What a parent held counts in `ru_maxrss`, not here.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1024**2


def child(task: str, path: Path) -> None:
    """One measurement: prints seconds, peak MB, and MB at its beginning."""
    before, begun = _peak_mb(), time.perf_counter()
    with path.open("rb") as source:
        if task == "copy":
            with path.with_suffix(".copy").open("wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
        elif task == "extract":
            extraction = extract(source)
            images = sum(1 for _ in extraction.images)
            print(f"{images} images of {extraction.frames} frames", file=sys.stderr)
        else:
            with path.with_suffix(".out").open("wb") as target:
                every = 1 if task == "redact every frame" else 10
                boxes = dict.fromkeys(range(0, _frames(path), every), BOXES)
                redact(source, target, boxes)
    print(f"{time.perf_counter() - begun:.2f} {_peak_mb():.0f} {before:.0f}")


def _frames(path: Path) -> int:
    import pydicom

    return int(pydicom.dcmread(path, stop_before_pixels=True).NumberOfFrames)


def _measured(task: str, path: Path) -> tuple[float, float, float]:
    for written in (path.with_suffix(".copy"), path.with_suffix(".out")):
        written.unlink(missing_ok=True)
    # What is not yet on disk would be waited for by whoever comes next.
    subprocess.run(["sync"], check=False)
    answer = subprocess.run(
        [sys.executable, "-m", "bench.pixels_memory", task, str(path)], check=True, capture_output=True, text=True
    )
    seconds, peak, before = (float(part) for part in answer.stdout.split())
    if answer.stderr.strip():
        print(f"    {answer.stderr.strip().splitlines()[-1]}")
    return seconds, peak, before


def main() -> int:
    """Print each figure; 1 when one is above its limit."""
    worst = 0.0
    for name in (*NATIVE, *ENCAPSULATED):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "object.dcm"
            make(name, path)
            print(f"{name}: {path.stat().st_size / 1e6:.0f} MB")
            task = "redact every frame" if name in NATIVE else "redact every tenth frame"
            # Other work on the machine slows both: they take turns, and the best of each counts.
            turns = range(5 if name in NATIVE else 1)
            pairs = [(_measured("copy", path)[0], _measured(task, path)) for _ in turns]
            copied = min(copy for copy, _ in pairs)
            taken = [(task, min(seconds for _, (seconds, _, _) in pairs), pairs[0][1])]
            if name in ("JPEG baseline", "native RGB 8"):
                measured = _measured("extract", path)
                taken.append(("extract", measured[0], measured))
            for done, seconds, (_, peak, before) in taken:
                worst = max(worst, peak)
                ratio = f"{seconds:.2f} s = {seconds / copied:.1f} x copy ({copied:.2f} s)"
                print(f"    {done}: {ratio}, peak {peak:.0f} MB ({before:.0f} at start)")
    print(f"peak {worst:.0f} MB, limit {LIMIT_MB} MB")
    return int(worst > LIMIT_MB)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], Path(sys.argv[2]))
        raise SystemExit
    raise SystemExit(main())
