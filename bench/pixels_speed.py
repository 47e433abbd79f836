"""Redaction of one frame beside what its codec takes to decode and encode it: ratios in one run.

JPEG is edited in its coefficients, so libjpeg-turbo's decode and encode of the same frame is the measure; its limit is
20 times that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import imagecodecs
import numpy as np

from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.images import PixelDescription

ROWS, COLUMNS = 480, 640
BOXES = [Box(10, 10, 200, 40), Box(300, 400, 500, 430)]
LIMIT = 20
JPEG = "1.2.840.10008.1.2.4."


def _best(*calls: Callable[[], object], rounds: int = 25) -> list[float]:
    """The shortest time of each in seconds; they take turns, so that other work on the machine meets all of them."""
    best = [float("inf")] * len(calls)
    for number in range(rounds + 1):
        for place, call in enumerate(calls):
            begun = time.perf_counter()
            call()
            if number:
                best[place] = min(best[place], time.perf_counter() - begun)
    return best


def _description(syntax: str, samples: int, bits: int, photometric: str) -> PixelDescription:
    allocated = 8 if bits == 8 else 16
    return PixelDescription(syntax, "", "", photometric, ROWS, COLUMNS, 1, samples, allocated, bits, False, 0)


def main() -> int:
    """Print each ratio; 1 when JPEG is above its limit."""
    chance = np.random.default_rng(1)
    colour = cv2.GaussianBlur(chance.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8), (0, 0), 2)
    grey, deep = np.ascontiguousarray(colour[..., 0]), colour[..., 0].astype(np.uint16) << 4
    worst = 0.0
    variants: dict[str, dict[str, Any]] = {
        "4:4:4": {"subsampling": "444"},
        "4:2:2": {"subsampling": "422"},
        "4:2:0": {"subsampling": "420"},
        "4:2:0 own tables": {"subsampling": "420", "optimize": True},
    }
    for name, options in variants.items():
        frame = bytes(imagecodecs.jpeg8_encode(colour, level=85, **options))
        shown = _description(f"{JPEG}50", 3, 8, "YBR_FULL_422")
        codec = codec_of(shown.transfer_syntax)
        turbo, edit = _best(
            lambda: imagecodecs.jpeg8_encode(imagecodecs.jpeg8_decode(frame), level=85, **options),  # noqa: B023
            lambda: codec.black_out(frame, BOXES, (0, 128, 128), shown),  # noqa: B023
        )
        worst = max(worst, edit / turbo)
        ratio = f"{edit * 1e3:.1f} ms, {edit / turbo:.1f} x libjpeg-turbo ({turbo * 1e3:.1f} ms)"
        print(f"JPEG {name}: {len(frame)} bytes, {ratio}")
    others: dict[str, tuple[str, bytes | bytearray, int, int]] = {
        "JPEG lossless": (f"{JPEG}70", imagecodecs.jpeg8_encode(grey, lossless=True, predictor=1), 1, 8),
        "JPEG-LS": (f"{JPEG}80", imagecodecs.jpegls_encode(grey), 1, 8),
        "JPEG 2000": (f"{JPEG}90", imagecodecs.jpeg2k_encode(grey, codecformat="j2k", reversible=True, level=0), 1, 8),
        "HTJ2K": (f"{JPEG}201", imagecodecs.htj2k_encode(grey, reversible=True), 1, 8),
        "native": ("1.2.840.10008.1.2.1", deep.tobytes(), 1, 12),
    }
    for name, (syntax, content, samples, bits) in others.items():
        frame, shown = bytes(content), _description(syntax, samples, bits, "MONOCHROME2")
        codec = codec_of(syntax)
        decode, edit = _best(
            lambda: codec.decode(frame, shown),  # noqa: B023
            lambda: codec.black_out(frame, BOXES, (0,), shown),  # noqa: B023
        )
        print(f"{name}: {edit * 1e3:.1f} ms, {edit / decode:.1f} x its decoding")
    print(f"JPEG at worst {worst:.1f} x, limit {LIMIT} x")
    return int(worst > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
