"""Parts of pydicom's real images that hold no burned-in text, as pictures of brightness 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import apply_color_lut

from tests.synthetic.burned_in_people import Chance, choice


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows and columns of a file's first frame, as shares of its size."""

    file: str
    top: float = 0.0
    bottom: float = 1.0
    left: float = 0.0
    right: float = 1.0


_PARTS: Final[Mapping[str, tuple[_Part, ...]]] = {
    "US": (
        _Part("OBXXXX1A.dcm", 0.26, 0.74, 0.25, 0.9),
        _Part("US1_UNCI.dcm", 0.27, 0.65, 0.05, 0.95),
        _Part("examples_ybr_color.dcm", 0.1, 0.88, 0.13, 0.83),
        _Part("color-pl.dcm", 0.05, 0.95, 0.0, 0.8),
        _Part("gdcm-US-ALOKA-16.dcm", 0.22, 0.85, 0.06, 0.94),
    ),
    "CT": (
        _Part("CT_small.dcm"),
        _Part("693_UNCI.dcm"),
        _Part("explicit_VR-UN.dcm"),
        _Part("J2K_pixelrep_mismatch.dcm"),
    ),
    "MR": (_Part("MR2_UNCI.dcm"), _Part("examples_overlay.dcm"), _Part("MR-SIEMENS-DICOM-WithOverlays.dcm")),
    "CR": (_Part("RG1_UNCI.dcm"), _Part("RG3_UNCI.dcm", 0.0, 0.75)),
    "DX": (_Part("RG3_UNCI.dcm", 0.0, 0.75), _Part("RG1_UNCI.dcm", 0.1, 0.9, 0.1, 0.9)),
    "MG": (_Part("RG1_UNCI.dcm", 0.3, 0.8, 0.0, 0.45), _Part("MR2_UNCI.dcm", 0.2, 0.8, 0.1, 0.6)),
    "XA": (_Part("RG1_UNCI.dcm", 0.15, 0.75, 0.2, 0.8), _Part("693_UNCI.dcm")),
    "ES": (_Part("MR2_UNCI.dcm", 0.1, 0.6, 0.2, 0.7), _Part("examples_overlay.dcm", 0.2, 0.8, 0.2, 0.8)),
    "OT": (_Part("explicit_VR-UN.dcm"), _Part("examples_overlay.dcm"), _Part("US1_UNCI.dcm", 0.27, 0.65, 0.05, 0.95)),
}
_SIZES: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "US": ((480, 640), (600, 800), (768, 1024)),
    "CT": ((512, 512), (256, 256)),
    "MR": ((512, 512), (384, 384), (256, 256)),
    "CR": ((1200, 1000), (1760, 1760)),
    "DX": ((1400, 1200), (1000, 1000)),
    "MG": ((1600, 1200),),
    "XA": ((512, 512), (1024, 1024)),
    "ES": ((576, 720), (720, 1280)),
    "OT": ((600, 800), (768, 1024)),
}
"""(rows, columns) of what that equipment writes."""


def background(modality: str, chance: Chance, *, colour: bool) -> NDArray[np.float32]:
    """(rows, columns) or (rows, columns, 3): anatomy as that modality frames it."""
    part = choice(chance, _PARTS[modality])
    rows, columns = choice(chance, _SIZES[modality])
    picture = _picture(part)
    if chance.random() < 0.5:
        picture = picture[:, ::-1]
    if modality in ("US", "ES", "OT"):
        scene = _framed(picture, rows, columns, modality, chance)
    else:
        scene = np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
        if modality in ("CR", "DX", "MG", "XA"):
            scene = scene * 0.85
    if modality == "ES":
        scene = scene * np.array((1.0, 0.55, 0.45), np.float32)
    values = np.clip(scene, 0, 1).astype(np.float32)
    return values if colour else values.mean(axis=2)


@cache
def _picture(part: _Part) -> NDArray[np.float32]:
    """(rows, columns, 3), MONOCHROME1 inverted."""
    dataset = pydicom.dcmread(str(get_testdata_file(part.file)))
    pixels = dataset.pixel_array
    if pixels.ndim > 2 and pixels.shape[-1] != 3:
        pixels = pixels[0]
    if pixels.ndim == 4:
        pixels = pixels[0]
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    values = pixels.astype(np.float32)
    low, high = np.percentile(values, [0.5, 99.5])
    values = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        values = 1 - values
    if values.ndim == 2:
        values = np.repeat(values[..., np.newaxis], 3, axis=2)
    rows, columns = values.shape[:2]
    return values[
        round(part.top * rows) : round(part.bottom * rows), round(part.left * columns) : round(part.right * columns)
    ]


def _framed(
    picture: NDArray[np.float32], rows: int, columns: int, modality: str, chance: Chance
) -> NDArray[np.float32]:
    """The anatomy inside a screen: below a banner, or to the right of a panel."""
    dark = float(chance.uniform(0.0, 0.12))
    scene = np.full((rows, columns, 3), dark, np.float32)
    top = round(rows * 0.12)
    left = round(columns * (0.32 if modality == "ES" else 0.12 if modality == "US" else 0.45))
    height, width = rows - top - round(rows * 0.06), columns - left - round(columns * 0.06)
    scene[top : top + height, left : left + width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return scene
