"""Where frames begin, after they became shorter: told by the table that the source had, or that can hold it."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames, get_frame

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
