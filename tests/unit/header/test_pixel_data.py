"""Where frames begin, after they became shorter: told by the table that the source had, or that can hold it."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames, get_frame

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import open_redacted, redact
from dicom_deid.part10 import encapsulation
from dicom_deid.part10.codestreams import scrubbed
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.pixel_objects import JPEG, Case, make

SYNTAXES = (f"{JPEG}50", f"{JPEG}80", f"{JPEG}202")
KEYS = Pseudonymiser(bytes(32), "trial")
BASIC = profile_named("basic")


def source(syntax: str, *, extended: bool) -> bytes:
    """Three frames whose comments have different lengths."""
    case = Case(syntax, "MONOCHROME2", frames=3)
    dataset = pydicom.dcmread(io.BytesIO(make(case)))
    frames = []
    for number, frame in enumerate(generate_frames(dataset.PixelData, number_of_frames=3)):
        text = b"a name" * (1 + 7 * number) + b"." * number
        in_jpeg_2000 = syntax == f"{JPEG}202"
        head = (
            struct.pack(">HHH", 0xFF64, len(text) + 4, 1) if in_jpeg_2000 else struct.pack(">HH", 0xFFFE, len(text) + 2)
        )
        after = 4 + struct.unpack_from(">H", frame, 4)[0] if in_jpeg_2000 else 2
        frames.append(frame[:after] + head + text + frame[after:])
    if extended:
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(
            frames
        )
    else:
        dataset.PixelData = encapsulate(frames)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def redacted(content: bytes) -> bytes:
    target = io.BytesIO()
    redact(io.BytesIO(content), target, BASIC, KEYS)
    return target.getvalue()


def by_extended_table(content: bytes) -> list[bytes]:
    dataset = pydicom.dcmread(io.BytesIO(content))
    tables = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    assert dataset.PixelData[:8] == b"\xfe\xff\x00\xe0" + bytes(4)
    return [get_frame(dataset.PixelData, n, extended_offsets=tables, number_of_frames=3) for n in range(3)]


def clean_frames(content: bytes, syntax: str) -> list[bytes]:
    """What is left of each frame, padded: from the fragments of the source, one a frame."""
    pixels = pydicom.dcmread(io.BytesIO(content)).PixelData
    frames = [b"".join(scrubbed(frame, syntax)) for frame in generate_frames(pixels, number_of_frames=3)]
    return [frame + b"\0" * (len(frame) % 2) for frame in frames]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_extended_offset_table_is_made_anew(syntax: str) -> None:
    content = source(syntax, extended=True)
    output = redacted(content)
    assert by_extended_table(output) == clean_frames(content, syntax) != by_extended_table(content)
    assert redacted(output)[-1000:] == output[-1000:]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_basic_offset_table_stays_one(syntax: str) -> None:
    content = source(syntax, extended=False)
    dataset = pydicom.dcmread(io.BytesIO(redacted(content)))
    assert "ExtendedOffsetTable" not in dataset
    assert [get_frame(dataset.PixelData, n, number_of_frames=3) for n in range(3)] == clean_frames(content, syntax)
    assert dataset.PixelData[4:8] == struct.pack("<L", 12)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_frames_beyond_32_bits_get_an_extended_offset_table(syntax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encapsulation, "LARGEST_BASIC_OFFSET", 1000)
    content = source(syntax, extended=False)
    assert by_extended_table(redacted(content)) == clean_frames(content, syntax)


def test_a_lying_extended_offset_table_is_not_repeated() -> None:
    dataset = pydicom.dcmread(io.BytesIO(source(SYNTAXES[0], extended=True)))
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = b"DOE^JOHN" * 3, b"19700101" * 3
    target = io.BytesIO()
    dataset.save_as(target)
    output = redacted(target.getvalue())
    assert b"DOE^JOHN" not in output
    assert b"19700101" not in output
    assert by_extended_table(output) == clean_frames(target.getvalue(), SYNTAXES[0])


def test_a_view_has_the_table_of_the_sanitized_object() -> None:
    content = source(SYNTAXES[0], extended=True)
    clean = redacted(content)
    view = open_redacted(io.BytesIO(content), BASIC, KEYS, claims=Claims(), pixels=io.BytesIO(clean))
    served = b"".join(view.read())
    assert len(served) == view.length
    assert by_extended_table(served) == by_extended_table(clean)


def undescribed(*tags: int) -> bytes:
    """A native object whose pixels are a text, without some of what describes them."""
    dataset = pydicom.dcmread(io.BytesIO(make(Case(pydicom.uid.ExplicitVRLittleEndian, "MONOCHROME2"))))
    for tag in tags:
        del dataset[tag]
    dataset.PixelData = b"Quimby^Zelda" * 20_000
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


@pytest.mark.parametrize("tag", [0x00280010, 0x00280011, 0x00280100])
def test_pixel_data_that_nothing_describes_is_refused(tag: int) -> None:
    with pytest.raises(BadInputError) as error:
        redacted(undescribed(tag))
    assert error.value.reason is Reason.FRAME_COUNT_MISMATCH


def test_pixel_data_without_fragments_under_a_compressed_syntax_is_refused() -> None:
    content = undescribed().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    with pytest.raises(BadInputError) as error:
        redacted(content)
    assert error.value.reason is Reason.PARSE_ERROR


def test_run_length_segments_whose_end_nothing_tells_are_refused() -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(Case(pydicom.uid.RLELossless, "MONOCHROME2"))))
    del dataset.Rows
    target = io.BytesIO()
    dataset.save_as(target)
    with pytest.raises(BadInputError) as error:
        redacted(target.getvalue())
    assert error.value.reason is Reason.FRAME_COUNT_MISMATCH


def test_samples_of_a_shared_colour_are_counted_only_where_there_are_colours() -> None:
    dataset = pydicom.dcmread(io.BytesIO(undescribed()))
    dataset.PhotometricInterpretation = ["MONOCHROME2", "X_422"]
    target = io.BytesIO()
    dataset.save_as(target)
    output = redacted(target.getvalue())
    size = dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8
    assert output[-size:] == dataset.PixelData[:size]
    assert struct.unpack("<L", output[-size - 4 : -size]) == (size,)
