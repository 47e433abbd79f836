"""The marker segments of a sequential JPEG codestream (ITU-T T.81 annex B)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from dicom_deid.errors import BadInputError, Reason

_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_RESTARTS: Final = range(0xD0, 0xD8)
_REFUSED: Final = frozenset({0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the frame header: sampling factors and quantization table."""

    id: int
    horizontal: int
    vertical: int
    quantization: int


@dataclass(frozen=True, slots=True)
class HuffmanTable:
    """Counts of codes by length (1 to 16 bits) and the symbols in order of their codes (T.81 C.2)."""

    counts: tuple[int, ...]
    symbols: bytes

    def segment(self, kind: int, number: int) -> bytes:
        """The DHT marker segment that defines it."""
        body = bytes([kind << 4 | number]) + bytes(self.counts) + self.symbols
        return b"\xff\xc4" + (len(body) + 2).to_bytes(2, "big") + body


@dataclass(slots=True)
class Scan:
    """One scan: the tables in force, the components with their DC and AC tables, and its entropy-coded intervals.

    `before` are the bytes from the end of the previous scan to this scan's SOS.
    """

    before: bytes
    components: list[tuple[Component, int, int]]
    dc: dict[int, HuffmanTable]
    ac: dict[int, HuffmanTable]
    restart_interval: int
    intervals: list[bytes]


@dataclass(slots=True)
class Codestream:
    """A parsed codestream: geometry, quantizers of DC (by table), scans, and what follows the last."""

    precision: int
    rows: int
    columns: int
    components: list[Component]
    dc_quantizers: dict[int, int] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)
    trailer: bytes = b"\xff\xd9"

    @property
    def mcu_columns(self) -> int:
        """Width of an MCU of an interleaved scan in pixels."""
        return 8 * max(component.horizontal for component in self.components)

    @property
    def mcu_rows(self) -> int:
        """Height of an MCU of an interleaved scan in pixels."""
        return 8 * max(component.vertical for component in self.components)


def damaged() -> BadInputError:
    """The error for a codestream that breaks T.81."""
    return BadInputError(Reason.CODEC_ERROR, "a JPEG codestream is damaged")


def parse(data: bytes) -> Codestream:
    """Parse a whole codestream.

    Raises
    ------
    BadInputError
        ``codec-error`` when it is damaged, ``unsupported-transfer-syntax`` for progressive, lossless or arithmetic
        coding.
    """
    if data[:2] != b"\xff\xd8":
        raise damaged()
    stream: Codestream | None = None
    quantizers: dict[int, int] = {}
    tables: tuple[dict[int, HuffmanTable], dict[int, HuffmanTable]] = ({}, {})
    interval, position, kept = 0, 2, 0
    while True:
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 2 > len(data) or data[position] != 0xFF:
            raise damaged()
        code = data[position + 1]
        if code == 0xD9:
            if stream is None or not stream.scans:
                raise damaged()
            stream.dc_quantizers = quantizers
            stream.trailer = data[kept : position + 2]
            return stream
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        body = data[position + 4 : position + 2 + length]
        if length < 2 or len(body) != length - 2:
            raise damaged()
        if code in _REFUSED:
            raise BadInputError(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "progressive, lossless or arithmetic JPEG")
        if code in (0xC0, 0xC1):
            if stream is not None:
                raise damaged()
            stream = _frame(body)
        elif code == 0xC4:
            _huffman(body, tables)
        elif code == 0xDB:
            _quantization(body, quantizers)
        elif code == 0xDD:
            interval = int.from_bytes(body[:2], "big")
        elif code == 0xDC:
            raise damaged()
        position += 2 + length
        if code == 0xDA:
            if stream is None:
                raise damaged()
            before = data[kept : position - 2 - length]
            intervals, position = _entropy(data, position)
            scan = _scan(body, stream, tables, interval)
            scan.before, scan.intervals = before, intervals
            stream.scans.append(scan)
            kept = position


def _frame(body: bytes) -> Codestream:
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise damaged()
    precision, rows, columns = body[0], int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    components = [Component(body[i], body[i + 1] >> 4, body[i + 1] & 15, body[i + 2]) for i in range(6, len(body), 3)]
    valid = all(1 <= c.horizontal <= 4 and 1 <= c.vertical <= 4 for c in components)
    if precision not in (8, 12) or not rows or not columns or not valid or len(components) not in (1, 3):
        raise damaged()
    return Codestream(precision, rows, columns, components)


def _huffman(body: bytes, tables: tuple[dict[int, HuffmanTable], dict[int, HuffmanTable]]) -> None:
    while body:
        if len(body) < 17:
            raise damaged()
        counts = tuple(body[1:17])
        total = sum(counts)
        kind, number = body[0] >> 4, body[0] & 15
        kraft = sum(count << 16 - length for length, count in enumerate(counts, start=1))
        if kind > 1 or number > 3 or len(body) < 17 + total or total > 256 or kraft > 1 << 16:
            raise damaged()
        tables[kind][number] = HuffmanTable(counts, body[17 : 17 + total])
        body = body[17 + total :]


def _quantization(body: bytes, quantizers: dict[int, int]) -> None:
    while body:
        wide = body[0] >> 4
        size = 128 if wide else 64
        if len(body) < 1 + size:
            raise damaged()
        quantizers[body[0] & 15] = int.from_bytes(body[1:3], "big") if wide else body[1]
        body = body[1 + size :]


def _scan(
    body: bytes,
    stream: Codestream,
    tables: tuple[dict[int, HuffmanTable], dict[int, HuffmanTable]],
    interval: int,
) -> Scan:
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 1 + 2 * count + 3:
        raise damaged()
    by_id = {component.id: component for component in stream.components}
    chosen: list[tuple[Component, int, int]] = []
    for i in range(count):
        component, selectors = by_id.get(body[1 + 2 * i]), body[2 + 2 * i]
        if component is None or selectors >> 4 not in tables[0] or selectors & 15 not in tables[1]:
            raise damaged()
        chosen.append((component, selectors >> 4, selectors & 15))
    return Scan(b"", chosen, dict(tables[0]), dict(tables[1]), interval, [])


def _entropy(data: bytes, position: int) -> tuple[list[bytes], int]:
    """The unstuffed restart intervals of a scan, and where the next marker stands."""
    intervals: list[bytes] = []
    start = position
    while True:
        match = _MARKER.search(data, position)
        if match is None:
            raise damaged()
        position = match.start()
        if data[position + 1] not in _RESTARTS:
            intervals.append(data[start:position].replace(b"\xff\x00", b"\xff"))
            return intervals, position
        intervals.append(data[start:position].replace(b"\xff\x00", b"\xff"))
        position = start = position + 2
