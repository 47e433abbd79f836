"""From an object to the images that text detection is asked about."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Sequence
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.extraction import extract
from dicom_deid.pixels.images import OcrImage, Route
from tests.synthetic.cines import Frame, ultrasound, written
from tests.synthetic.pixel_objects import JPEG, Case, make

BIG = "1.2.840.10008.1.2.2"


def cine(frames: Sequence[Frame]) -> bytes:
    """A JPEG baseline multi-frame object of these pictures."""
    dataset = pydicom.dcmread(io.BytesIO(make(Case(f"{JPEG}50", "YBR_FULL_422"))))
    dataset.Modality, dataset.NumberOfFrames = "US", len(frames)
    dataset.Rows, dataset.Columns = frames[0].shape[:2]
    encoded = [bytes(imagecodecs.jpeg8_encode(frame, level=88, subsampling="422")) for frame in frames]
    dataset.PixelData = encapsulate(encoded)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def as_frame(image: OcrImage, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What an image shows, brought back to the frame's pixels by its placement."""
    place, shown = image.placement, np.asarray(imagecodecs.png_decode(image.content))
    whole = shown[place.padding :, place.padding :][: round(shape[0] * place.scale), : round(shape[1] * place.scale)]
    return np.asarray(cv2.resize(whole, shape[1::-1], interpolation=cv2.INTER_AREA), np.float64)


def overlaid(count: int, *, clock: bool = False) -> list[Frame]:
    """A moving sector under a name, and a clock that runs with every frame."""
    frames = [written(frame, "CITIZEN JAN", 8, 6, 14, (220, 220, 220)) for frame in ultrasound(count)]
    if clock:
        frames = [written(f, f"10:{n // 60:02d}:{n % 60:02d}", 240, 6, 14, (220, 220, 0)) for n, f in enumerate(frames)]
    return frames


def test_a_static_overlay_on_a_hundred_frames_needs_few_images() -> None:
    extraction = extract(io.BytesIO(cine(overlaid(100))))
    images = list(extraction.images)
    assert (extraction.route, extraction.frames) == (Route.PIXELS, 100)
    assert len(images) <= 5
    assert sorted(frame for image in images for frame in image.frames) == list(range(100))
    assert (extraction.economy.frames, extraction.economy.distinct) == (100, 100)
    assert extraction.economy.spared == 100 - extraction.economy.analysed


def test_the_image_of_a_frame_is_that_frame() -> None:
    frames = overlaid(10, clock=True)
    images = list(extract(io.BytesIO(cine(frames))).images)
    assert [image.frames for image in images] == [(number,) for number in range(10)]
    for image, frame in zip(images, frames, strict=True):
        assert float(np.mean(np.abs(as_frame(image, frame.shape) - frame))) < 6


def test_a_single_frame_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    original = imagecodecs.jpeg8_decode

    def counted(frame: bytes, **options: Any) -> NDArray[Any]:
        decoded.append(len(frame))
        return original(frame, **options)

    monkeypatch.setattr(imagecodecs, "jpeg8_decode", counted)
    extraction = extract(io.BytesIO(cine(overlaid(1))))
    assert [image.frames for image in extraction.images] == [(0,)]
    assert (extraction.economy.analysed, len(decoded)) == (1, 1)


def test_images_are_made_one_at_a_time() -> None:
    """Memory does not grow with the number of frames that need an image."""
    peaks = []
    for count in (16, 64):
        content = cine(overlaid(count, clock=True))
        extraction = extract(io.BytesIO(content))
        tracemalloc.start()
        assert sum(1 for _ in extraction.images) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.parametrize("case", [Case("1.2.840.10008.1.2.1.99", "RGB", frames=3), Case(f"{JPEG}201", "MONOCHROME2")])
def test_extraction_gives_the_same_images_every_time(case: Case) -> None:
    first, second = (list(extract(io.BytesIO(make(case))).images) for _ in range(2))
    assert first == second
    assert first


@pytest.mark.parametrize("case", [Case("1.2.840.10008.1.2.1", "MONOCHROME2", 12), Case(BIG, "MONOCHROME2", 12)])
def test_bits_that_are_not_of_the_image_darken_no_picture(case: Case) -> None:
    plain = make(case)
    header = read_header(io.BytesIO(plain))
    assert header.pixel is not None
    hidden = bytearray(plain)
    high = header.pixel.offset + (0 if case.syntax == BIG else 1)
    for place in range(high, high + 2000, 2):
        hidden[place] |= 0x80
    shown = [[image.content for image in extract(io.BytesIO(bytes(content))).images] for content in (plain, hidden)]
    assert shown[0] == shown[1]
