"""Frames that imagecodecs decodes and encodes again without loss: RLE, JPEG lossless, JPEG-LS, JPEG 2000, HTJ2K.

The codestream's own precision, sign and colour transform count, never an interpretation of the data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.protocol import Pixels, paint
from dicom_deid.pixels.images import PixelDescription

Decoder = Callable[[bytes, PixelDescription], Pixels]
Encoder = Callable[[Pixels, PixelDescription], bytes]


@dataclass(frozen=True)
class LosslessCodec:
    """A family that is decoded, painted and encoded without loss.

    Guarantee: every decoded value outside the boxes is the same. `grow` pixels are added to each box where the source
    was lossy: ringing around letters tells what they were.
    """

    decoder: Decoder
    encoder: Encoder
    becomes: Mapping[str, str] = field(default_factory=dict)
    grow: int = 0

    def decode(self, frame: bytes, description: PixelDescription) -> Pixels:
        """The codestream's values; see `FrameCodec.decode`."""
        try:
            pixels = self.decoder(frame, description)
        except BadInputError:
            raise
        except Exception:
            # Whatever the codec library raises, its text may quote the stream.
            raise BadInputError(Reason.CODEC_ERROR, "a frame cannot be decoded") from None
        expected = (description.rows, description.columns)
        samples = pixels.shape[2] if pixels.ndim == 3 else 1
        if pixels.shape[:2] != expected or samples != description.samples:
            raise BadInputError(Reason.CODEC_ERROR, "a frame is not of the described size")
        return pixels

    def black_out(
        self, frame: bytes, boxes: Sequence[Box], fill: Sequence[int], description: PixelDescription
    ) -> bytes:
        """Decode, paint, encode, and decode again to be sure."""
        pixels = self.decode(frame, description)
        grown = [box.grown(self.grow, self.grow).clipped(description.columns, description.rows) for box in boxes]
        # A codestream without sign holds the two's complement of signed pixels, at the stored precision.
        unsigned = np.issubdtype(pixels.dtype, np.unsignedinteger)
        values = [value & (1 << description.bits_stored) - 1 if unsigned else value for value in fill]
        painted = paint(pixels, [box for box in grown if box is not None], values)
        try:
            encoded = self.encoder(painted, description)
        except Exception:
            raise BadInputError(Reason.CODEC_ERROR, "a frame cannot be encoded again") from None
        if not np.array_equal(self.decode(encoded, description), painted):
            raise BadInputError(Reason.CODEC_ERROR, "encoding a frame again changed it")
        return encoded

    def output_syntax(self, transfer_syntax: str) -> str:
        """The lossless syntax of the family where the source's is not one."""
        return self.becomes.get(transfer_syntax, transfer_syntax)


def decode_rle(frame: bytes, description: PixelDescription) -> Pixels:
    """PS3.5 annex G: one PackBits segment per byte of a sample, most significant first."""
    size = description.bits_allocated // 8
    count = int.from_bytes(frame[:4], "little")
    if count != size * description.samples or len(frame) < 64:
        raise BadInputError(Reason.CODEC_ERROR, "RLE segments do not match the description")
    starts = [int.from_bytes(frame[4 * n : 4 * n + 4], "little") for n in range(1, count + 1)]
    pixels = description.rows * description.columns
    planes = np.empty((description.samples, size, pixels), np.uint8)
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(frame)], strict=True)):
        if not 64 <= start < stop <= len(frame):
            raise BadInputError(Reason.CODEC_ERROR, "an RLE segment lies outside its frame")
        plain = imagecodecs.packbits_decode(frame[start:stop])
        if len(plain) < pixels:
            raise BadInputError(Reason.CODEC_ERROR, "an RLE segment is too short")
        planes[number // size, number % size] = np.frombuffer(plain, np.uint8)[:pixels]
    values = np.moveaxis(planes, 1, -1).copy().view(np.dtype(f">{'i' if description.signed else 'u'}{size}"))
    image = values.reshape(description.samples, description.rows, description.columns)
    native = image.astype(image.dtype.newbyteorder("="))
    return native[0] if description.samples == 1 else np.moveaxis(native, 0, -1)


def encode_rle(pixels: Pixels, description: PixelDescription) -> bytes:
    """Each row of each byte plane packed by itself, segments of even length (PS3.5 G.3.1)."""
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
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    header = b"".join(number.to_bytes(4, "little") for number in (len(segments), *offsets))
    return header.ljust(64, b"\0") + b"".join(segments)


def decode_jpeg_lossless(frame: bytes, description: PixelDescription) -> Pixels:
    """ITU-T T.81 process 14."""
    as_coded = "rgb" if description.samples == 3 else None
    pixels: Any = imagecodecs.jpeg8_decode(frame, colorspace=as_coded, outcolorspace=as_coded)
    return np.asarray(pixels)


def encode_jpeg_lossless(pixels: Pixels, description: PixelDescription) -> bytes:
    """Process 14, first-order prediction (selection value 1), at the precision of the stored bits."""
    as_coded = "rgb" if description.samples == 3 else None
    bits = max(2, min(16, description.bits_stored))
    if int(pixels.max(initial=0)) >> bits:
        bits = description.bits_allocated
    return bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(pixels),
            lossless=True,
            predictor=1,
            bitspersample=bits,
            colorspace=as_coded,
            outcolorspace=as_coded,
        )
    )


def decode_jpeg_ls(frame: bytes, description: PixelDescription) -> Pixels:
    """ITU-T T.87."""
    del description
    return np.asarray(imagecodecs.jpegls_decode(frame))


def encode_jpeg_ls(pixels: Pixels, description: PixelDescription) -> bytes:
    """NEAR = 0: lossless."""
    del description
    return bytes(imagecodecs.jpegls_encode(np.ascontiguousarray(pixels), level=0))


def decode_jpeg_2000(frame: bytes, description: PixelDescription) -> Pixels:
    """ITU-T T.800 and T.814, at the codestream's precision and sign."""
    del description
    return np.asarray(imagecodecs.jpeg2k_decode(frame))


def encode_jpeg_2000(pixels: Pixels, description: PixelDescription) -> bytes:
    """Reversible 5-3 wavelet, raw codestream; the component transform only where the data set says so."""
    bits = description.bits_stored
    if int(pixels.max(initial=0)) >> bits:
        bits = description.bits_allocated
    return bytes(
        imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(pixels),
            level=0,
            codecformat="j2k",
            reversible=True,
            mct=description.samples == 3 and description.photometric in ("YBR_RCT", "YBR_ICT"),
            bitspersample=bits,
        )
    )
