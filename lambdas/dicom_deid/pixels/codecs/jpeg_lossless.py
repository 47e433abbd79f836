"""Lossless JPEG, process 14 (ITU-T T.81 annex H)."""

from __future__ import annotations

from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.pixels.codecs.frame_header import FrameHeader, damaged, of_jpeg
from dicom_deid.pixels.codecs.lossless import LosslessCodec
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription

_SOF3: Final = frozenset({0xC3})


def header(frame: bytes, description: PixelDescription) -> FrameHeader:
    """The frame header; precisions of 2 to 16 bits."""
    del description
    found = of_jpeg(frame, _SOF3)
    if not 2 <= found.precision <= 16:
        raise damaged()
    return found


def decode(frame: bytes, description: PixelDescription) -> Pixels:
    """Components as coded, without colour conversion."""
    as_coded = "rgb" if description.samples == 3 else None
    return np.asarray(imagecodecs.jpeg8_decode(frame, colorspace=as_coded, outcolorspace=as_coded))


def encode(pixels: Pixels, source: FrameHeader, description: PixelDescription) -> bytes:
    """First-order prediction (selection value 1), at the source's precision."""
    as_coded = "rgb" if description.samples == 3 else None
    return bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(pixels),
            lossless=True,
            predictor=1,
            bitspersample=source.precision,
            colorspace=as_coded,
            outcolorspace=as_coded,
        )
    )


CODEC: Final = LosslessCodec(header, decode, encode, becomes={"1.2.840.10008.1.2.4.57": "1.2.840.10008.1.2.4.70"})
