"""Codestreams as other encoders write them: tiles, layers, precincts, offsets, predictors, restarts, fragments."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from dicom_deid.geometry import Box
from dicom_deid.pixels.redaction import redact
from tests.synthetic.exactness import decoded, may_differ
from tests.synthetic.pixel_objects import COLUMNS, JPEG, ROWS, Case, make

BOXES = (Box(10, 8, 60, 30), Box(131, 85, 144, 96))
_CHANCE = np.random.default_rng(5)
GREY = (np.linspace(0, 180, COLUMNS)[None] + _CHANCE.integers(0, 60, (ROWS, COLUMNS))).astype(np.uint8)
COLOUR = np.stack([GREY, np.roll(GREY, 3, 1), np.roll(GREY, 7, 0)], axis=-1)
DEEP = (GREY.astype(np.uint16) * 16 + _CHANCE.integers(0, 16, GREY.shape)).astype(np.uint16)
Coded = tuple[str, str, NDArray[Any], bytes]
"""Transfer syntax, photometric interpretation, picture, codestream."""

WAVELET: dict[str, dict[str, Any]] = {
    "odd tiles": {"tile_size": (40, 33)},
    "tiles in layers": {"tile_size": (64, 64), "quality_layers": [20, 10, 0]},
    "precincts": {"codeblock_size": (16, 16), "precinct_size": (64, 64)},
    "resolutions first": {"progression": "RPCL", "num_resolutions": 3},
    "components first": {"progression": "CPRL", "tile_size": (50, 50), "num_resolutions": 2},
    "an offset": {"offset": (7, 5), "tile_offset": (3, 2), "tile_size": (64, 64)},
    "no wavelet": {"num_resolutions": 1},
    "packet lengths": {"plt": True},
}
COSINE: dict[str, dict[str, Any]] = {
    "restarts within rows": {"restart_marker_blocks": 3},
    "restarts by rows": {"restart_marker_rows": 1},
    "own tables": {"optimize": True},
    "coarse": {"quality": 20},
    "fine": {"quality": 100},
    "half chroma and restarts": {"subsampling": "4:2:0", "restart_marker_blocks": 2},
    "quarter chroma": {"subsampling": "4:1:1"},
}


def codestreams() -> Iterator[tuple[str, Coded]]:
    for name, options in WAVELET.items():
        for lossy in (False, True):
            end = f"{JPEG}91" if lossy else f"{JPEG}90"
            kind = f"{name}, {'lossy' if lossy else 'lossless'}"
            yield f"grey, {kind}", (end, "MONOCHROME2", GREY, _pillow(GREY, "JPEG2000", irreversible=lossy, **options))
            content = _pillow(COLOUR, "JPEG2000", irreversible=lossy, mct=1, **options)
            yield f"colour, {kind}", (end, "YBR_ICT" if lossy else "YBR_RCT", COLOUR, content)
    for name, options in COSINE.items():
        if "subsampling" not in options:
            yield f"grey, {name}", (f"{JPEG}50", "MONOCHROME2", GREY, _pillow(GREY, "JPEG", **options))
        yield f"colour, {name}", (f"{JPEG}50", "YBR_FULL_422", COLOUR, _pillow(COLOUR, "JPEG", **options))
    yield "red, green and blue", (f"{JPEG}50", "RGB", COLOUR, _pillow(COLOUR, "JPEG", keep_rgb=True))
    for predictor in range(1, 8):
        for bits, picture in ((8, GREY), (12, DEEP), (8, COLOUR)):
            photometric = "RGB" if picture.ndim == 3 else "MONOCHROME2"
            content = _predicted(picture, predictor, bits)
            yield f"{photometric}, {bits} bits, predictor {predictor}", (f"{JPEG}57", photometric, picture, content)


def _pillow(picture: NDArray[Any], kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, kind, **({"no_jp2": True} if kind == "JPEG2000" else {}), **options)
    return target.getvalue()


def _predicted(picture: NDArray[Any], predictor: int, bits: int) -> bytes:
    space = "rgb" if picture.ndim == 3 else None
    return bytes(
        imagecodecs.jpeg8_encode(
            picture, lossless=True, predictor=predictor, bitspersample=bits, colorspace=space, outcolorspace=space
        )
    )


def instance(coded: Coded, fragments: int) -> bytes:
    """Two frames of the codestream, each in so many fragments."""
    syntax, photometric, picture, content = coded
    dataset = pydicom.dcmread(io.BytesIO(make(Case(f"{JPEG}90", "RGB" if picture.ndim == 3 else "MONOCHROME2"))))
    dataset.file_meta.TransferSyntaxUID, dataset.PhotometricInterpretation = UID(syntax), photometric
    dataset.BitsAllocated, dataset.BitsStored = 8 * picture.itemsize, 12 if picture.itemsize == 2 else 8
    dataset.HighBit, dataset.NumberOfFrames = dataset.BitsStored - 1, 2
    dataset.PixelData = encapsulate([content, content], fragments_per_frame=fragments)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("coded", [pytest.param(coded, id=name) for name, coded in codestreams()])
def test_the_boxes_are_black_and_no_other_pixel_changes(coded: Coded, fragments: int) -> None:
    source, target = instance(coded, fragments), io.BytesIO()
    redact(io.BytesIO(source), target, {0: BOXES})
    before, after = decoded(source), decoded(target.getvalue())
    assert before is not None
    assert after is not None
    outside = ~may_differ(before.encoded[0], BOXES, before.description)
    assert np.array_equal(before.pixels[0][outside], after.pixels[0][outside])
    assert np.array_equal(before.pixels[1], after.pixels[1])
    for box in BOXES:
        inside = after.pixels[0][box.y0 : box.y1, box.x0 : box.x1]
        ring = 2 if coded[0] == f"{JPEG}50" else 0
        samples = inside[ring : box.height - ring, ring : box.width - ring].reshape(-1, before.description.samples)
        assert len(np.unique(samples, axis=0)) == 1
