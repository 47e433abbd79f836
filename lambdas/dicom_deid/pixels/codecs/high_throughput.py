"""High-Throughput JPEG 2000 (ITU-T T.814; PS3.5 8.2.19 and 10.18).

OpenJPH encodes, OpenJPEG decodes: it clamps what a lossy stream overshoots, where the other's values wrap around; and
what one wrote is read by the other before it is believed.
"""

from __future__ import annotations

from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.codecs.frame_header import FrameHeader
from dicom_deid.pixels.codecs.jpeg_2000 import RINGING, decode, header
from dicom_deid.pixels.codecs.lossless import LosslessCodec
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription

_LEVELS: Final = 5
_THUMBNAIL: Final = 64
"""PS3.5 10.18: the lowest resolution is at most this wide or high."""
_SIZ_COMPONENTS: Final = 42
_RPCL: Final = 2


def encode(pixels: Pixels, source: FrameHeader, description: PixelDescription) -> bytes:
    """Reversible, in RPCL order with tile-part lengths, as the strictest of the syntaxes (.202) asks.

    The library codes whole bytes only. Samples are handed over as signed numbers around zero, and the SIZ segment is
    then given the source's precision and sign: what a decoder adds for unsigned samples was subtracted here (T.800
    G.1.2), and precision bounds the range without entering the code.
    """
    middle = 0 if source.signed else 1 << source.precision - 1
    centred = (pixels.astype(np.int32) - middle).astype(np.int16)
    levels = _LEVELS
    while max(description.rows, description.columns) > _THUMBNAIL << levels:
        levels += 1
    stream = bytearray(
        imagecodecs.htj2k_encode(
            np.ascontiguousarray(centred),
            reversible=True,
            rgb=source.component_transform,
            planar=False,
            resolutions=levels,
            tlm=True,
        )
    )
    for component in range(source.samples):
        stream[_SIZ_COMPONENTS + 3 * component] = source.precision - 1 | (0x80 if source.signed else 0)
    if header(bytes(stream), description).progression != _RPCL:
        raise BadInputError(Reason.CODEC_ERROR, "the library orders packets otherwise than RPCL")
    return bytes(stream)


CODEC: Final = LosslessCodec(header, decode, encode)
LOSSY: Final = LosslessCodec(
    header, decode, encode, becomes={"1.2.840.10008.1.2.4.203": "1.2.840.10008.1.2.4.201"}, grow=RINGING
)
