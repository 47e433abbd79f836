"""Compressed frames without room for text: comments, application segments and bytes after the end go (PS3.5 8.2).

Entropy-coded data is passed byte for byte, so every decoder gives the same pixels.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final

from dicom_deid.errors import BadInputError, Reason

_JPEG: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70))
_JPEG_LS: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (80, 81))
_JPEG_2000: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203))
RLE: Final = "1.2.840.10008.1.2.5"

Piece = bytes | memoryview
"""A part of a frame."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_MARKER_LS: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_RLE_HEADER: Final = 64
_RLE_PADDING: Final = 1
"""A segment of an odd number of pixels may have one more."""
_EOI, _SOS = 0xD9, 0xDA
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7})
_DHT, _DAC, _DQT, _DNL, _DRI, _LSE = 0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xF8
_DECODING: Final = frozenset({*_FRAMES, _DHT, _DAC, _SOS, _DQT, _DNL, _DRI})
"""Segments that a decoder needs: frames, tables, scans (T.81 table B.1), SOF55 (T.87). All others hold text."""


def is_scrubbable(transfer_syntax: str) -> bool:
    """Whether `scrubbed` knows the codestreams of that syntax."""
    return transfer_syntax == RLE or transfer_syntax in _SCRUBBERS


def scrubbed(frame: bytes, transfer_syntax: str, pixels: int | None = None) -> list[Piece]:
    """One frame without text-bearing segments and without bytes after its end, as pieces to be written in turn.

    Pieces are views of the frame wherever they can be: a frame of any size is copied nowhere.

    Parameters
    ----------
    pixels
        Rows by columns of a frame: where a run-length segment ends. It is passed whole where that is not known.

    Raises
    ------
    BadInputError
        ``codec-error`` when the frame is no codestream of its syntax, ``unsupported-transfer-syntax`` for a syntax
        whose codestreams are not known here.
    """
    if transfer_syntax == RLE:
        return _scrub_rle(frame, pixels)
    scrub = _SCRUBBERS.get(transfer_syntax)
    if scrub is None:
        raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "frames of this transfer syntax cannot be cleaned")
    return scrub(frame)


