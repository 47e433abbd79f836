"""The image pixel module of one instance (PS3.3 C.7.6.3), validated before any pixel is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.elements import Header
from dicom_deid.part10.encapsulation import frame_count
from dicom_deid.part10.reader import find
from dicom_deid.part10.syntaxes import is_native
from dicom_deid.pixels.codecs.native import HALF_CHROMA
from dicom_deid.pixels.images import PixelDescription

_PHOTOMETRIC: Final = frozenset(
    {
        "MONOCHROME1",
        "MONOCHROME2",
        "PALETTE COLOR",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_PARTIAL_422",
        "YBR_PARTIAL_420",
        "YBR_ICT",
        "YBR_RCT",
    }
)
_DEPTHS: Final = frozenset({1, 8, 16, 32})


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """What one function can hold: decoded bytes and pixels of a frame, frames of an instance.

    Looking at a pixel takes up to 25 bytes (measured), whatever its depth: 3.4 GB at most.
    """

    frame_bytes: int = 512 * 1024 * 1024
    frame_pixels: int = 1 << 27
    frames: int = 100_000


DEFAULT_PIXEL_LIMITS: Final = PixelLimits()


def describe(header: Header, limits: PixelLimits = DEFAULT_PIXEL_LIMITS) -> PixelDescription | None:
    """The description of an instance's pixels; None where it has none.

    Raises
    ------
    BadInputError
        ``parse-error`` where the module contradicts itself, ``unsupported-transfer-syntax`` for float pixel data,
        ``too-large`` beyond the limits, ``frame-count-mismatch``.
    """
    if header.pixel is None:
        return None
    if header.pixel.tag != 0x7FE00010:
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "float pixel data is not handled")
    rows, columns = _number(header, 0x00280010), _number(header, 0x00280011)
    allocated = _number(header, 0x00280100)
    samples = _number(header, 0x00280002, 1)
    stored = _number(header, 0x00280101, allocated)
    photometric = _text(header, 0x00280004)
    if not (rows and columns) or allocated not in _DEPTHS or samples not in (1, 3) or not 1 <= stored <= allocated:
        raise BadInputError(Reason.PARSE_ERROR, "the image pixel module is incomplete or contradicts itself")
    if photometric not in _PHOTOMETRIC or (samples == 3) is not (photometric[:3] in ("RGB", "YBR")):
        raise BadInputError(Reason.PARSE_ERROR, "(0028,0004) contradicts (0028,0002) or is not known")
    if is_native(header.transfer_syntax):
        _require_native(photometric, allocated, samples, columns)
    frames = frame_count(header.dataset)
    size = rows * columns * samples * max(1, allocated // 8)
    if size > limits.frame_bytes or rows * columns > limits.frame_pixels or frames > limits.frames:
        raise BadInputError(Reason.TOO_LARGE, "a frame, or the number of frames, exceeds the limit")
    return PixelDescription(
        transfer_syntax=header.transfer_syntax,
        sop_class=_text(header, 0x00080016),
        modality=_text(header, 0x00080060),
        photometric=photometric,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        signed=_number(header, 0x00280103, 0) == 1,
        planar=_number(header, 0x00280006, 0),
    )


def _require_native(photometric: str, allocated: int, samples: int, columns: int) -> None:
    """PS3.5 8.1 and 8.2: chroma is shared by pairs of 8-bit pixels, and 1-bit pixels have one sample."""
    if photometric == "YBR_PARTIAL_420":
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "(0028,0004) belongs to video")
    if (photometric in HALF_CHROMA and (allocated != 8 or columns % 2)) or (allocated == 1 and samples != 1):
        raise BadInputError(Reason.PARSE_ERROR, "(0028,0004) contradicts (0028,0100) or (0028,0011)")


def _number(header: Header, tag: int, default: int = 0) -> int:
    element = find(header.dataset, tag)
    if element is None or len(element.value) < 2:
        return default
    return int.from_bytes(element.value[:2], "big" if header.encoding.big_endian else "little")


def _text(header: Header, tag: int) -> str:
    element = find(header.dataset, tag)
    return element.value.strip(b"\0 ").decode("ascii", "replace") if element is not None else ""
