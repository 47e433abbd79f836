"""No original is left beside the boxes: in the header, behind the frames, in another frame, a pixel away."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

from dicom_deid.geometry import Box
from dicom_deid.header.presets import profile_named
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import redact as redact_header
from dicom_deid.part10.reader import read_header
from dicom_deid.phi.findings import Action
from dicom_deid.phi.identity import harvest
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.pixels.redaction import redact as redact_pixels
from dicom_deid.pseudonyms import Pseudonymiser
from dicom_deid.records import CheckResult
from dicom_deid.verification.verify import verify
from tests.synthetic.pixel_objects import JPEG, Case, cases, make

BOX = Box(10, 8, 60, 30)
NATIVE = Case("1.2.840.10008.1.2.1", "MONOCHROME2", frames=2)
FAMILIES = [Case(f"{JPEG}{end}", "MONOCHROME2", frames=2) for end in ("50", "70", "80", "90", "201")]
ENCAPSULATED = [*FAMILIES, Case(RLELossless, "MONOCHROME2", frames=2)]
PSEUDONYMS = Pseudonymiser(bytes(range(32)), "test")


def boxes_on(frame: int, box: Box = BOX) -> RedactionPlan:
    return RedactionPlan(boxes=(PlannedBox((frame,), box, Action.REDACT, 1.0, ()),))


def candidate_of(source: bytes, plan: RedactionPlan) -> bytes:
    boxed, target = io.BytesIO(), io.BytesIO()
    redact_pixels(io.BytesIO(source), boxed, plan.redactions())
    redact_header(boxed, target, profile_named("basic"), PSEUDONYMS, claims=Claims(pixels_cleaned=True))
    return target.getvalue()


def failed(source: bytes, candidate: bytes, plan: RedactionPlan) -> set[str]:
    record = verify(
        io.BytesIO(source),
        io.BytesIO(candidate),
        plan=plan,
        identity=harvest(read_header(io.BytesIO(source))),
        pixels_cleaned=True,
        kept=frozenset(),
        residual=(),
        keyed=lambda content: PSEUDONYMS.reference(str(len(content))),
    )
    return {check.id for check in record.checks if check.result is CheckResult.FAIL}


def edited(content: bytes, change: Callable[[Dataset], object]) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(content))
    change(dataset)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def with_frames(content: bytes, frames: Sequence[bytes]) -> bytes:
    def put(dataset: Dataset) -> None:
        dataset.PixelData = encapsulate(list(frames))
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    return edited(content, put)


def frames_of(content: bytes) -> list[bytes]:
    dataset = pydicom.dcmread(io.BytesIO(content))
    return list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))


@pytest.mark.parametrize("case", ENCAPSULATED, ids=lambda case: case.name)
@pytest.mark.parametrize("place", ["behind the clean image", "as one more frame", "in its place", "swapped"])
def test_an_original_frame_beside_the_clean_ones_is_found(case: Case, place: str) -> None:
    source, plan = make(case), boxes_on(0)
    candidate = candidate_of(source, plan)
    clean, other = frames_of(candidate)
    original = frames_of(source)[0]
    kept = {
        "behind the clean image": [clean + original, other],
        "as one more frame": [clean, other, original],
        "in its place": [original, other],
        "swapped": [other, clean],
    }[place]
    assert failed(source, with_frames(candidate, [clean, other]), plan) == set()
    assert failed(source, with_frames(candidate, kept), plan) == {"pixels"}


@pytest.mark.parametrize("case", ENCAPSULATED, ids=lambda case: case.name)
def test_an_original_behind_a_frame_without_boxes_is_found(case: Case) -> None:
    source, plan = make(case), boxes_on(0)
    candidate = candidate_of(source, plan)
    clean, other = frames_of(candidate)
    assert failed(source, with_frames(candidate, [clean, other + frames_of(source)[0]]), plan) == {"pixels"}


def test_a_tile_part_that_leaves_its_length_out_may_end_an_image_and_hide_none() -> None:
    source, plan = make(FAMILIES[3]), boxes_on(0)
    candidate = candidate_of(source, plan)
    clean, other = (without_length(frame) for frame in frames_of(candidate))
    original = without_length(frames_of(source)[0])
    assert failed(source, with_frames(candidate, [clean, other]), plan) == set()
    assert failed(source, with_frames(candidate, [clean + original, other]), plan) == {"pixels"}


def without_length(frame: bytes) -> bytes:
    last = frame.rindex(b"\xff\x90\x00\x0a")
    return frame[: last + 6] + bytes(4) + frame[last + 10 :]


def icon(dataset: Dataset) -> None:
    item = Dataset()
    item.Rows, item.Columns, item.BitsAllocated = 4, 4, 8
    dataset.IconImageSequence = [item]


def nested_pixels(dataset: Dataset) -> None:
    item = Dataset()
    item.PixelData = bytes(64)
    item["PixelData"].VR = "OW"
    dataset.ReferencedImageSequence = [item]


BESIDE: dict[str, Callable[[Dataset], object]] = {
    "frames behind the last": lambda dataset: setattr(dataset, "PixelData", dataset.PixelData + bytes(96 * 144)),
    "a private value": lambda dataset: dataset.private_block(0x99, "ACME", create=True).add_new(1, "OB", bytes(200)),
    "an unknown value": lambda dataset: dataset.add_new(0x00191011, "UN", bytes(200)),
    "an icon": icon,
    "pixels in an item": nested_pixels,
    "an overlay": lambda dataset: dataset.add_new(0x60043000, "OW", bytes(96 * 144 // 8)),
    "a curve": lambda dataset: dataset.add_new(0x50003000, "OW", bytes(200)),
    "a table that the source has not": lambda dataset: setattr(dataset, "ICCProfile", bytes(200)),
}


@pytest.mark.parametrize("change", BESIDE.values(), ids=list(BESIDE))
def test_bytes_beside_the_frames_are_found(change: Callable[[Dataset], object]) -> None:
    source, plan = make(NATIVE), boxes_on(0)
    candidate = candidate_of(source, plan)
    assert failed(source, edited(candidate, lambda dataset: None), plan) == set()
    assert failed(source, edited(candidate, change), plan) & {"pixels", "parse"}


def test_a_value_of_bytes_that_grew_is_found() -> None:
    source = make(Case(NATIVE.syntax, "PALETTE COLOR"))
    plan = boxes_on(0)

    def grow(dataset: Dataset) -> None:
        dataset.RedPaletteColorLookupTableData += bytes(512)

    assert failed(source, edited(candidate_of(source, plan), grow), plan) == {"parse"}


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.syntax[-3:] not in (".50", ".51")], ids=lambda case: case.name
)
@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (-1, 0)])
def test_a_box_one_pixel_away_is_found(case: Case, shift: tuple[int, int]) -> None:
    source, plan = make(case), boxes_on(0)
    moved = Box(BOX.x0 + shift[0], BOX.y0 + shift[1], BOX.x1 + shift[0], BOX.y1 + shift[1])
    assert failed(source, candidate_of(source, boxes_on(0, moved)), plan) == {"pixels"}


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_box_that_was_left_out_or_drawn_on_another_frame_is_found(case: Case) -> None:
    source, plan = make(case), boxes_on(0)
    assert failed(source, candidate_of(source, RedactionPlan()), plan) == {"pixels"}
    if case.frames > 1:
        assert failed(source, candidate_of(source, boxes_on(1)), plan) == {"pixels"}


def one_bit_frames() -> bytes:
    """Frames of 11 x 13 pixels, which begin inside of bytes."""

    def narrow(dataset: Dataset) -> None:
        dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 11, 13, 3
        bits = np.random.default_rng(1).integers(0, 2, 3 * 11 * 13).astype(np.uint8)
        packed = np.packbits(bits, bitorder="little").tobytes()
        dataset.PixelData = packed + bytes(len(packed) % 2)

    return edited(make(Case(NATIVE.syntax, "MONOCHROME2", 1)), narrow)


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_each_of_several_one_bit_frames_is_compared(frame: int) -> None:
    source, plan = one_bit_frames(), boxes_on(frame, Box(2, 3, 9, 8))
    assert failed(source, candidate_of(source, plan), plan) == set()
    assert failed(source, candidate_of(source, RedactionPlan()), plan) == {"pixels"}
    for other in {0, 1, 2} - {frame}:
        assert failed(source, candidate_of(source, boxes_on(other, Box(2, 3, 9, 8))), plan) == {"pixels"}


def test_pixels_in_an_item_of_the_source_may_not_stay() -> None:
    source, plan = edited(make(NATIVE), nested_pixels), boxes_on(0)
    candidate = candidate_of(source, plan)
    assert failed(source, candidate, plan) == set()
    assert failed(source, edited(candidate, nested_pixels), plan) == {"parse"}


@pytest.mark.parametrize(("tail", "found"), [(b"\0", set()), (b"A", {"pixels"}), (b"\0\0\0", {"pixels"})])
def test_a_byte_of_padding_may_follow_an_image(tail: bytes, found: set[str]) -> None:
    source, plan = make(FAMILIES[0]), boxes_on(0)
    candidate = candidate_of(source, plan)
    clean, other = frames_of(candidate)
    end = clean.rindex(b"\xff\xd9") + 2
    # Fill bytes before a marker are allowed (T.81 B.1.1.2): with them the item is of even length.
    for fill in (2, 3):
        filled = clean[:2] + b"\xff" * fill + clean[2:end] + tail
        if len(filled) % 2 == 0:
            assert failed(source, with_frames(candidate, [filled, other]), plan) == found
