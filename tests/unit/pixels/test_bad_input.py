"""Damage, contradiction and malice end in a typed error before memory is spent; nothing passes by half."""

from __future__ import annotations

import io
import random
import struct
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate

from dicom_deid.errors import BadInputError, DeidError, Reason
from dicom_deid.geometry import Box
from dicom_deid.part10 import encapsulation
from dicom_deid.part10.elements import Element, PixelElement
from dicom_deid.pixels.codecs import frame_header
from dicom_deid.pixels.codecs.registry import codec_of, is_supported
from dicom_deid.pixels.description import PixelLimits
from dicom_deid.pixels.extraction import extract
from dicom_deid.pixels.images import PixelDescription, Route
from dicom_deid.pixels.redaction import redact
from tests.synthetic.exactness import decoded
from tests.synthetic.pixel_objects import COLUMNS, JPEG, LOSSLESS, ROWS, Case, description_of, make

BOXES = {0: [Box(10, 5, 60, 30)]}
RLE = "1.2.840.10008.1.2.5"
UNSUPPORTED = [
    "1.2.840.10008.1.2.1.98",  # encapsulated uncompressed
    "1.2.840.10008.1.2.8.1",  # deflated image frames
    *(f"{JPEG}{number}" for number in (52, 53, 54, 55, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66)),  # retired JPEG
    *(f"{JPEG}{number}" for number in (92, 93)),  # JPEG 2000 part 2
    *(f"{JPEG}{number}" for number in (94, 95, 204, 205)),  # JPIP
    *(f"{JPEG}{number}" for number in range(100, 109)),  # video
    *(f"{JPEG}{number}" for number in (110, 111, 112)),  # JPEG XL
    "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110 video
    "1.2.3.4.5",
]


def reason_of(content: bytes, boxes: dict[int, list[Box]] | None = None) -> Reason | None:
    try:
        redact(io.BytesIO(content), io.BytesIO(), BOXES if boxes is None else boxes)
    except DeidError as error:
        return error.reason
    return None


def with_frames(case: Case, frames: list[bytes], **attributes: Any) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(make(case)))
    dataset.PixelData = encapsulate(frames, has_bot=False)
    for name, value in attributes.items():
        setattr(dataset, name, value)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def one_frame(case: Case) -> bytes:
    found = decoded(make(case))
    assert found is not None
    return found.encoded[0]


@pytest.mark.parametrize("syntax", UNSUPPORTED)
def test_every_other_transfer_syntax_is_refused_by_name(syntax: str) -> None:
    known = f"{JPEG}201\0".encode()
    source = make(Case(f"{JPEG}201", "MONOCHROME2")).replace(known, syntax.encode().ljust(len(known), b"\0"))
    assert not is_supported(syntax)
    assert reason_of(source) is Reason.UNSUPPORTED_TRANSFER_SYNTAX
    extraction = extract(io.BytesIO(source))
    assert (extraction.route, extraction.reason) == (Route.QUARANTINE, Reason.UNSUPPORTED_TRANSFER_SYNTAX)


def test_progressive_jpeg_is_refused_by_name() -> None:
    picture = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    source = with_frames(Case(f"{JPEG}50", "YBR_FULL_422"), [content])
    assert reason_of(source) is Reason.UNSUPPORTED_TRANSFER_SYNTAX


@pytest.mark.parametrize("marker", [0xC2, 0xC6, 0xC9, 0xCA, 0xCB])
def test_arithmetic_and_hierarchical_jpeg_is_refused_by_name(marker: int) -> None:
    content = one_frame(Case(f"{JPEG}51", "MONOCHROME2", 12)).replace(b"\xff\xc1", bytes([0xFF, marker]))
    source = with_frames(Case(f"{JPEG}51", "MONOCHROME2", 12), [content])
    assert reason_of(source) is Reason.UNSUPPORTED_TRANSFER_SYNTAX


@pytest.mark.parametrize("name", ["FloatPixelData", "DoubleFloatPixelData"])
def test_float_pixels_are_refused_by_name(name: str) -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "MONOCHROME2"))))
    del dataset.PixelData
    setattr(dataset, name, bytes(8 * ROWS * COLUMNS))
    target = io.BytesIO()
    dataset.save_as(target)
    assert reason_of(target.getvalue()) is Reason.UNSUPPORTED_TRANSFER_SYNTAX


LYING = [Case(f"{JPEG}{family}", "MONOCHROME2", 8) for family in ("50", *LOSSLESS)]


