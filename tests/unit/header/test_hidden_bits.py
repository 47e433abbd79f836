"""Bits outside Bits Stored: used by nobody, or the object is refused."""

from __future__ import annotations

import io
import struct

import pytest

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.profiles import Profile
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import BIG, EXPLICIT, Item, Planter, encapsulated, identity, native, pixel_module

RLE, JPEG_LOSSLESS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70"


def outcome(source: bytes) -> Reason | None:
    try:
        redact(io.BytesIO(source), io.BytesIO(), Profile(), Pseudonymiser(bytes(32), "trial"))
    except BadInputError as error:
        return error.reason
    return None


def items(bits_stored: int, *extra: Item) -> list[Item]:
    return [*pixel_module(bits_stored), *identity(Planter()), *extra]


def pixels(value: int = 0) -> bytes:
    return struct.pack("<256H", *([0x0FFF] * 100), value, *([0] * 155))


def run_length(content: bytes) -> bytes:
    """An RLE frame of two segments: a replicate run for each stretch of a byte, literals for the rest."""
    segments = []
    for plane in (content[1::2], content[0::2]):
        segment = b"".join(bytes([0, byte]) for byte in plane[:128])
        segment += bytes([256 - 127, plane[128]])
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = [64, 64 + len(segments[0])]
    return struct.pack("<16L", 2, *offsets, *([0] * 13)) + b"".join(segments)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
@pytest.mark.parametrize("bit", [12, 13, 14, 15])
def test_a_hidden_bit_of_a_native_pixel_is_refused(syntax: str, bit: int) -> None:
    assert outcome(native(Planter(), items(12), syntax, pixels=pixels(1 << bit))) is Reason.EMBEDDED_OVERLAY


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
def test_clean_pixels_pass(syntax: str) -> None:
    assert outcome(native(Planter(), items(12), syntax, pixels=pixels())) is None
    assert outcome(native(Planter(), items(16), syntax, pixels=pixels(0xFFFF))) is None


def test_a_sign_is_no_hidden_bit() -> None:
    signed = [item for item in items(12) if item.tag != 0x00280103] + [Item(0x00280103, "US", b"\1\0")]
    assert outcome(native(Planter(), signed, pixels=pixels(0xF800))) is None
    assert outcome(native(Planter(), signed, pixels=pixels(0x7000))) is Reason.EMBEDDED_OVERLAY


@pytest.mark.parametrize(("value", "reason"), [(0, None), (0x1000, Reason.EMBEDDED_OVERLAY)])
def test_run_length_frames_are_looked_at(value: int, reason: Reason | None) -> None:
    source = encapsulated(Planter(), items(12), RLE, run_length(pixels(value)))
    assert outcome(source) is reason


def test_a_damaged_run_length_frame_is_refused() -> None:
    assert outcome(encapsulated(Planter(), items(12), RLE, b"\xff" * 80)) is Reason.CODEC_ERROR


@pytest.mark.parametrize(("bits", "reason"), [(1, None), (16, Reason.EMBEDDED_OVERLAY)])
def test_an_overlay_declared_in_compressed_pixels_is_refused(bits: int, reason: Reason | None) -> None:
    overlay = Item(0x60020100, "US", struct.pack("<H", bits))
    source = encapsulated(Planter(), items(16, overlay), RLE, run_length(pixels()))
    assert outcome(source) is reason
