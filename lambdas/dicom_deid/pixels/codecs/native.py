"""Uncompressed frames: 1, 8, 16 or 32 bits, either byte order, planar or interleaved, 4:2:2 (PS3.5 8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.protocol import Encoded, Pixels
from dicom_deid.pixels.images import PixelDescription

HALF_CHROMA: Final = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""Photometric interpretations with one pair of chroma samples for two pixels (PS3.3 C.7.6.3.1.2)."""


def frame_bits(description: PixelDescription) -> int:
    """How many bits a frame takes."""
    pixels = description.rows * description.columns
    samples = 2 if description.photometric in HALF_CHROMA else description.samples
    return pixels * samples * description.bits_allocated


@dataclass(frozen=True, slots=True)
class NativeCodec:
    """Frames as they stand in the pixel data, the bytes of 8-bit pixels in the order of the pixels.

    Guarantee: every bit outside the boxes is the same (4:2:2: boxes begin and end at even columns).
    """

    big_endian: bool = False

    def decode(self, frame: bytes, description: PixelDescription) -> Pixels:
        """(rows, columns[, samples]); 4:2:2 chroma is repeated, 1-bit frames are unpacked."""
        _require_whole(frame, description)
        if description.photometric in HALF_CHROMA:
            return _decode_422(frame, description)
        return self._view(bytearray(frame), description)

    def black_out(
        self, frame: bytes, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
    ) -> Encoded:
        """The frame's bytes with the boxes overwritten in place."""
        _require_whole(frame, description)
        if description.photometric in HALF_CHROMA:
            packed = bytearray(frame)
            _black_out_422(packed, boxes, fill, description)
            return packed
        if description.bits_allocated == 1:
            bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
            used = bits[: description.rows * description.columns].reshape(description.rows, description.columns)
            for box in boxes:
                used[box.y0 : box.y1, box.x0 : box.x1] = fill[0]
            return np.packbits(bits, bitorder="little").tobytes()
        content = bytearray(frame)
        view = self._array(content, description)
        for box in boxes:
            if description.samples == 1:
                view[box.y0 : box.y1, box.x0 : box.x1] = fill[0]
            elif description.planar == 1:
                for plane, value in enumerate(fill):
                    view[plane, box.y0 : box.y1, box.x0 : box.x1] = value
            else:
                view[box.y0 : box.y1, box.x0 : box.x1] = fill
        return content

    def output_syntax(self, transfer_syntax: str) -> str:
        """The same."""
        return transfer_syntax

    def _view(self, content: bytearray, description: PixelDescription) -> Pixels:
        if description.bits_allocated == 1:
            bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
            return bits[: description.rows * description.columns].reshape(description.rows, description.columns)
        array = self._array(content, description)
        return np.moveaxis(array, 0, -1) if description.samples > 1 and description.planar == 1 else array

    def _array(self, content: bytearray, description: PixelDescription) -> Pixels:
        kind = "i" if description.signed else "u"
        size = description.bits_allocated // 8
        dtype = np.dtype(f"{'>' if self.big_endian else '<'}{kind}{size}")
        shape: tuple[int, ...] = (description.rows, description.columns)
        if description.samples > 1:
            planes = description.samples
            shape = (planes, *shape) if description.planar == 1 else (*shape, planes)
        return np.frombuffer(content, dtype, int(np.prod(shape))).reshape(shape)


def _require_whole(frame: bytes, description: PixelDescription) -> None:
    if 8 * len(frame) < frame_bits(description):
        raise BadInputError(Reason.CODEC_ERROR, "a frame is shorter than its description")


def _decode_422(frame: bytes, description: PixelDescription) -> Pixels:
    """Y1 Y2 Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2)."""
    groups = np.frombuffer(frame, np.uint8)[: description.rows * description.columns * 2].reshape(-1, 4)
    pixels = np.empty((description.rows * description.columns, 3), np.uint8)
    pixels[0::2, 0], pixels[1::2, 0] = groups[:, 0], groups[:, 1]
    pixels[:, 1:] = np.repeat(groups[:, 2:], 2, axis=0)
    return pixels.reshape(description.rows, description.columns, 3)


def _black_out_422(
    content: bytearray, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
) -> None:
    groups = np.frombuffer(content, np.uint8)[: description.rows * description.columns * 2]
    rows = groups.reshape(description.rows, description.columns // 2, 4)
    for box in boxes:
        rows[box.y0 : box.y1, box.x0 // 2 : (box.x1 + 1) // 2] = (fill[0], fill[0], fill[1], fill[2])
