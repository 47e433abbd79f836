"""Compressed frames after what may hold text is gone: what they tell of their own lengths is true."""

from __future__ import annotations

import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.codestreams import most_scrubbed, scrubbed

JPEG = "1.2.840.10008.1.2.4."
RPCL = f"{JPEG}202"
_IMAGE = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
_MARKER, _TLM, _SOT = 2, b"\xff\x55", b"\xff\x90"
_TILES: dict[str, dict[str, Any]] = {
    "one tile": {},
    "four tiles": {"tile": (32, 32)},
    "four tiles in six parts each": {"tile": (32, 32), "tilepart": True},
}


def real(tlm: bool = True, **options: Any) -> bytes:
    return bytes(imagecodecs.htj2k_encode(_IMAGE, reversible=True, tlm=tlm, **options))


def written(frame: bytes) -> bytes:
    output = b"".join(scrubbed(frame, RPCL))
    assert len(output) <= most_scrubbed(len(frame), RPCL)
    return output


def main_header(frame: bytes) -> list[bytes]:
    """The marker segments before the first tile-part."""
    segments, position = [], _MARKER
    while frame[position : position + 2] != _SOT:
        after = position + _MARKER + int.from_bytes(frame[position + 2 : position + 4], "big")
        segments.append(frame[position:after])
        position = after
    return segments


def told(frame: bytes) -> list[tuple[int, int]]:
    """Tile and length of each tile-part by the TLM segments of OpenJPH's form (T.800 A.7.1)."""
    found: list[tuple[int, int]] = []
    for number, segment in enumerate(s for s in main_header(frame) if s[:2] == _TLM):
        assert segment[4:6] == bytes([number, 0x60])
        found += struct.iter_unpack(">HL", segment[6:])
    return found


def walked(frame: bytes) -> list[tuple[int, int]]:
    """The same by the tile-parts themselves."""
    found, position = [], _MARKER + sum(map(len, main_header(frame)))
    while frame[position : position + 2] == _SOT:
        tile, length = struct.unpack_from(">HL", frame, position + 4)
        found.append((tile, length))
        position += length
    assert frame[position : position + 2] == b"\xff\xd9"
    return found


def with_segments(frame: bytes, *segments: bytes) -> bytes:
    """The frame with these in place of its TLM, in front of its first tile-part."""
    kept = [segment for segment in main_header(frame) if segment[:2] != _TLM]
    return b"".join([frame[:2], *kept, *segments, frame[2 + sum(map(len, main_header(frame))) :]])


@pytest.mark.parametrize("options", _TILES.values(), ids=_TILES)
def test_lengths_of_tile_parts_stay_told_and_true(options: dict[str, Any]) -> None:
    frame = real(**options)
    output = written(frame)
    assert told(output) == walked(output) == told(frame)
    assert written(output) == output
    np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(output), _IMAGE)
    np.testing.assert_array_equal(imagecodecs.htj2k_decode(output), _IMAGE)


def test_lengths_follow_what_a_tile_part_loses() -> None:
    frame = real(tile=(32, 32))
    start = 2 + sum(map(len, main_header(frame)))
    comment = b"\xff\x64\x00\x10\x00\x01a name is in"
    length = walked(frame)[0][1] + len(comment)
    tile_part = frame[start : start + 6] + struct.pack(">L", length) + frame[start + 10 : start + 12] + comment
    longer = frame[:start] + tile_part + frame[start + 12 :]
    assert written(longer) == written(frame)


@pytest.mark.parametrize(
    "segments",
    [
        [b"\xff\x55\x00\x10\x00\x60" + b"DOE^JOHN^197"],
        [b"\xff\x55\x00\x0f\x4a\x50" + b"SMITH^ANN 1"],
        [b"\xff\x55\x00\x0a\x07\x60" + bytes(6), b"\xff\x55\x00\x0a\x03\x60" + b"\xff" * 6],
        [b"\xff\x55\x00\x04\x00\x60"],
    ],
    ids=["text", "text in another form", "repeated", "empty"],
)
def test_nothing_of_the_sources_own_lengths_comes_out(segments: list[bytes]) -> None:
    frame = real(tile=(32, 32))
    assert written(with_segments(frame, *segments)) == written(frame)