def enlarged(family: str, frame: bytes) -> bytes:
    """The codestream with 60,000 rows and columns, so that a decoder would reserve 3.6 GB."""
    if family in ("90", "91", "201", "202", "203"):
        return frame[:8] + struct.pack(">LL", 60_000, 60_000) + frame[16:]
    marker = {"50": 0xC0, "57": 0xC3, "70": 0xC3, "80": 0xF7, "81": 0xF7}[family]
    place = frame.index(bytes([0xFF, marker])) + 5
    return frame[:place] + struct.pack(">HH", 60_000, 60_000) + frame[place + 4 :]


@pytest.mark.parametrize("case", LYING, ids=lambda case: case.name)
def test_a_codestream_larger_than_described_is_never_given_to_a_decoder(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = enlarged(case.syntax.removeprefix(JPEG), one_frame(case))
    called: list[str] = []
    for name in ("jpeg8_decode", "jpegls_decode", "jpeg2k_decode"):
        monkeypatch.setattr(imagecodecs, name, lambda *_, **__: called.append("decoder"))
    assert reason_of(with_frames(case, [frame])) is Reason.CODEC_ERROR
    with pytest.raises(DeidError):
        codec_of(case.syntax).decode(frame, description_of(case))
    assert not called


def test_a_run_length_bomb_unpacks_no_more_than_a_frame_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []
    original = imagecodecs.packbits_decode

    def counted(content: bytes) -> bytes:
        plain = original(content)
        unpacked.append(len(plain))
        return bytes(plain)

    monkeypatch.setattr(imagecodecs, "packbits_decode", counted)
    case = Case(RLE, "MONOCHROME2", 8)
    bomb = struct.pack("<LL", 1, 64).ljust(64, b"\0") + b"\x81\x07" * 2_000_000
    with_frames(case, [bomb])
    codec_of(RLE).decode(bomb, description_of(case))
    assert max(unpacked) <= 128 * ROWS * COLUMNS + 128


def test_a_frame_of_more_bytes_than_a_function_holds_is_too_large() -> None:
    source = make(Case(f"{JPEG}80", "RGB"))
    with pytest.raises(BadInputError) as caught:
        redact(io.BytesIO(source), io.BytesIO(), BOXES, limits=PixelLimits(frame_bytes=ROWS * COLUMNS))
    assert caught.value.reason is Reason.TOO_LARGE
    padded = with_frames(Case(f"{JPEG}80", "RGB"), [one_frame(Case(f"{JPEG}80", "RGB")) + bytes(400_000)])
    with pytest.raises(BadInputError) as caught:
        redact(io.BytesIO(padded), io.BytesIO(), BOXES, limits=PixelLimits(frame_bytes=ROWS * COLUMNS * 3))
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_truncated_jpeg_ls_frame_is_given_up_at_once() -> None:
    """The library is always handed an end of image: without one it reads on beyond the frame."""
    frame = one_frame(Case(f"{JPEG}81", "MONOCHROME2", 12))
    handed: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imagecodecs, "jpegls_decode", handed.append)
        with pytest.raises(DeidError):
            codec_of(f"{JPEG}81").decode(frame[:200], description_of(Case(f"{JPEG}81", "MONOCHROME2", 12)))
    assert handed[0].endswith(b"\xff\xd9")


@pytest.mark.parametrize("frames", [1, 3, 4, 100])
def test_fragments_that_do_not_add_up_are_a_mismatch(frames: int) -> None:
    case = Case(f"{JPEG}50", "YBR_FULL_422")
    source = with_frames(case, [one_frame(case)] * 2, NumberOfFrames=frames)
    expected = None if frames == 1 else Reason.FRAME_COUNT_MISMATCH
    assert reason_of(source, {}) is expected


@pytest.mark.parametrize("table", [(0, 4), (0, 0), (8, 16), (0,), (0, 8, 16), (0, 2**32 - 1)])
def test_a_wrong_basic_offset_table_is_not_believed(table: tuple[int, ...]) -> None:
    fragments = tuple(encapsulation.Fragment(place, 8) for place in (16, 32, 48))
    index = encapsulation.FragmentIndex(table, fragments, 64)
    with pytest.raises(BadInputError) as caught:
        encapsulation.group_frames(index, 2, [])
    assert caught.value.reason is Reason.FRAME_COUNT_MISMATCH


def test_the_extended_offset_table_goes_before_the_basic_one() -> None:
    fragments = tuple(encapsulation.Fragment(place, 8) for place in (16, 32, 48))
    index = encapsulation.FragmentIndex((0, 32), fragments, 64)
    extended = [Element(0x7FE00001, "OV", struct.pack("<2Q", 0, 16))]
    assert [len(frame) for frame in encapsulation.group_frames(index, 2, extended)] == [1, 2]
    assert [len(frame) for frame in encapsulation.group_frames(index, 2, [])] == [2, 1]


