"""What a codestream says of itself: size, samples, precision, sign. It is read before anything is decoded."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.images import PixelDescription

_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_SIZ: Final = b"\xff\x4f\xff\x51"
_COD: Final = 0x52
_START_OF_TILE: Final = 0x90


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Size in pixels, samples per pixel, bits of a sample, and whether samples are signed.

    `component_transform`: JPEG 2000 codes red, green and blue as a luminance and two differences (T.800 annex G).
    `progression`: the order of its packets (T.800 A.6.1).
    """

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    component_transform: bool = False
    progression: int = 0

    def require(self, description: PixelDescription) -> None:
        """Refuse a codestream of another size before a decoder reserves memory for it.

        Raises
        ------
        BadInputError
            ``codec-error``.
        """
        found = (self.rows, self.columns, self.samples)
        if found != (description.rows, description.columns, description.samples):
            raise BadInputError(Reason.CODEC_ERROR, "a frame is not of the described size")

    def sample(self, value: int) -> int:
        """A sample value in the form that the codestream holds it, within its range.

        A codestream without sign holds the two's complement of signed pixels.
        """
        lowest, highest = -(1 << self.precision - 1), (1 << self.precision) - 1
        if self.signed:
            return max(lowest, min(value, -lowest - 1))
        return min(value, highest) if value >= 0 else max(value, lowest) & highest


def damaged() -> BadInputError:
    """The error for a frame that is no codestream of its transfer syntax."""
    return BadInputError(Reason.CODEC_ERROR, "a frame is no codestream of its transfer syntax")


def of_jpeg(frame: bytes, processes: Container[int]) -> FrameHeader:
    """From the frame header of ITU-T T.81 (B.2.2) or T.87 (C.2.2); `processes`: the SOF markers that are accepted.

    Raises
    ------
    BadInputError
        ``codec-error`` when it is damaged or has another process.
    """
    if frame[:2] != b"\xff\xd8":
        raise damaged()
    position = 2
    while True:
        while frame[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 4 > len(frame) or frame[position] != 0xFF:
            raise damaged()
        code, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        body = frame[position + 4 : position + 2 + length]
        if length < 2 or len(body) != length - 2 or code in (_START_OF_SCAN, _END):
            raise damaged()
        if code in processes:
            if len(body) < 6:
                raise damaged()
            rows, columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
            return FrameHeader(rows, columns, body[5], body[0])
        position += 2 + length


def of_jpeg_2000(frame: bytes) -> FrameHeader:
    """From the SIZ and COD segments of ITU-T T.800 (A.5.1, A.6.1).

    Raises
    ------
    BadInputError
        ``codec-error`` when it is damaged, or its components differ in size, precision or sign.
    """
    if frame[:4] != _SIZ or len(frame) < 45:
        raise damaged()
    right, bottom, left, top = (int.from_bytes(frame[at : at + 4], "big") for at in (8, 12, 16, 20))
    samples = int.from_bytes(frame[40:42], "big")
    components = [frame[42 + 3 * number : 45 + 3 * number] for number in range(min(samples, 4))]
    if not components or len(components[-1]) != 3 or any(c != components[0] for c in components):
        raise damaged()
    depth, horizontal, vertical = components[0]
    if (horizontal, vertical) != (1, 1) or right <= left or bottom <= top:
        raise damaged()
    style = _coding_style(frame, 4 + int.from_bytes(frame[4:6], "big"))
    return FrameHeader(bottom - top, right - left, samples, (depth & 0x7F) + 1, depth > 0x7F, style[4] == 1, style[1])


def _coding_style(frame: bytes, position: int) -> bytes:
    """The first fields of COD: style, progression order, layers, component transform."""
    while position + 9 <= len(frame) and frame[position] == 0xFF and frame[position + 1] != _START_OF_TILE:
        if frame[position + 1] == _COD:
            return frame[position + 4 : position + 9]
        position += 2 + max(2, int.from_bytes(frame[position + 2 : position + 4], "big"))
    raise damaged()
