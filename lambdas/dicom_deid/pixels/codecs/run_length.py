"""Run length encoding (PS3.5 annex G)."""

from __future__ import annotations

from typing import Final

import imagecodecs
import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.codecs.frame_header import FrameHeader
from dicom_deid.pixels.codecs.lossless import LosslessCodec
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.images import PixelDescription

_HEADER: Final = 64
_MOST_SEGMENTS: Final = 15


def header(frame: bytes, description: PixelDescription) -> FrameHeader:
    """The description's own: a run length frame says nothing of itself but the number of its segments."""
    count = int.from_bytes(frame[:4], "little")
    expected = description.bits_allocated // 8 * description.samples
    if count != expected or not 1 <= count <= _MOST_SEGMENTS or len(frame) < _HEADER:
        raise BadInputError(Reason.CODEC_ERROR, "RLE segments do not match the description")
    return FrameHeader(
        description.rows, description.columns, description.samples, description.bits_allocated, description.signed
    )


def decode(frame: bytes, description: PixelDescription) -> Pixels:
    """One PackBits segment per byte of a sample, most significant first."""
    size = description.bits_allocated // 8
    count = size * description.samples
    starts = [int.from_bytes(frame[4 * n : 4 * n + 4], "little") for n in range(1, count + 1)]
    pixels = description.rows * description.columns
    planes = np.empty((description.samples, size, pixels), np.uint8)
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(frame)], strict=True)):
        if not _HEADER <= start < stop <= len(frame):
            raise BadInputError(Reason.CODEC_ERROR, "an RLE segment lies outside its frame")
        planes[number // size, number % size] = _unpacked(frame[start:stop], pixels)
    values = np.moveaxis(planes, 1, -1).copy().view(np.dtype(f">{'i' if description.signed else 'u'}{size}"))
    image = values.reshape(description.samples, description.rows, description.columns)
    native = image.astype(image.dtype.newbyteorder("="))
    return native[0] if description.samples == 1 else np.moveaxis(native, 0, -1)


def _unpacked(segment: bytes, pixels: int) -> Pixels:
    # A byte of PackBits gives at most 64: no more of a segment is unpacked than could be pixels.
    plain = imagecodecs.packbits_decode(segment[: 2 * pixels + 2])
    if len(plain) < pixels:
        raise BadInputError(Reason.CODEC_ERROR, "an RLE segment is too short")
    return np.frombuffer(plain, np.uint8)[:pixels]


def encode(pixels: Pixels, source: FrameHeader, description: PixelDescription) -> bytes:
    """Each row of each byte plane packed by itself, segments of even length (PS3.5 G.3.1)."""
    del source
    size = description.bits_allocated // 8
    planes = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    segments: list[bytes] = []
    for sample in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[..., sample]).astype(f">{'i' if description.signed else 'u'}{size}")
        raw = plane.view(np.uint8).reshape(description.rows, description.columns, size)
        for byte in range(size):
            rows = np.ascontiguousarray(raw[..., byte])
            packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in rows)
            segments.append(packed + b"\0" if len(packed) % 2 else packed)
    offsets, position = [], _HEADER
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    start = b"".join(number.to_bytes(4, "little") for number in (len(segments), *offsets))
    return start.ljust(_HEADER, b"\0") + b"".join(segments)


CODEC: Final = LosslessCodec(header, decode, encode)