def most_scrubbed(length: int, transfer_syntax: str) -> int:
    """The most bytes that a frame of that length can have afterwards.

    An end marker may be added that was not there; and of each tile-part, which has 14 bytes or more, its length in 6.
    """
    return length + 8 + (length // 2 if transfer_syntax in _JPEG_2000 else 0)


def _damaged() -> BadInputError:
    return BadInputError(Reason.CODEC_ERROR, "a frame is no codestream of its transfer syntax")


def _scrub_jpeg(frame: bytes) -> list[Piece]:
    return _scrub_itu(frame, _MARKER, _DECODING)


def _scrub_jpeg_ls(frame: bytes) -> list[Piece]:
    return _scrub_itu(frame, _MARKER_LS, _DECODING | {_LSE})


def _scrub_itu(frame: bytes, marker: re.Pattern[bytes], needed: frozenset[int]) -> list[Piece]:
    """ITU-T T.81 and T.87: marker segments, each no longer than its own counts say, scans, EOI."""
    if frame[:2] != b"\xff\xd8":
        raise _damaged()
    view = memoryview(frame)
    kept: list[Piece] = [view[:2]]
    position, end = 2, len(frame)
    while True:
        while frame[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 2 > end or frame[position] != 0xFF:
            raise _damaged()
        code = frame[position + 1]
        if code == _EOI:
            kept.append(b"\xff\xd9")
            return kept
        if position + 4 > end:
            raise _damaged()
        after = position + 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
        if after > end or after < position + 4:
            raise _damaged()
        if 0xE0 <= code <= 0xEF:
            kept.append(_application_segment(code, frame[position:after]))
        elif code in needed:
            segment = frame[position + 4 : after]
            if not (_is_whole_short if len(segment) <= _LONGEST_TABLES else _is_whole)(code, segment):
                raise _damaged()
            kept.append(view[position:after])
        position = after
        if code == _SOS:
            found = marker.search(frame, position)
            # A stream without EOI ends where its bytes end; what follows a scan can then only be scan.
            stop = found.start() if found else end
            kept.append(view[position:stop])
            position = stop
            if found is None:
                kept.append(b"\xff\xd9")
                return kept


def _is_whole(code: int, content: bytes) -> bool:
    """Whether a segment ends where its own counts say (T.81 B.2): decoders refuse what has more."""
    length = len(content)
    if code in _FRAMES:
        return length >= 6 and length == 6 + 3 * content[5]
    if code == _SOS:
        return length >= 1 and length == 4 + 2 * content[0]
    if code == _DHT:
        return _end_of_tables(content, lambda at: 17 + sum(content[at + 1 : at + 17])) == length
    if code == _DQT:
        return _end_of_tables(content, lambda at: 129 if content[at] >> 4 else 65) == length
    if code == _DAC:
        # Class and destination of four tables each, and their conditioning.
        return length % 2 == 0 and not any(place & 0xEC for place in content[::2])
    # The interval between restarts has up to four bytes in JPEG-LS (T.87 C.2.5).
    return code == _LSE or length == 2 or (code == _DRI and length <= 4)


def _end_of_tables(content: bytes, size: Callable[[int], int]) -> int:
    position = 0
    while position < len(content):
        position += size(position)
    return position


_LONGEST_TABLES: Final = 512
_is_whole_short: Final = lru_cache(maxsize=256)(_is_whole)
"""The frames of an object repeat their tables."""


def _application_segment(code: int, segment: bytes) -> bytes:
    """What of an application segment a decoder needs: that it is JFIF, Adobe's transform, JPEG-LS `mrfx`.

    Versions, flags and densities, which no decoder needs, are always the same.
    """
    if code == 0xE0 and segment[4:9] == b"JFIF\0" and len(segment) >= 18:
        return b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    if code == 0xEE and segment[4:9] == b"Adobe" and len(segment) >= 16:
        return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + segment[15:16]
    if code == 0xE8 and segment[4:8] == b"mrfx" and len(segment) >= 9:
        return b"\xff\xe8\x00\x07" + segment[4:9]
    return b""


_SOT, _SOD, _TLM, _SIZ, _COD = 0xFF90, 0xFF93, 0xFF55, 0xFF51, 0xFF52
_J2K_DECODING: Final = frozenset(
    {0xFF50, 0xFF51, 0xFF52, 0xFF53, 0xFF57, 0xFF58, 0xFF59, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61, 0xFF63}
)
"""CAP, SIZ, COD, COC, PLM, PLT, CPF, QCD, QCC, RGN, POC, PPM, PPT, CRG (T.800 table A.2, T.814). Not COM; TLM is made
anew."""
_TILE_PART_HEAD: Final = 12
_LENGTHS_IN_A_SEGMENT: Final = (0xFFFF - 4) // 6
_LENGTH_SEGMENTS: Final = 256


def _scrub_jpeg_2000(frame: bytes) -> list[Piece]:
    """ITU-T T.800: main header, tile-parts with the lengths they then have, EOC."""
    if frame[:4] != b"\xff\x4f\xff\x51":
        raise _damaged()
    view = memoryview(frame)
    head, position, tells_lengths = _j2k_segments(frame, 2, _SOT)
    tile_parts: list[Piece] = []
    lengths: list[bytes] = []
    while frame[position : position + 2] == b"\xff\x90":
        start = position
        if start + _TILE_PART_HEAD > len(frame):
            raise _damaged()
        length = int.from_bytes(frame[start + 6 : start + 10], "big")
        stop = start + length if length else _end_of_codestream(frame)
        segments, data, _ = _j2k_segments(frame, start + _TILE_PART_HEAD, _SOD)
        if not data <= stop <= len(frame):
            raise _damaged()
        written = (_TILE_PART_HEAD + len(segments) + stop - data).to_bytes(4, "big")
        lengths.append(frame[start + 4 : start + 6] + written)
        tile_parts += [view[start : start + 6], written, view[start + 10 : start + 12], segments, view[data:stop]]
        position = stop
    if not tile_parts:
        raise _damaged()
    told = _tile_part_lengths(lengths) if tells_lengths else b""
    return [view[:2], head, told, *tile_parts, b"\xff\xd9"]


def _tile_part_lengths(entries: list[bytes]) -> bytes:
    """TLM segments (T.800 A.7.1): of each tile-part the tile's index in 16 bits and the length in 32.

    Made of what is written, in one form: a stream that tells its lengths goes on to do so, as .202 must (PS3.5 10.18),
    and the segment says nothing else.
    """
    segments: list[bytes] = []
    for start in range(0, len(entries), _LENGTHS_IN_A_SEGMENT):
        content = b"".join(entries[start : start + _LENGTHS_IN_A_SEGMENT])
        if len(segments) == _LENGTH_SEGMENTS:
            raise _damaged()
        segments.append(struct.pack(">HHBB", _TLM, 4 + len(content), len(segments), 0x60) + content)
    return b"".join(segments)


def _end_of_codestream(frame: bytes) -> int:
    """Where the last tile-part ends when its length is 0: at the last EOC (T.800 A.4.2)."""
    found = frame.rfind(b"\xff\xd9")
    if found < 0:
        raise _damaged()
    return found


def _j2k_segments(frame: bytes, position: int, until: int) -> tuple[bytes, int, bool]:
    """The marker segments up to `until` that a decoder needs, where that is, and whether TLM was among them."""
    kept: list[bytes] = []
    tells_lengths = False
    while True:
        if position + 2 > len(frame):
            raise _damaged()
        code = int.from_bytes(frame[position : position + 2], "big")
        if code == until:
            return b"".join(kept), position, tells_lengths
        if code < 0xFF00:
            raise _damaged()
        after = position + 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
        if after > len(frame) or after < position + 4:
            raise _damaged()
        if code in _J2K_DECODING:
            if not _is_whole_j2k(code, frame[position + 4 : after]):
                raise _damaged()
            kept.append(frame[position:after])
        tells_lengths = tells_lengths or code == _TLM
        position = after


def _is_whole_j2k(code: int, content: bytes) -> bool:
    """Whether a segment of known counts ends where they say (T.800 A.5, A.6): decoders refuse what has more."""
    length = len(content)
    if code == _SIZ:
        return length >= 36 and length == 36 + 3 * int.from_bytes(content[34:36], "big")
    if code == _COD:
        # Precinct sizes, one a resolution level, where the first bit says so.
        return length >= 10 and length == 10 + (content[5] + 1 if content[0] & 1 else 0)
    return True


def _scrub_rle(frame: bytes, pixels: int | None) -> list[Piece]:
    """PS3.5 G.5: at most 15 segments, whose offsets lie inside the frame; each ends with its last pixel."""
    if len(frame) < _RLE_HEADER:
        raise _damaged()
    count = int.from_bytes(frame[:4], "little")
    offsets = [int.from_bytes(frame[4 * n : 4 * n + 4], "little") for n in range(1, 16)]
    used = offsets[:count]
    if not 1 <= count <= 15 or used[0] != _RLE_HEADER or sorted(used) != used or used[-1] >= len(frame):
        raise _damaged()
    view = memoryview(frame)
    segments: list[Piece] = []
    starts, position = [], _RLE_HEADER
    for start, stop in pairwise([*used, len(frame)]):
        end = stop if pixels is None else min(stop, start + _end_of_runs(frame[start:stop], pixels))
        starts.append(position)
        segments.append(view[start:end])
        # What was cut is padded to an even length (G.5); a segment that stays keeps its bytes.
        odd = (end - start) % 2 if end < stop else 0
        segments += [b"\0"] * odd
        position += end - start + odd
    # Unused offsets are zero by the standard; anything else there is room for text.
    header = count.to_bytes(4, "little") + b"".join(start.to_bytes(4, "little") for start in starts)
    return [header.ljust(_RLE_HEADER, b"\0"), *segments]


def _end_of_runs(segment: bytes, pixels: int) -> int:
    """How many bytes of a segment decode to that many pixels (PS3.5 G.3).

    Raises
    ------
    BadInputError
        ``codec-error`` where the last run goes on beyond them: what no decoder shows may say anything.
    """
    position = produced = 0
    while produced < pixels and position < len(segment):
        control = segment[position]
        if control < 128:
            produced += control + 1
            position += control + 2
        elif control > 128:
            produced += 257 - control
            position += 2
        else:
            position += 1
    if produced > pixels + _RLE_PADDING:
        raise _damaged()
    return position


_SCRUBBERS: Final[Mapping[str, Callable[[bytes], list[Piece]]]] = {
    **dict.fromkeys(_JPEG, _scrub_jpeg),
    **dict.fromkeys(_JPEG_LS, _scrub_jpeg_ls),
    **dict.fromkeys(_JPEG_2000, _scrub_jpeg_2000),
}
