"""Black boxes, and not one other pixel: every transfer syntax, photometric interpretation and depth."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames, get_frame

from dicom_deid.errors import BadInputError, DeidError, Reason
from dicom_deid.geometry import Box
from dicom_deid.part10 import encapsulation
from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.fills import fill_of
from dicom_deid.pixels.redaction import redact
from tests.synthetic.exactness import Comparison, Decoded, compared, decoded, may_differ, real_files
from tests.synthetic.pixel_objects import COLUMNS, JPEG, ROWS, Case, cases, make

BOXES = (Box(10, 5, 41, 17), Box(101, 70, 160, 110))
BECOMES = {
    f"{JPEG}57": f"{JPEG}70",
    f"{JPEG}81": f"{JPEG}80",
    f"{JPEG}91": f"{JPEG}90",
    f"{JPEG}203": f"{JPEG}201",
}


REFUSED = (
    Reason.NOT_DICOM,
    Reason.PARSE_ERROR,
    Reason.DICOMDIR_NOT_SUPPORTED,
    Reason.FRAME_COUNT_MISMATCH,
    Reason.CODEC_ERROR,
    Reason.UNSUPPORTED_TRANSFER_SYNTAX,
)


def read(content: bytes) -> Decoded:
    found = decoded(content)
    assert found is not None
    return found


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_only_the_boxes_of_the_named_frame_change(case: Case) -> None:
    source = make(case)
    target = io.BytesIO()
    report = redact(io.BytesIO(source), target, {0: BOXES})
    before, after = read(source), read(target.getvalue())
    syntax = after.description.transfer_syntax
    assert syntax == report.transfer_syntax == BECOMES.get(case.syntax, case.syntax)
    outside = ~may_differ(before.encoded[0], BOXES, before.description)
    assert np.array_equal(before.pixels[0][outside], after.pixels[0][outside])
    for box in BOXES:
        inside = after.pixels[0][box.y0 : box.y1, box.x0 : box.x1].reshape(-1, case.samples)
        assert len(np.unique(inside, axis=0)) == 1
    assert not np.array_equal(before.pixels[0], after.pixels[0])
    for number in range(1, case.frames):
        assert np.array_equal(before.pixels[number], after.pixels[number])
        if syntax == case.syntax:
            assert before.encoded[number] == after.encoded[number]


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_another_reader_sees_the_boxes_and_nothing_else(case: Case) -> None:
    """Pydicom finds the frames by the tables that were written."""
    target = io.BytesIO()
    redact(io.BytesIO(make(case)), target, {0: BOXES})
    dataset = pydicom.dcmread(io.BytesIO(target.getvalue()))
    assert dataset.ImageType == ["DERIVED", "SECONDARY"]
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frames = list(generate_frames(dataset.PixelData, number_of_frames=case.frames))
        assert [len(frame) // 2 for frame in frames] == [(len(f) + 1) // 2 for f in read(target.getvalue()).encoded]
    if case.photometric == "YBR_ICT":
        assert dataset.PhotometricInterpretation == "YBR_RCT"


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_without_boxes_every_frame_keeps_its_bytes(case: Case) -> None:
    source, target = make(case), io.BytesIO()
    report = redact(io.BytesIO(source), target, {})
    assert report.changed_frames == ()
    assert read(source).encoded == read(target.getvalue()).encoded


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
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
    assert np.array_equal(read(clean).pixels[0], read(target.getvalue()).pixels[0])


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


SMALL = [path for path in real_files() if path.stat().st_size < 300_000]


@functools.cache
def outcome(path: Path) -> Comparison | Reason | None:
    """What redacting a real file changed, or why it was refused; None where it has no pixel data."""
    try:
        return compared(path.read_bytes())
    except DeidError as error:
        return error.reason


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_real_files_keep_every_pixel_outside_the_box(path: Path) -> None:
    """Or are refused by name; `python -m bench pixels_exactness` says which, and takes the large ones too."""
    found = outcome(path)
    assert found is None or found in REFUSED or (isinstance(found, Comparison) and found.exact)


def test_most_real_files_are_redacted() -> None:
    assert sum(isinstance(outcome(path), Comparison) for path in SMALL) >= 100


@pytest.mark.parametrize("case", [Case(f"{JPEG}50", "YBR_FULL_422", frames=3), Case(f"{JPEG}80", "RGB", frames=3)])
@pytest.mark.parametrize("boxes", [{}, {1: BOXES}])
def test_frames_beyond_32_bits_get_an_extended_offset_table(
    case: Case, boxes: dict[int, tuple[Box, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encapsulation, "LARGEST_BASIC_OFFSET", 1000)
    source, target = make(case), io.BytesIO()
    redact(io.BytesIO(source), target, boxes)
    dataset = pydicom.dcmread(io.BytesIO(target.getvalue()))
    tables = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    assert dataset.PixelData[:8] == b"\xfe\xff\x00\xe0" + bytes(4)
    frames = read(target.getvalue()).encoded
    assert [get_frame(dataset.PixelData, n, extended_offsets=tables, number_of_frames=3) for n in range(3)] == frames
    # An object that has one keeps one, and its frames.
    monkeypatch.undo()
    again = io.BytesIO()
    redact(io.BytesIO(target.getvalue()), again, {2: BOXES})
    dataset = pydicom.dcmread(io.BytesIO(again.getvalue()))
    tables = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    found = [get_frame(dataset.PixelData, n, extended_offsets=tables, number_of_frames=3) for n in range(3)]
    assert found[:2] == frames[:2]
    assert found == read(again.getvalue()).encoded


def test_an_object_is_read_and_written_frame_by_frame() -> None:
    """No read or write is larger than a frame, and memory does not grow with their number."""
    source, target = Metered(make(Case("1.2.840.10008.1.2.1", "RGB", frames=60))), Metered()
    redact(source, target, dict.fromkeys(range(60), BOXES))
    assert max(source.reads) <= 64 * 1024
    assert max(target.writes) <= ROWS * COLUMNS * 3


class Metered(io.BytesIO):
    """Remembers how much is asked for and given at once."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(content)
        self.reads: list[int] = []
        self.writes: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.reads.append(len(content))
        return content

    def write(self, content: Any, /) -> int:
        self.writes.append(len(content))
        return super().write(content)
