"""The encoded frames of one instance, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.elements import Header
from dicom_deid.part10.encapsulation import Fragment, group_frames, index_fragments, read_frame
from dicom_deid.part10.reader import body_of
from dicom_deid.part10.syntaxes import is_native
from dicom_deid.pixels.codecs.native import frame_bits
from dicom_deid.pixels.codecs.protocol import Encoded
from dicom_deid.pixels.description import DEFAULT_PIXEL_LIMITS, PixelLimits
from dicom_deid.pixels.images import PixelDescription


@dataclass(frozen=True)
class FrameReader:
    """Frames by 0-based number; each read touches only that frame's bytes.

    Native frames are given from their first bit on, and with the bytes of 1- and 8-bit pixels in the order of the
    pixels. `swapped`: they stand in big endian words, in which the first pixel is the second byte (PS3.5 8.1.2).
    """

    body: BinaryIO
    description: PixelDescription
    offset: int
    fragments: tuple[tuple[Fragment, ...], ...]
    swapped: bool = False

    @classmethod
    def open(
        cls,
        source: BinaryIO,
        header: Header,
        description: PixelDescription,
        limits: PixelLimits = DEFAULT_PIXEL_LIMITS,
    ) -> FrameReader:
        """Find every frame.

        Raises
        ------
        BadInputError
            ``frame-count-mismatch`` where the pixel data does not hold as many frames as described, ``too-large``
            where one of them has more bytes than the limit.
        """
        pixel = header.pixel
        if pixel is None:
            raise BadInputError(Reason.PARSE_ERROR, "no pixel data")
        body = body_of(source, header)
        if is_native(description.transfer_syntax):
            needed = (frame_bits(description) * description.frames + 7) // 8
            if pixel.length is None or pixel.length + pixel.length % 2 < needed:
                raise BadInputError(Reason.FRAME_COUNT_MISMATCH, "the pixel data is shorter than its description")
            swapped = header.encoding.big_endian and pixel.vr == "OW" and description.bits_allocated <= 8
            return cls(body, description, pixel.offset, (), swapped)
        if pixel.length is not None:
            raise BadInputError(Reason.PARSE_ERROR, "compressed pixel data is not encapsulated")
        index = index_fragments(body, pixel)
        found = cls(body, description, pixel.offset, group_frames(index, description.frames, header.dataset))
        if max(map(found.encoded_length, range(description.frames))) > limits.frame_bytes:
            raise BadInputError(Reason.TOO_LARGE, "an encoded frame exceeds the limit")
        return found

    def encoded_length(self, number: int) -> int:
        """How many bytes a frame takes in the stream."""
        if self.fragments:
            return sum(fragment.length for fragment in self.fragments[number])
        return (frame_bits(self.description) + 7) // 8

    def read(self, number: int) -> bytes:
        """The bytes of one frame.

        Raises
        ------
        BadInputError
            ``parse-error`` when the stream ends inside it.
        """
        if self.fragments:
            return read_frame(self.body, self.fragments[number])
        bits = frame_bits(self.description)
        first, last = number * bits // 8, ((number + 1) * bits + 7) // 8
        before, after = (first % 2, last % 2) if self.swapped else (0, 0)
        length = before + last - first + after
        self.body.seek(self.offset + first - before)
        content = self.body.read(length)
        if len(content) != length:
            raise BadInputError(Reason.PARSE_ERROR, "the stream ends inside a frame")
        if self.swapped:
            content = _swapped(content)[before : length - after]
        return _aligned(content, number * bits % 8, bits) if bits % 8 else content

    def __iter__(self) -> Iterator[bytes]:
        return map(self.read, range(self.description.frames))


def _aligned(content: bytes, shift: int, bits: int) -> bytes:
    """`bits` bits beginning at bit `shift`, least significant first (PS3.5 8.1.1 packs 1-bit frames together)."""
    number = int.from_bytes(content, "little") >> shift & (1 << bits) - 1
    return number.to_bytes((bits + 7) // 8, "little")


def in_words(blocks: Iterable[Encoded]) -> Iterator[bytes]:
    """The bytes of every word swapped, whichever block they are in; a last odd byte is padded."""
    rest = b""
    for block in blocks:
        whole = rest + bytes(block)
        even = len(whole) // 2 * 2
        yield _swapped(whole[:even])
        rest = whole[even:]
    if rest:
        yield b"\0" + rest


def _swapped(content: Encoded) -> bytes:
    return np.frombuffer(content, np.uint16).byteswap().tobytes()


def packed(frames: Iterable[Encoded], bits: int) -> Iterator[bytes]:
    """Frames of `bits` bits each, without gaps between them, least significant first (PS3.5 8.1.1)."""
    rest, held = 0, 0
    for frame in frames:
        rest |= int.from_bytes(frame, "little") << held
        held += bits
        whole, held = held // 8, held % 8
        yield (rest & (1 << 8 * whole) - 1).to_bytes(whole, "little")
        rest >>= 8 * whole
    if held:
        yield rest.to_bytes(1, "little")
