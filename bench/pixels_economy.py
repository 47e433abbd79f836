"""How many frames of a cine go to text detection, and whether text on one single frame is ever among the spared.

Real cines of pydicom-data and simulated ones, under a static overlay. Then words of many sizes and colours are written
on one frame at random places, some of them upright, and each time that frame must differ from all others.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence

import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import generate_frames

from dicom_deid.pixels.economy import EconomyReport, analysed_frames
from dicom_deid.pixels.moving_area import background, moving_area
from dicom_deid.pixels.text_change import Appearance, may_differ_in_text
from tests.synthetic.cines import Frame, lossy, ultrasound, written
from tests.synthetic.exactness import real_files

TRIALS = 300
WORDS = ("LEE", "A. WU", "SMITH^JOHN", "12/03/1956")
COLOURS = {"white": (230, 230, 230), "yellow": (255, 255, 0), "cyan": (0, 255, 255)}
MOST_IMAGES = 5


def _real(name: str) -> list[Frame]:
    path = next(path for path in real_files() if path.name == name)
    dataset = pydicom.dcmread(path)
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames))
    return [np.asarray(imagecodecs.jpeg8_decode(frame)) for frame in frames]


def _simulated(sharpness: float, quality: int, seed: int) -> list[Frame]:
    frames = ultrasound(100, 480, 640, seed=seed, sharpness=sharpness)
    text = [written(frame, "CITIZEN^JAN 12/03/1956", 8, 6, 18, (230, 230, 230)) for frame in frames]
    return lossy(text, quality)


def _analysed(frames: Sequence[Frame]) -> tuple[EconomyReport, float]:
    report, by_content = EconomyReport(), {frame.tobytes(): frame for frame in frames}
    begun = time.perf_counter()
    list(analysed_frames(len(frames), lambda n: frames[n].tobytes(), lambda content: [by_content[content]], report))
    return report, (time.perf_counter() - begun) / len(frames)


def _missed(frames: Sequence[Frame], chance: np.random.Generator) -> list[str]:
    """The words that, written on one frame, left it the same text as another frame."""
    rows, columns = frames[0].shape[:2]
    sampled = [frames[n] for n in np.linspace(0, len(frames) - 1, 32).astype(int)]
    moving = moving_area([background(frame) for frame in sampled], (rows, columns))
    others = [Appearance.of(frame) for frame in sampled]
    missed = []
    for _ in range(TRIALS):
        word, height = str(chance.choice(WORDS)), int(chance.integers(11, 60))
        colour = str(chance.choice(list(COLOURS)))
        turns = int(chance.choice([0, 0, 0, 1, 3]))
        upright = np.ascontiguousarray(np.rot90(frames[int(chance.integers(len(frames)))], -turns))
        x = int(chance.integers(0, max(1, upright.shape[1] - 3 * height)))
        y = int(chance.integers(0, upright.shape[0] - height))
        frame = np.ascontiguousarray(np.rot90(written(upright, word, x, y, height, COLOURS[colour]), turns))
        shown = Appearance.of(lossy([frame], 75)[0])
        if not all(may_differ_in_text(shown, other, moving) for other in others):
            missed.append(f"{word} {colour} {height} turned {90 * turns}")
    return missed


def main() -> int:
    """Print a line per cine; 1 when too many images are needed, or when a word went unseen."""
    warnings.simplefilter("ignore")
    wrong = 0
    cines: dict[str, Callable[[], list[Frame]]] = {
        "cardiac, real, 120 frames": lambda: _real("color3d_jpeg_baseline.dcm"),
        "cardiac, real, 240 x 320": lambda: _real("examples_ybr_color.dcm"),
        "simulated, quality 90": lambda: _simulated(1.0, 90, 3),
        "simulated, quality 75": lambda: _simulated(1.0, 75, 4),
        "simulated, finer speckle": lambda: _simulated(1.4, 85, 5),
    }
    for number, (name, make) in enumerate(cines.items()):
        frames = make()
        report, seconds = _analysed(frames[:100])
        missed = _missed(frames, np.random.default_rng(number))
        wrong += report.analysed > MOST_IMAGES or bool(missed)
        print(
            f"{name}: {report.frames} frames, {report.distinct} distinct, {report.analysed} analysed, "
            f"{report.spared} spared ({seconds * 1e3:.0f} ms a frame); "
            f"words on one frame: {TRIALS - len(missed)} of {TRIALS} seen {missed[:5] or ''}"
        )
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
