"""Bits outside Bits Stored: used by nobody, or the object is refused."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.hidden_bits import PixelBits, feed_run_length, looked_through
from dicom_deid.header.profiles import Profile
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import BIG, EXPLICIT, Item, Planter, encapsulated, identity, native, pixel_module

RLE, JPEG_LOSSLESS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70"


def refusal(look: Callable[[], object]) -> Reason | None:
    try:
        look()
    except BadInputError as error:
        return error.reason
    return None


def outcome(source: bytes) -> Reason | None:
    return refusal(lambda: redact(io.BytesIO(source), io.BytesIO(), Profile(), Pseudonymiser(bytes(32), "trial")))


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


def is_clean(bits: PixelBits, pixel: int) -> bool:
    """What PS3.5 8.1.1 allows, of one pixel: nothing hidden, or the sign repeated."""
    shown = pixel & ~(bits.above | bits.below)
    return pixel == shown or (bits.signed and bool(pixel >> bits.high_bit & 1) and pixel == shown | bits.above)


@st.composite
def described(draw: st.DrawFn, widths: tuple[int, ...] = (8, 16, 24, 32, 64)) -> PixelBits:
    allocated = draw(st.sampled_from(widths))
    stored = draw(st.integers(1, allocated - 1))
    high_bit = draw(st.just(stored - 1) | st.integers(stored - 1, allocated - 1))
    big_endian = draw(st.booleans()) if allocated <= 16 else False
    return PixelBits(allocated, stored, high_bit, draw(st.booleans()), big_endian)


@st.composite
def filled(draw: st.DrawFn, bits: PixelBits) -> list[int]:
    """Pixels that hide nothing, but for one of them, perhaps: one of its bits, or all above its sign."""
    shown = st.integers(0, (1 << bits.stored) - 1).map(lambda value: value << bits.high_bit - bits.stored + 1)
    extended = shown.map(lambda value: value | bits.above if bits.signed and value >> bits.high_bit & 1 else value)
    pixels = draw(st.lists(draw(st.sampled_from([shown, extended, shown | extended])), min_size=1, max_size=40))
    if draw(st.booleans()):
        one_bit = st.integers(0, bits.allocated - 1).map(lambda bit: 1 << bit)
        pixels[draw(st.integers(0, len(pixels) - 1))] ^= draw(one_bit | st.just(bits.above))
    return pixels


INLINE, ASIDE = 0, 1 << 30
"""Lengths of pixel data, told of fewer bytes: a few are looked at where they are, many by a thread."""


def native_refuses(bits: PixelBits, content: bytes, cuts: Iterable[int], length: int = INLINE) -> bool:
    bounds = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    blocks = [content[start:stop] for start, stop in pairwise(bounds)]
    reason = refusal(lambda: list(looked_through(iter(blocks), bits, length)))
    assert reason in (None, Reason.EMBEDDED_OVERLAY)
    return reason is not None


@settings(max_examples=400, deadline=None)
@given(
    data=st.data(),
    bits=described(),
    cuts=st.lists(st.integers(0, 330), max_size=4) | st.integers(1, 24).map(lambda step: range(step, 330, step)),
    length=st.sampled_from([INLINE, ASIDE]),
)
def test_native_pixels_are_refused_where_one_of_them_hides_a_bit(
    data: st.DataObject, bits: PixelBits, cuts: Sequence[int], length: int
) -> None:
    pixels = data.draw(filled(bits))
    content = b"".join(pixel.to_bytes(bits.allocated // 8, bits.order) for pixel in pixels)
    assert native_refuses(bits, content, cuts, length) is not all(is_clean(bits, pixel) for pixel in pixels)


@pytest.mark.parametrize("length", [INLINE, ASIDE])
@pytest.mark.parametrize("bad", range(4))
def test_a_block_is_given_out_after_it_was_looked_at(length: int, bad: int) -> None:
    bits = PixelBits(16, 12, 11, signed=False, big_endian=False)
    blocks = [bytes([number, 0x10 if number == bad else 0]) * 1000 for number in range(4)]
    given_out: list[bytes] = []
    with pytest.raises(BadInputError):
        given_out.extend(looked_through(iter(blocks), bits, length))
    assert given_out == blocks[: len(given_out)]
    assert len(given_out) in (bad, bad - 1)


def test_whoever_stops_reading_leaves_no_thread() -> None:
    bits = PixelBits(16, 12, 11, signed=False, big_endian=False)
    before = threading.active_count()
    blocks = looked_through(iter([bytes(1000)] * 9), bits, ASIDE)
    assert next(blocks) == bytes(1000)
    assert threading.active_count() == before + 1
    blocks.close()
    assert threading.active_count() == before


def test_an_error_of_the_stream_comes_out_of_it() -> None:
    def ends() -> Iterator[bytes]:
        yield bytes(1000)
        raise BadInputError(Reason.PARSE_ERROR, "the stream ends inside the pixel data")

    bits = PixelBits(16, 12, 11, signed=False, big_endian=False)
    assert refusal(lambda: list(looked_through(ends(), bits, ASIDE))) is Reason.PARSE_ERROR


@settings(max_examples=200, deadline=None)
@given(data=st.data(), bits=described((8, 16, 24, 32)))
def test_run_length_frames_are_judged_as_native_ones(data: st.DataObject, bits: PixelBits) -> None:
    """Byte by byte: a sign is compared with the bits of its own byte only, so clean frames pass and few others do."""
    pixels, width = data.draw(filled(bits)), bits.allocated // 8
    content = b"".join(pixel.to_bytes(width, "big") for pixel in pixels)
    planes = [b"".join(bytes([0, byte]) for byte in content[n::width]) for n in range(width)]
    offsets = [64 + sum(map(len, planes[:n])) for n in range(width)]
    frame = struct.pack(f"<{1 + width}L", width, *offsets).ljust(64, b"\0") + b"".join(planes)
    clean = all(is_clean(bits, pixel) for pixel in pixels)
    reason = refusal(lambda: feed_run_length(bits, frame))
    assert reason in (None, Reason.EMBEDDED_OVERLAY)
    in_one_byte = bits.high_bit >> 3 == width - 1
    if clean or not bits.signed or in_one_byte:
        assert (reason is None) is clean


def test_the_last_bytes_of_a_pixel_are_looked_at() -> None:
    bits = PixelBits(16, 12, 11, signed=False, big_endian=True)
    assert native_refuses(bits, b"\x0f\xff\x10", [])
    assert not native_refuses(bits, b"\x0f\xff\x0f", [1, 2])


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [((32, 12, 11, 0), Reason.EMBEDDED_OVERLAY), ((32, 32, 31, 0), None), ((16, 12, 10, 0), Reason.PARSE_ERROR)],
)
def test_pixels_of_any_width_are_looked_at(numbers: tuple[int, ...], reason: Reason | None) -> None:
    described = dict(zip((0x00280100, 0x00280101, 0x00280102, 0x00280103), numbers, strict=True))
    changed = [Item(i.tag, i.vr, struct.pack("<H", described[i.tag])) if i.tag in described else i for i in items(12)]
    assert outcome(native(Planter(), changed, pixels=struct.pack("<256L", *([1 << 20] * 256)))) is reason
