"""The JPEG baseline and extended family behind the protocol of all codecs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.jpeg.editing import black_out
from dicom_deid.pixels.codecs.jpeg.markers import Codestream, parse
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription


@dataclass(frozen=True, slots=True)
class JpegCodec:
    """DCT domain: outside the touched MCUs and a ring of one pixel (4:1:1: two), every decoded value is the same."""

    def decode(self, frame: bytes, description: PixelDescription) -> Pixels:
        """Components as coded, without colour conversion."""
        stream = _checked(frame, description)
        try:
            as_coded = "rgb" if len(stream.components) == 3 else None
            pixels = np.asarray(imagecodecs.jpeg8_decode(frame, colorspace=as_coded, outcolorspace=as_coded))
        except Exception:
            raise BadInputError(Reason.CODEC_ERROR, "a frame cannot be decoded") from None
        if pixels.shape[:2] != (stream.rows, stream.columns):
            raise BadInputError(Reason.CODEC_ERROR, "a frame is not of the described size")
        return pixels

    def black_out(
        self, frame: bytes, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
    ) -> bytes:
        """See `editing.black_out`."""
        stream = _checked(frame, description)
        if description.photometric == "RGB" and _is_ycc(frame):
            middle = 1 << stream.precision - 1
            fill = (0, middle, middle)
        return black_out(frame, boxes, fill)

    def output_syntax(self, transfer_syntax: str) -> str:
        """The same."""
        return transfer_syntax


def _checked(frame: bytes, description: PixelDescription) -> Codestream:
    stream = parse(frame)
    size = (stream.rows, stream.columns, len(stream.components))
    if size != (description.rows, description.columns, description.samples):
        raise BadInputError(Reason.CODEC_ERROR, "a frame is not of the described size")
    return stream


def _is_ycc(frame: bytes) -> bool:
    """Whether the codestream itself says that it is YCbCr, whatever the data set says (JFIF, or Adobe's transform)."""
    adobe = frame.find(b"Adobe", 0, 64)
    return b"JFIF\0" in frame[:32] or (adobe >= 0 and frame[adobe + 11 : adobe + 12] == b"\x01")


CODEC: Final = JpegCodec()
