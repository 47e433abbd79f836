"""Black boxes, and not one other pixel: every transfer syntax, photometric interpretation and depth."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file

from dicom_deid.errors import BadInputError, DeidError, Reason
from dicom_deid.geometry import Box
from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.codecs.jpeg import touched_area
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.fills import fill_of
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.redaction import redact
from tests.synthetic.pixel_objects import COLUMNS, JPEG, ROWS, Case, cases, make

BOXES = (Box(10, 5, 41, 17), Box(101, 70, 160, 110))
BECOMES = {
    f"{JPEG}57": f"{JPEG}70",
    f"{JPEG}81": f"{JPEG}80",
    f"{JPEG}91": f"{JPEG}90",
    f"{JPEG}203": f"{JPEG}201",
}
GROWN = {f"{JPEG}81": 2, f"{JPEG}91": 8, f"{JPEG}203": 8}


def decoded(content: bytes) -> tuple[list[NDArray[Any]], list[bytes], str]:
    source = io.BytesIO(content)
    header = read_header(source)
    description = describe(header)
    assert description is not None
    codec = codec_of(description.transfer_syntax)
    frames = list(FrameReader.open(source, header, description))
    return [np.array(codec.decode(frame, description)) for frame in frames], frames, description.transfer_syntax


def allowed(case: Case, frame: bytes) -> NDArray[np.bool_]:
    mask = np.zeros((ROWS, COLUMNS), bool)
    boxes = [box.clipped(COLUMNS, ROWS) for box in BOXES]
    found = [box for box in boxes if box is not None]
    if case.syntax in (f"{JPEG}50", f"{JPEG}51"):
        found = list(touched_area(frame, found))
    for box in found:
        grow = GROWN.get(case.syntax, 0)
        x0, x1 = box.x0 - grow, box.x1 + grow
        if case.photometric.endswith("_422") and "JPEG" not in case.name:
            x0, x1 = x0 // 2 * 2, (x1 + 1) // 2 * 2
        mask[max(box.y0 - grow, 0) : box.y1 + grow, max(x0, 0) : x1] = True
    return mask


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_only_the_boxes_of_the_named_frame_change(case: Case) -> None:
    source = make(case)
    target = io.BytesIO()
    report = redact(io.BytesIO(source), target, {0: BOXES})
    before, old, _ = decoded(source)
    after, new, syntax = decoded(target.getvalue())
    assert syntax == report.transfer_syntax == BECOMES.get(case.syntax, case.syntax)
    outside = ~allowed(case, old[0])
    assert np.array_equal(before[0][outside], after[0][outside])
    for box in BOXES:
        inside = after[0][box.y0 : box.y1, box.x0 : box.x1].reshape(-1, case.samples)
        assert len(np.unique(inside, axis=0)) == 1
    assert not np.array_equal(before[0], after[0])
    for number in range(1, case.frames):
        assert np.array_equal(before[number], after[number])
        if syntax == case.syntax:
            assert old[number] == new[number]


@pytest.mark.parametrize("case", list(cases())[::5], ids=lambda case: case.name)
def test_without_boxes_every_frame_keeps_its_bytes(case: Case) -> None:
    source, target = make(case), io.BytesIO()
    report = redact(io.BytesIO(source), target, {})
    assert report.changed_frames == ()
    assert decoded(source)[1] == decoded(target.getvalue())[1]


@pytest.mark.parametrize("case", list(cases())[::7], ids=lambda case: case.name)
def test_the_same_boxes_give_the_same_bytes(case: Case) -> None:
    source = make(case)
    first, second = io.BytesIO(), io.BytesIO()
    redact(io.BytesIO(source), first, {0: BOXES})
    redact(io.BytesIO(source), second, {0: BOXES})
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize(
    ("photometric", "bits", "signed", "black"),
    [
        ("MONOCHROME1", 12, False, (4095,)),
        ("MONOCHROME2", 8, False, (0,)),
        ("MONOCHROME2", 16, True, (-32768,)),
        ("RGB", 8, False, (0, 0, 0)),
        ("YBR_FULL", 8, False, (0, 128, 128)),
        ("YBR_FULL_422", 8, False, (0, 128, 128)),
        ("PALETTE COLOR", 8, False, (5,)),
    ],
)
def test_black_is_what_the_photometric_interpretation_shows_black(
    photometric: str, bits: int, signed: bool, black: tuple[int, ...]
) -> None:
    header = read_header(io.BytesIO(make(Case("1.2.840.10008.1.2.1", photometric, bits, signed))))
    description = describe(header)
    assert description is not None
    assert fill_of(header, description) == black


def test_an_overlay_hidden_in_unused_bits_is_cleared() -> None:
    source = bytearray(make(Case("1.2.840.10008.1.2.1", "MONOCHROME2", 12)))
    clean = bytes(source)
    header = read_header(io.BytesIO(clean))
    assert header.pixel is not None
    for place in range(header.pixel.offset + 1, len(source), 2):
        source[place] |= 0x80
    target = io.BytesIO()
    redact(io.BytesIO(bytes(source)), target, {})
    assert np.array_equal(decoded(clean)[0][0], decoded(target.getvalue())[0][0])


def test_a_box_on_a_frame_that_is_not_there_is_an_error() -> None:
    with pytest.raises(BadInputError) as caught:
        redact(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "RGB"))), io.BytesIO(), {1: BOXES})
    assert caught.value.reason is Reason.FRAME_COUNT_MISMATCH


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("case", list(cases())[::4], ids=lambda case: case.name)
def test_a_truncated_object_is_a_typed_error(case: Case, cut: float) -> None:
    source = make(case)
    with pytest.raises(DeidError):
        redact(io.BytesIO(source[: int(len(source) * cut)]), io.BytesIO(), {0: BOXES})


@pytest.mark.parametrize(("rows", "columns"), [(65535, 65535), (0, 10)])
def test_absurd_dimensions_are_refused_before_anything_is_decoded(rows: int, columns: int) -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "RGB"))))
    dataset.Rows, dataset.Columns = rows, columns
    target = io.BytesIO()
    dataset.save_as(target)
    with pytest.raises(BadInputError) as caught:
        redact(io.BytesIO(target.getvalue()), io.BytesIO(), {})
    assert caught.value.reason in (Reason.TOO_LARGE, Reason.PARSE_ERROR)


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "JPEG2000.dcm", "JPEG-LL.dcm", "SC_rgb_rle_2frame.dcm", "examples_ybr_color.dcm"]
)
def test_real_files_keep_every_pixel_outside_the_box(name: str) -> None:
    source = Path(str(get_testdata_file(name))).read_bytes()
    target = io.BytesIO()
    box = Box(8, 8, 24, 16)
    redact(io.BytesIO(source), target, {0: [box]})
    before, old, syntax = decoded(source)
    after, _, _ = decoded(target.getvalue())
    area = (
        list(touched_area(old[0], [box]))
        if syntax == f"{JPEG}50"
        else [box.grown(GROWN.get(syntax, 0), GROWN.get(syntax, 0))]
    )
    outside = np.ones(before[0].shape[:2], bool)
    for part in area:
        outside[part.y0 : part.y1, part.x0 : part.x1] = False
    assert np.array_equal(before[0][outside], after[0][outside])
    assert len(np.unique(after[0][8:16, 8:24].reshape(128, -1), axis=0)) == 1
