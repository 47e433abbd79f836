"""JPEG 2000 part 1 (ITU-T T.800), reversible and irreversible."""

from __future__ import annotations

from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.pixels.codecs.frame_header import FrameHeader, damaged, of_jpeg_2000
from dicom_deid.pixels.codecs.lossless import LosslessCodec
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription


def header(frame: bytes, description: PixelDescription) -> FrameHeader:
    """The SIZ and COD segments; precisions of 1 to 16 bits."""
    del description
    found = of_jpeg_2000(frame)
    if not 1 <= found.precision <= 16:
        raise damaged()
    return found


def decode(frame: bytes, description: PixelDescription) -> Pixels:
    """At the codestream's precision and sign, its component transform undone."""
    del description
    return np.asarray(imagecodecs.jpeg2k_decode(frame))


def encode(pixels: Pixels, source: FrameHeader, description: PixelDescription) -> bytes:
    """Reversible 5-3 wavelet, raw codestream; precision, sign and component transform are the source's."""
    del description
    return bytes(
        imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(pixels),
            level=0,
            codecformat="j2k",
            reversible=True,
            mct=source.component_transform,
            bitspersample=source.precision,
        )
    )


RINGING: Final = 8
"""Pixels around a letter in which an irreversible wavelet shows it."""
CODEC: Final = LosslessCodec(header, decode, encode)
LOSSY: Final = LosslessCodec(
    header, decode, encode, becomes={"1.2.840.10008.1.2.4.91": "1.2.840.10008.1.2.4.90"}, grow=RINGING
)
