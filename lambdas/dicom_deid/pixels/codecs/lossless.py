"""Frames that are decoded, painted and encoded again without loss.

The codestream's own precision, sign and component transform count, never an interpretation of the data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.frame_header import FrameHeader
from dicom_deid.pixels.codecs.protocol import Pixels, paint
from dicom_deid.pixels.images import PixelDescription


@dataclass(frozen=True)
class LosslessCodec:
    """A family of transfer syntaxes by three functions.

    Guarantee: every decoded value outside the boxes is the same. `grow` pixels are added to each box where the source
    was lossy: ringing around letters tells what they were. `becomes` names the lossless syntax where the source's is
    not one.
    """

    header: Callable[[bytes, PixelDescription], FrameHeader]
    decoder: Callable[[bytes, PixelDescription], Pixels]
    encoder: Callable[[Pixels, FrameHeader, PixelDescription], bytes]
    becomes: Mapping[str, str] = field(default_factory=dict)
    grow: int = 0

    def decode(self, frame: bytes, description: PixelDescription) -> Pixels:
        """The codestream's values; see `FrameCodec.decode`."""
        self.header(frame, description).require(description)
        try:
            pixels = self.decoder(frame, description)
        except BadInputError:
            raise
        except Exception:
            # Whatever the codec library raises, its text may quote the stream.
            raise BadInputError(Reason.CODEC_ERROR, "a frame cannot be decoded") from None
        samples = pixels.shape[2] if pixels.ndim == 3 else 1
        if (*pixels.shape[:2], samples) != (description.rows, description.columns, description.samples):
            raise BadInputError(Reason.CODEC_ERROR, "a frame is not of the described size")
        return pixels

    def black_out(
        self, frame: bytes, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
    ) -> bytes:
        """Decode, paint, encode, and decode again to be sure."""
        pixels = self.decode(frame, description)
        header = self.header(frame, description)
        grown = [box.grown(self.grow, self.grow).clipped(description.columns, description.rows) for box in boxes]
        painted = paint(pixels, [box for box in grown if box is not None], [header.sample(value) for value in fill])
        try:
            encoded = self.encoder(painted, header, description)
        except Exception:
            raise BadInputError(Reason.CODEC_ERROR, "a frame cannot be encoded again") from None
        if not np.array_equal(self.decode(encoded, description), painted):
            raise BadInputError(Reason.CODEC_ERROR, "encoding a frame again changed it")
        return encoded

    def output_syntax(self, transfer_syntax: str) -> str:
        """The lossless syntax of the family."""
        return self.becomes.get(transfer_syntax, transfer_syntax)
