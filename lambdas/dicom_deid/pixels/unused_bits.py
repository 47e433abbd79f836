"""Bits of native pixels outside Bits Stored (PS3.5 8.1.1): once a place for overlays, never shown, always cleared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicom_deid.part10.elements import Header
from dicom_deid.part10.reader import find
from dicom_deid.part10.syntaxes import is_native
from dicom_deid.pixels.codecs.protocol import Encoded
from dicom_deid.pixels.images import PixelDescription


@dataclass(frozen=True, slots=True)
class UnusedBits:
    """Sets the hidden bits of a frame to zero, or to the sign where pixels are signed."""

    description: PixelDescription
    high_bit: int
    big_endian: bool

    @classmethod
    def of(cls, header: Header, description: PixelDescription) -> UnusedBits | None:
        """None where every bit is stored, or the codestream has its own precision."""
        if description.bits_stored >= description.bits_allocated or not is_native(description.transfer_syntax):
            return None
        if description.bits_allocated not in (8, 16, 32):
            return None
        element = find(header.dataset, 0x00280102)
        order = header.encoding.big_endian
        high = (
            int.from_bytes(element.value[:2], "big" if order else "little") if element else description.bits_stored - 1
        )
        return cls(description, high, order)

    def cleared(self, frame: Encoded) -> Encoded:
        """The frame with its hidden bits cleared; the same bytes where there is nothing to clear."""
        size = self.description.bits_allocated
        dtype = np.dtype(f"{'>' if self.big_endian else '<'}u{size // 8}")
        whole = np.frombuffer(frame, dtype, len(frame) // dtype.itemsize)
        low = self.high_bit - self.description.bits_stored + 1
        if low < 0 or self.high_bit >= size:
            return frame
        mask = ((1 << self.description.bits_stored) - 1) << low
        if not self.description.signed and not int(np.bitwise_or.reduce(whole, initial=0)) & ~mask:
            return frame
        values = whole & dtype.type(mask)
        if self.description.signed:
            extension = ((1 << size) - 1) & ~((1 << self.high_bit + 1) - 1)
            negative = (whole >> dtype.type(self.high_bit) & dtype.type(1)).astype(bool)
            values = np.where(negative, values | dtype.type(extension), values).astype(dtype)
        return frame if np.array_equal(values, whole) else values.astype(dtype).tobytes() + frame[whole.nbytes :]
