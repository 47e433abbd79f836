"""What every family of codecs offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.pixels.images import PixelDescription

Pixels = NDArray[Any]
"""(rows, columns) or (rows, columns, samples), in the values that the codestream holds."""


Encoded = bytes | bytearray
"""An encoded frame."""


class FrameCodec(Protocol):
    """Decodes and redacts encoded frames of a family of transfer syntaxes."""

    def decode(self, frame: bytes, description: PixelDescription) -> Pixels:
        """The frame's stored values.

        Raises
        ------
        BadInputError
            ``codec-error`` when the frame cannot be decoded, or is not of the described size.
        """

    def black_out(
        self, frame: bytes, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
    ) -> Encoded:
        """The encoded frame with the boxes filled; every decoded value outside them as `guarantee` says."""

    def output_syntax(self, transfer_syntax: str) -> str:
        """The transfer syntax of an object any frame of which was blacked out."""


def paint(pixels: Pixels, boxes: Sequence[Box], fill: Sequence[int]) -> Pixels:
    """A copy with the boxes filled."""
    painted = np.array(pixels, copy=True)
    for box in boxes:
        painted[box.y0 : box.y1, box.x0 : box.x1] = fill if painted.ndim == 3 else fill[0]
    return painted