def test_a_stream_that_tells_no_lengths_goes_on_to_tell_none() -> None:
    output = written(real(tlm=False, tile=(32, 32)))
    assert told(output) == []
    assert len(walked(output)) == 4


def many_parts(count: int) -> bytes:
    part = _SOT + struct.pack(">HHLBB", 10, 0, 14, 0, 0) + b"\xff\x93"
    size = b"\xff\x51\x00\x29" + bytes(34) + b"\x00\x01" + bytes(3)
    return b"\xff\x4f" + size + b"\xff\x55\x00\x04\x00\x00" + part * count + b"\xff\xd9"


def test_more_tile_parts_than_one_segment_holds_are_told_in_several() -> None:
    output = written(many_parts(22_000))
    assert [len(segment) for segment in main_header(output) if segment[:2] == _TLM] == [65_532, 65_532, 158 * 6 + 6]
    assert told(output) == walked(output)


def test_more_tile_parts_than_can_be_told_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicom_deid.part10.codestreams._LENGTH_SEGMENTS", 2)
    with pytest.raises(BadInputError) as error:
        written(many_parts(22_000))
    assert error.value.reason is Reason.CODEC_ERROR


_TEXT = b"Quimby^Zelda"


def jpeg() -> bytes:
    return bytes(imagecodecs.jpeg8_encode(_IMAGE, level=90))


def lengthened(frame: bytes, marker: bytes) -> bytes:
    """The frame with a text at the end of its first segment of that kind, and a length that counts it."""
    start = frame.index(marker)
    (length,) = struct.unpack_from(">H", frame, start + 2)
    end = start + 2 + length
    return frame[: start + 2] + struct.pack(">H", length + len(_TEXT)) + frame[start + 4 : end] + _TEXT + frame[end:]


@pytest.mark.parametrize("marker", [b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"\xff\xdb"])
def test_a_jpeg_segment_that_goes_on_beyond_its_counts_is_refused(marker: bytes) -> None:
    scrubbed(jpeg(), f"{JPEG}50")
    with pytest.raises(BadInputError) as error:
        scrubbed(lengthened(jpeg(), marker), f"{JPEG}50")
    assert error.value.reason is Reason.CODEC_ERROR


@pytest.mark.parametrize("marker", [b"\xff\x51", b"\xff\x52"])
def test_a_jpeg_2000_segment_that_goes_on_beyond_its_counts_is_refused(marker: bytes) -> None:
    with pytest.raises(BadInputError) as error:
        scrubbed(lengthened(real(), marker), RPCL)
    assert error.value.reason is Reason.CODEC_ERROR


@pytest.mark.parametrize("code", range(0xC0, 0xFF))
def test_no_jpeg_segment_has_room_for_a_text(code: int) -> None:
    if 0xD0 <= code <= 0xDA:
        return
    frame = jpeg()
    segment = bytes([0xFF, code]) + struct.pack(">H", 2 + len(_TEXT)) + _TEXT
    try:
        output = b"".join(scrubbed(frame[:2] + segment + frame[2:], f"{JPEG}50"))
    except BadInputError:
        return
    assert _TEXT not in output


def test_flags_that_no_decoder_reads_are_not_carried_over() -> None:
    frame = jpeg()
    segments = b"\xff\xee\x00\x0eAdobe" + _TEXT[:6] + b"\x01" + b"\xff\xe0\x00\x10JFIF\0" + _TEXT[:7] + bytes(2)
    output = b"".join(scrubbed(frame[:2] + segments + frame[2:], f"{JPEG}50"))
    assert b"Adobe\x00\x64\x00\x00\x00\x00\x01" in output
    assert _TEXT[:6] not in output
    assert np.array_equal(imagecodecs.jpeg8_decode(frame), imagecodecs.jpeg8_decode(output))
