"""Which codec handles which transfer syntax; what is not here is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.syntaxes import EXPLICIT_BIG, is_native

if TYPE_CHECKING:
    from dicom_deid.pixels.codecs.protocol import FrameCodec

_JPEG: Final = "1.2.840.10008.1.2.4."
RLE: Final = "1.2.840.10008.1.2.5"
_CODECS: Final[Mapping[str, tuple[str, str]]] = {
    RLE: ("run_length", "CODEC"),
    f"{_JPEG}50": ("jpeg.codec", "CODEC"),
    f"{_JPEG}51": ("jpeg.codec", "CODEC"),
    f"{_JPEG}57": ("jpeg_lossless", "CODEC"),
    f"{_JPEG}70": ("jpeg_lossless", "CODEC"),
    f"{_JPEG}80": ("jpeg_ls", "CODEC"),
    f"{_JPEG}81": ("jpeg_ls", "NEAR_LOSSLESS"),
    f"{_JPEG}90": ("jpeg_2000", "CODEC"),
    f"{_JPEG}91": ("jpeg_2000", "LOSSY"),
    f"{_JPEG}201": ("high_throughput", "CODEC"),
    f"{_JPEG}202": ("high_throughput", "CODEC"),
    f"{_JPEG}203": ("high_throughput", "LOSSY"),
}
"""By encapsulated transfer syntax, the module that handles it and its codec there."""


def is_supported(transfer_syntax: str) -> bool:
    """Whether pixels of that syntax can be examined and redacted exactly."""
    return is_native(transfer_syntax) or transfer_syntax in _CODECS


def codec_of(transfer_syntax: str) -> FrameCodec:
    """The codec of a transfer syntax.

    Raises
    ------
    BadInputError
        ``unsupported-transfer-syntax``.
    """
    if is_native(transfer_syntax):
        from dicom_deid.pixels.codecs.native import NativeCodec

        return NativeCodec(big_endian=transfer_syntax == EXPLICIT_BIG)
    if transfer_syntax not in _CODECS:
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "no codec for this transfer syntax")
    return _encapsulated(*_CODECS[transfer_syntax])


@cache
def _encapsulated(module: str, name: str) -> FrameCodec:
    # Routing needs no codec library: a module is loaded when its first frame is.
    return cast("FrameCodec", getattr(import_module(f"dicom_deid.pixels.codecs.{module}"), name))
