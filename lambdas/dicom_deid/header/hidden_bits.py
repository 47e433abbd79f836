"""Bits that no viewer shows: whatever stands outside Bits Stored of a native pixel (PS3.5 8.1.1)."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.elements import Header

_OVERLAYS: Final = 0x60000000


@dataclass
class HiddenBitsCheck:
    """Feeds on blocks of 16-bit pixels; refuses the object where a bit outside Bits Stored is used.

    `allowed_low` and `allowed_high` are the byte values that may stand in the low and high byte of a pixel.
    """

    allowed_low: bytes
    allowed_high: bytes
    low_first: bool
    odd: bool = False

    @classmethod
    def of(cls, header: Header) -> HiddenBitsCheck | None:
        """The check for 8- or 16-bit pixels with fewer bits stored; None where every bit is shown."""
        order = "big" if header.encoding.big_endian else "little"
        numbers = []
        for tag in (0x00280100, 0x00280101, 0x00280102, 0x00280103):
            element = header.find(tag)
            value = element.value[:2] if element is not None else b""
            numbers.append(int.from_bytes(value, "big" if order == "big" else "little") if len(value) == 2 else None)
        allocated, stored, high_bit, signed = numbers
        if allocated not in (8, 16) or stored is None or stored >= allocated:
            return None
        high_bit = stored - 1 if high_bit is None else high_bit
        low, high = _allowed_bytes(allocated, stored, high_bit, bool(signed))
        return cls(low, high, low_first=order == "little")

    def feed(self, block: bytes) -> None:
        """Look at the next bytes of the pixel data.

        Raises
        ------
        BadInputError
            ``embedded-overlay`` where a hidden bit is set.
        """
        first, second = (
            (self.allowed_low, self.allowed_high) if self.low_first else (self.allowed_high, self.allowed_low)
        )
        if self.odd:
            first, second = second, first
        self.odd ^= bool(len(block) % 2)
        for position, allowed in ((0, first), (1, second)):
            if len(allowed) < 256 and block[position::2].translate(None, allowed):
                raise BadInputError(Reason.EMBEDDED_OVERLAY, "bits outside (0028,0101) are used")

    def feed_run_length(self, frame: bytes) -> None:
        """Look at one RLE frame (PS3.5 annex G): its segments hold the bytes of the pixels, the highest one first.

        Raises
        ------
        BadInputError
            ``embedded-overlay`` where a hidden bit is set, ``codec-error`` where the segments are damaged.
        """
        width = 1 if self.allowed_low is self.allowed_high else 2
        header = struct.unpack_from("<16L", frame) if len(frame) >= 64 else (0,)
        bounds = [*header[1 : 1 + header[0]], len(frame)]
        if not header[0] or header[0] > 15 or header[0] % width or bounds != sorted(bounds):
            raise BadInputError(Reason.CODEC_ERROR, "a frame is no codestream of its transfer syntax")
        for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
            allowed = self.allowed_low if number % width == width - 1 else self.allowed_high
            if len(allowed) < 256 and _run_values(frame[start:stop]).translate(None, allowed):
                raise BadInputError(Reason.EMBEDDED_OVERLAY, "bits outside (0028,0101) are used")


def refuse_declared_overlays(header: Header) -> None:
    """Refuse an object whose header says that an overlay is hidden in its compressed pixels.

    Raises
    ------
    BadInputError
        ``embedded-overlay`` where (60xx,0100) is not 1.
    """
    for element in header.dataset:
        if element.tag >= _OVERLAYS:
            declares = element.tag >> 16 <= 0x60FF and element.tag & 0xFFFF == 0x0100
            if declares and element.value not in (b"", b"\1\0", b"\0\1"):
                raise BadInputError(Reason.EMBEDDED_OVERLAY, "(60xx,0100) names bits of the pixels")


def _run_values(segment: bytes) -> bytes:
    """Every byte value that a PackBits segment decodes to, repeated ones once."""
    pieces: list[bytes] = []
    position, end = 0, len(segment)
    while position < end:
        count = segment[position]
        position += 1
        if count < 128:
            pieces.append(segment[position : position + count + 1])
            position += count + 1
        elif count > 128:
            pieces.append(segment[position : position + 1])
            position += 1
    return b"".join(pieces)


@lru_cache(maxsize=64)
def _allowed_bytes(allocated: int, stored: int, high_bit: int, signed: bool) -> tuple[bytes, bytes]:
    """The byte values that may stand in the low and in the high byte of a pixel."""
    values = _allowed(allocated, stored, high_bit, signed)
    low = bytes(sorted({value & 0xFF for value in values}))
    return low, bytes(sorted({value >> 8 for value in values})) if allocated == 16 else low


def _allowed(allocated: int, stored: int, high_bit: int, signed: bool) -> set[int]:
    """Every value of a pixel whose hidden bits are zero, or extend the sign."""
    shift = high_bit - stored + 1
    if shift < 0 or high_bit >= allocated:
        raise BadInputError(Reason.PARSE_ERROR, "(0028,0102) contradicts (0028,0101)")
    plain = {value << shift for value in range(1 << stored)}
    if signed:
        extension = ((1 << allocated) - 1) & ~((1 << (high_bit + 1)) - 1)
        plain |= {value | extension for value in plain if value >> high_bit & 1}
    return plain
