"""JPEG-LS (ITU-T T.87), lossless and near-lossless."""

from __future__ import annotations

from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.pixels.codecs.frame_header import FrameHeader, damaged, of_jpeg
from dicom_deid.pixels.codecs.lossless import LosslessCodec
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription

_SOF55: Final = frozenset({0xF7})
_END_OF_IMAGE: Final = b"\xff\xd9"


def header(frame: bytes, description: PixelDescription) -> FrameHeader:
    """The frame header; precisions of 2 to 16 bits."""
    del description
    found = of_jpeg(frame, _SOF55)
    if not 2 <= found.precision <= 16:
        raise damaged()
    return found


def decode(frame: bytes, description: PixelDescription) -> Pixels:
    """The components, interleaved by pixel."""
    del description
    # Where a truncated stream ends in no marker, the library looks for one far beyond it, for seconds.
    return np.asarray(imagecodecs.jpegls_decode(frame + _END_OF_IMAGE))


def encode(pixels: Pixels, source: FrameHeader, description: PixelDescription) -> bytes:
    """NEAR = 0: lossless. Samples of more than 8 bits are coded at 16: not every library version takes a precision."""
    del source, description
    return bytes(imagecodecs.jpegls_encode(np.ascontiguousarray(pixels), level=0))


CODEC: Final = LosslessCodec(header, decode, encode)
NEAR_LOSSLESS: Final = LosslessCodec(
    header, decode, encode, becomes={"1.2.840.10008.1.2.4.81": "1.2.840.10008.1.2.4.80"}, grow=2
)
