"""Which codec handles which transfer syntax; what is not here is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.syntaxes import EXPLICIT_BIG, is_native

if TYPE_CHECKING:
    from dicom_deid.pixels.codecs.protocol import FrameCodec

_JPEG: Final = "1.2.840.10008.1.2.4."
RLE: Final = "1.2.840.10008.1.2.5"
_FAMILIES: Final[Mapping[str, str]] = {
    RLE: "rle",
    f"{_JPEG}50": "jpeg",
    f"{_JPEG}51": "jpeg",
    f"{_JPEG}57": "jpeg-lossless",
    f"{_JPEG}70": "jpeg-lossless",
    f"{_JPEG}80": "jpeg-ls",
    f"{_JPEG}81": "jpeg-ls-lossy",
    f"{_JPEG}90": "jpeg-2000",
    f"{_JPEG}91": "jpeg-2000-lossy",
}


def is_supported(transfer_syntax: str) -> bool:
    """Whether pixels of that syntax can be examined and redacted exactly."""
    return is_native(transfer_syntax) or transfer_syntax in _FAMILIES


def codec_of(transfer_syntax: str, *, words: bool = False) -> FrameCodec:
    """The codec of a transfer syntax; `words`: pixel data of VR OW, whose bytes a big endian stream swaps.

    Raises
    ------
    BadInputError
        ``unsupported-transfer-syntax``.
    """
    if is_native(transfer_syntax):
        from dicom_deid.pixels.codecs.native import NativeCodec

        big = transfer_syntax == EXPLICIT_BIG
        return NativeCodec(big_endian=big, swapped_bytes=big and words)
    family = _FAMILIES.get(transfer_syntax)
    if family is None:
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "no codec for this transfer syntax")
    return _compressed(family)


@cache
def _compressed(family: str) -> FrameCodec:
    from dicom_deid.pixels.codecs import compressed
    from dicom_deid.pixels.codecs.jpeg.codec import JpegCodec

    lossless = compressed.LosslessCodec
    codecs: dict[str, FrameCodec] = {
        "rle": lossless(compressed.decode_rle, compressed.encode_rle),
        "jpeg": JpegCodec(),
        "jpeg-lossless": lossless(
            compressed.decode_jpeg_lossless, compressed.encode_jpeg_lossless, {f"{_JPEG}57": f"{_JPEG}70"}
        ),
        "jpeg-ls": lossless(compressed.decode_jpeg_ls, compressed.encode_jpeg_ls),
        "jpeg-ls-lossy": lossless(
            compressed.decode_jpeg_ls, compressed.encode_jpeg_ls, {f"{_JPEG}81": f"{_JPEG}80"}, grow=2
        ),
        "jpeg-2000": lossless(compressed.decode_jpeg_2000, compressed.encode_jpeg_2000),
        "jpeg-2000-lossy": lossless(
            compressed.decode_jpeg_2000, compressed.encode_jpeg_2000, {f"{_JPEG}91": f"{_JPEG}90"}, grow=8
        ),
    }
    return codecs[family]