@given(st.binary(max_size=200), st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_any_bytes_after_the_header_are_frames_or_a_typed_error(content: bytes, frames: int) -> None:
    check_fragments(content, frames)


ITEMS = st.lists(
    st.one_of(
        st.binary(max_size=12).map(lambda value: b"\xfe\xff\x00\xe0" + len(value).to_bytes(4, "little") + value),
        st.tuples(st.sampled_from([b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"]), st.integers(0, 2**32 - 1)).map(
            lambda item: item[0] + item[1].to_bytes(4, "little")
        ),
    ),
    max_size=8,
).map(b"".join)


@given(ITEMS, st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_items_is_frames_or_a_typed_error(content: bytes, frames: int) -> None:
    check_fragments(content, frames)


def check_fragments(content: bytes, frames: int) -> None:
    body = io.BytesIO(content)
    try:
        index = encapsulation.index_fragments(body, PixelElement(0x7FE00010, "OB", 0, None))
        groups = encapsulation.group_frames(index, frames, [])
        found = [encapsulation.read_frame(body, group) for group in groups]
    except BadInputError as error:
        assert error.reason in (Reason.PARSE_ERROR, Reason.FRAME_COUNT_MISMATCH)  # noqa: PT017
        return
    assert len(found) == frames
    assert sum(map(len, found)) == sum(fragment.length for fragment in index.fragments)
    assert b"".join(found) == b"".join(content[f.offset : f.offset + f.length] for f in index.fragments)


@given(st.binary(max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_frame_header_or_a_typed_error(content: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\xff\x4f\xff\x51"):
        for read in (frame_header.of_jpeg_2000, lambda frame: frame_header.of_jpeg(frame, {0xC3, 0xF7})):
            try:
                read(start + content)
            except BadInputError as error:
                assert error.reason is Reason.CODEC_ERROR  # noqa: PT017


@pytest.mark.parametrize(
    "case",
    [
        Case(RLE, "RGB"),
        Case(f"{JPEG}51", "MONOCHROME2", 12),
        *(Case(f"{JPEG}{family}", "MONOCHROME2", 12) for family in LOSSLESS),
    ],
    ids=lambda case: case.name,
)
def test_a_damaged_frame_is_redacted_or_a_typed_error(case: Case) -> None:
    whole, chance = one_frame(case), random.Random(case.name)
    description: PixelDescription = description_of(case)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            broken[chance.randrange(len(broken))] = chance.choice([0, 255, chance.randrange(256)])
        frame = bytes(broken[: chance.choice([len(broken), chance.randrange(len(broken))])])
        try:
            codec_of(case.syntax).black_out(frame, BOXES[0], (0, 0, 0)[: case.samples], description)
        except DeidError as error:
            assert error.reason in (Reason.CODEC_ERROR, Reason.UNSUPPORTED_TRANSFER_SYNTAX)  # noqa: PT017


@pytest.mark.parametrize(
    ("case", "changes", "expected"),
    [
        (Case("1.2.840.10008.1.2.1", "MONOCHROME2", 1), {"SamplesPerPixel": 3}, Reason.PARSE_ERROR),
        (Case("1.2.840.10008.1.2.1", "YBR_FULL_422"), {"Columns": COLUMNS - 1}, Reason.PARSE_ERROR),
        (
            Case("1.2.840.10008.1.2.1", "YBR_FULL_422"),
            {"PhotometricInterpretation": "YBR_PARTIAL_420"},
            Reason.UNSUPPORTED_TRANSFER_SYNTAX,
        ),
        (Case("1.2.840.10008.1.2.1", "RGB"), {"BitsStored": 9}, Reason.PARSE_ERROR),
        (Case("1.2.840.10008.1.2.1", "RGB"), {"PhotometricInterpretation": "CMYK"}, Reason.PARSE_ERROR),
        (Case("1.2.840.10008.1.2.1", "RGB"), {"NumberOfFrames": 2}, Reason.FRAME_COUNT_MISMATCH),
        (Case("1.2.840.10008.1.2.1", "RGB"), {"NumberOfFrames": 2_000_000_000}, Reason.TOO_LARGE),
        (Case(f"{JPEG}80", "RGB"), {"Rows": 65535, "Columns": 65535}, Reason.TOO_LARGE),
        (Case(f"{JPEG}80", "MONOCHROME2"), {"Rows": 12_000, "Columns": 12_000}, Reason.TOO_LARGE),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(
    case: Case, changes: dict[str, Any], expected: Reason
) -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(case)))
    for name, value in changes.items():
        setattr(dataset, name, value)
    target = io.BytesIO()
    dataset.save_as(target)
    assert reason_of(target.getvalue(), {}) is expected
