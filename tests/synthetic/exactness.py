"""What a redaction changed, counted in decoded pixels: the measure that tests and benchmarks share."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.codecs.jpeg import touched_area
from dicom_deid.pixels.codecs.native import HALF_CHROMA
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.images import PixelDescription
from dicom_deid.pixels.redaction import redact

JPEG = "1.2.840.10008.1.2.4."
GROWN = {f"{JPEG}81": 2, f"{JPEG}91": 8, f"{JPEG}203": 8}
"""By lossy syntax, the pixels by which boxes are grown."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The frames of an object: their stored values, and their bytes."""

    pixels: list[NDArray[Any]]
    encoded: list[bytes]
    description: PixelDescription


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pixels compared outside the boxes, those that changed there, and whether the boxes are of one value.

    `clean_frames_kept`: frames without boxes have the same bytes, where the transfer syntax stayed.
    """

    syntax: str
    compared: int
    changed_outside: int
    uniform_inside: bool
    clean_frames_kept: bool

    @property
    def exact(self) -> bool:
        """Whether everything is as it must be."""
        return self.changed_outside == 0 and self.uniform_inside and self.clean_frames_kept


def real_files() -> list[Path]:
    """Every file of pydicom and of the package pydicom-data."""
    roots = []
    for package, folder in (("pydicom", "data/test_files"), ("data_store", "data")):
        spec = find_spec(package)
        roots += [Path(place) / folder for place in (spec.submodule_search_locations if spec else None) or []]
    return sorted(path for root in roots for path in root.rglob("*") if path.is_file() and path.suffix != ".py")


def decoded(content: bytes) -> Decoded | None:
    """None where there is no pixel data."""
    source = io.BytesIO(content)
    header = read_header(source)
    description = describe(header)
    if description is None:
        return None
    codec = codec_of(description.transfer_syntax)
    frames = list(FrameReader.open(source, header, description))
    return Decoded([np.array(codec.decode(frame, description)) for frame in frames], frames, description)


def may_differ(frame: bytes, boxes: Sequence[Box], description: PixelDescription) -> NDArray[np.bool_]:
    """(rows, columns): where a redaction of the source's frame may change pixels."""
    rows, columns, syntax = description.rows, description.columns, description.transfer_syntax
    mask = np.zeros((rows, columns), bool)
    clipped = [box.clipped(columns, rows) for box in boxes]
    areas = [box for box in clipped if box is not None]
    if syntax in (f"{JPEG}50", f"{JPEG}51"):
        areas = list(touched_area(frame, areas))
    elif description.photometric in HALF_CHROMA and not syntax.startswith(JPEG):
        areas = [Box(box.x0 // 2 * 2, box.y0, (box.x1 + 1) // 2 * 2, box.y1) for box in areas]
    grow = GROWN.get(syntax, 0)
    for box in areas:
        mask[max(box.y0 - grow, 0) : box.y1 + grow, max(box.x0 - grow, 0) : box.x1 + grow] = True
    return mask


def compared(content: bytes) -> Comparison | None:
    """Redact a box on the first frame, decode source and output, compare; None where there is no pixel data.

    Raises
    ------
    DeidError
        Where the object is refused.
    """
    before = decoded(content)
    if before is None:
        return None
    shown = before.description
    box = Box(
        shown.columns // 4,
        shown.rows // 4,
        max(shown.columns // 4 + 2, shown.columns // 2),
        max(shown.rows // 4 + 2, shown.rows // 2),
    )
    target = io.BytesIO()
    redact(io.BytesIO(content), target, {0: [box]})
    after = decoded(target.getvalue())
    assert after is not None
    outside = ~may_differ(before.encoded[0], [box], shown)
    changed = _stored(before.pixels[0], shown)[outside] != _stored(after.pixels[0], shown)[outside]
    others = [
        _stored(old, shown) != _stored(new, shown) for old, new in zip(before.pixels[1:], after.pixels[1:], strict=True)
    ]
    inside = after.pixels[0][box.y0 : box.y1, box.x0 : box.x1]
    if shown.transfer_syntax in (f"{JPEG}50", f"{JPEG}51") and min(box.width, box.height) > 4:
        # Chroma of the neighbours reaches into the edge of what is black.
        inside = inside[2:-2, 2:-2]
    same_syntax = shown.transfer_syntax == after.description.transfer_syntax
    hidden = shown.bits_stored < shown.bits_allocated
    return Comparison(
        shown.transfer_syntax,
        changed.size + sum(other.size for other in others),
        int(np.count_nonzero(changed)) + sum(int(np.count_nonzero(other)) for other in others),
        len(np.unique(inside.reshape(-1, shown.samples), axis=0)) <= 1,
        not same_syntax or hidden or before.encoded[1:] == after.encoded[1:],
    )


def _stored(pixels: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Native values without the bits outside Bits Stored, which are cleared; a codestream has no such bits."""
    if description.transfer_syntax.startswith(JPEG) or description.bits_stored >= description.bits_allocated:
        return pixels
    return np.asarray(pixels & pixels.dtype.type((1 << description.bits_stored) - 1))
