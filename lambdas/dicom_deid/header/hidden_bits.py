"""Bits that no viewer shows: whatever stands outside Bits Stored of a pixel (PS3.5 8.1.1).

They are zero, or they extend the sign of a signed pixel; an object in which they are anything else is refused.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.elements import Header

if TYPE_CHECKING:
    from bitarray import bitarray

_OVERLAYS: Final = 0x60000000
_WIDEST: Final = 64
_LOOKED_AT_ASIDE: Final = 64 * 1024 * 1024
"""From so many bytes on, a thread that looks at them saves more than it costs to start."""


@dataclass(frozen=True, slots=True)
class PixelBits:
    """Where the bits of a pixel lie that are shown: `stored` of `allocated` bits, up to the bit `high_bit`."""

    allocated: int
    stored: int
    high_bit: int
    signed: bool
    big_endian: bool

    @classmethod
    def of(cls, header: Header) -> PixelBits | None:
        """None where every bit is shown, or pixels are no whole bytes.

        Raises
        ------
        BadInputError
            ``parse-error`` where High Bit contradicts Bits Stored.
        """
        big = header.encoding.big_endian
        numbers = []
        for tag in (0x00280100, 0x00280101, 0x00280102, 0x00280103):
            element = header.find(tag)
            value = element.value[:2] if element is not None else b""
            numbers.append(int.from_bytes(value, "big" if big else "little") if len(value) == 2 else None)
        allocated, stored, high_bit, signed = numbers
        if not allocated or allocated % 8 or allocated > _WIDEST or stored is None or stored >= allocated:
            return None
        # A big-endian data set has its words in big endian, and wider pixels in words of which it says no order.
        if big and allocated > 16:
            return None
        high_bit = stored - 1 if high_bit is None else high_bit
        if high_bit < stored - 1 or high_bit >= allocated:
            raise BadInputError(Reason.PARSE_ERROR, "(0028,0102) contradicts (0028,0101)")
        return cls(allocated, stored, high_bit, bool(signed and stored), big)

    @property
    def below(self) -> int:
        """The bits under the shown ones, as a number: never set."""
        return (1 << self.high_bit - self.stored + 1) - 1

    @property
    def above(self) -> int:
        """The bits over the shown ones, as a number: the sign, or zero."""
        return (1 << self.allocated) - (1 << self.high_bit + 1)

    @property
    def order(self) -> Literal["big", "little"]:
        """Of the bytes of a pixel; and of the bits of a byte, if each bit of a pixel is to lie beside the next."""
        return "big" if self.big_endian else "little"


@dataclass(slots=True)
class HiddenBitsCheck:
    """Feeds on native pixel data block by block, whatever their lengths."""

    bits: PixelBits
    _rest: bytes = b""
    _extends: bool = False
    """Whether hidden bits were set in the last block: then the next one is likely to extend its signs, too."""
    _steps: bitarray | None = None

    def feed(self, block: bytes) -> None:
        """Look at the next bytes of the pixel data.

        Raises
        ------
        BadInputError
            ``embedded-overlay`` where a hidden bit is set.
        """
        from bitarray import bitarray  # loaded where there is something to look at: most objects show every bit

        if self._rest:
            block = self._rest + block
        width = self.bits.allocated // 8
        odd = len(block) % width
        if odd:
            self._rest, block = block[-odd:], block[:-odd]
        else:
            self._rest = b""
        if not self._is_clean(bitarray(buffer=block, endian=self.bits.order), len(block) // width):
            raise _refusal()

    def finish(self) -> None:
        """Look at what is left of a pixel whose last bytes did not come: they are read as zero.

        Raises
        ------
        BadInputError
            ``embedded-overlay`` where a hidden bit is set.
        """
        if self._rest:
            self.feed(bytes(self.bits.allocated // 8 - len(self._rest)))

    def _is_clean(self, block: bitarray, pixels: int) -> bool:
        """Whether the hidden bits of each pixel are zero or extend its sign."""
        from bitarray.util import any_and

        bits = self.bits
        hidden = _mask(bits.above | bits.below, bits, pixels)
        if not self._extends or not bits.signed:
            if not any_and(block, hidden):
                return True
            if not bits.signed:
                return False
        if bits.below and any_and(block, _mask(bits.below, bits, pixels)):
            return False
        steps = self._steps_of(block)
        self._extends = True
        if not any_and(steps, _mask(bits.above, bits, pixels)):
            return True
        # Some pixels do not extend their sign. Those may have zeros only: above the sign no bit is set over one that
        # is not, and above the lowest hidden bit all are alike.
        self._extends = False
        alike = bits.above & bits.above << 1
        return not any_and(steps, _mask(alike, bits, pixels)) and not any_and(
            steps & block, _mask(bits.above, bits, pixels)
        )

    def _steps_of(self, block: bitarray) -> bitarray:
        """Bits that are set where one of the block differs from the next lower one of its pixel."""
        # In the same memory for each block: to allocate it anew makes the system clear as many pages every time.
        if self._steps is None or len(self._steps) != len(block):
            self._steps = block.copy()
        else:
            self._steps[:] = block
        if self.bits.big_endian:
            self._steps <<= 1
        else:
            self._steps >>= 1
        self._steps ^= block
        return self._steps


def looked_through(blocks: Iterator[bytes], bits: PixelBits, length: int) -> Generator[bytes]:
    """The same blocks, each given out after it was looked at.

    Where there are many, a thread looks at one while the one before is written and the next is read: the system works
    without the interpreter then.

    Parameters
    ----------
    length
        How many bytes the blocks hold together.

    Raises
    ------
    BadInputError
        ``embedded-overlay`` where a hidden bit is set.
    """
    check = HiddenBitsCheck(bits)
    if length < _LOOKED_AT_ASIDE:
        for block in blocks:
            check.feed(block)
            yield block
    else:
        yield from _looked_at_aside(blocks, check)
    check.finish()


def _looked_at_aside(blocks: Iterator[bytes], check: HiddenBitsCheck) -> Iterator[bytes]:
    from concurrent.futures import ThreadPoolExecutor  # not needed for most objects

    block = next(blocks)
    with ThreadPoolExecutor(1) as aside:
        looked = aside.submit(check.feed, block)
        for following in blocks:
            looked.result()
            looked = aside.submit(check.feed, following)
            yield block
            block = following
        looked.result()
    yield block


def _refusal() -> BadInputError:
    return BadInputError(Reason.EMBEDDED_OVERLAY, "bits outside (0028,0101) are used")


@lru_cache(maxsize=4)
def _mask(number: int, bits: PixelBits, pixels: int) -> bitarray:
    """The same bits of each pixel."""
    from bitarray import bitarray

    return bitarray(buffer=number.to_bytes(bits.allocated // 8, bits.order) * pixels, endian=bits.order)


def feed_run_length(bits: PixelBits, frame: bytes) -> None:
    """Look at one RLE frame (PS3.5 annex G): its segments hold the bytes of the pixels, the highest one first.

    Raises
    ------
    BadInputError
        ``embedded-overlay`` where a hidden bit is set, ``codec-error`` where the segments are damaged.
    """
    allowed = _allowed_bytes(bits)
    header = struct.unpack_from("<16L", frame) if len(frame) >= 64 else (0,)
    bounds = [*header[1 : 1 + header[0]], len(frame)]
    if not header[0] or header[0] > 15 or header[0] % len(allowed) or bounds != sorted(bounds):
        raise BadInputError(Reason.CODEC_ERROR, "a frame is no codestream of its transfer syntax")
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        values = allowed[number % len(allowed)]
        if len(values) < 256 and _run_values(frame[start:stop]).translate(None, values):
            raise _refusal()


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
def _allowed_bytes(bits: PixelBits) -> tuple[bytes, ...]:
    """The values that each byte of a pixel may have, the highest byte first."""
    found = []
    for shift in range(bits.allocated - 8, -8, -8):
        above, below = bits.above >> shift & 0xFF, bits.below >> shift & 0xFF
        sign = 1 << bits.high_bit >> shift & 0xFF
        plain = [value for value in range(256) if not value & (above | below)]
        extended = [value | above for value in plain if bits.signed and value & sign == sign]
        found.append(bytes(sorted({*plain, *extended})))
    return tuple(found)


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
