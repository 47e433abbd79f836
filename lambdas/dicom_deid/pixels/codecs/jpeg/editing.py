"""Black out boxes of a sequential JPEG: touched MCUs become uniform, all other coefficients are copied bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.jpeg.blocks import Blocks, layout, locate
from dicom_deid.pixels.codecs.jpeg.huffman import END_OF_BLOCK, codes, extended
from dicom_deid.pixels.codecs.jpeg.markers import Codestream, HuffmanTable, Scan, damaged, parse

Bits = NDArray[np.uint8]


def black_out(codestream: bytes, boxes: Sequence[Box], fill: Sequence[int]) -> bytes:
    """The codestream with every MCU that a box touches made uniform.

    Parameters
    ----------
    codestream
        Baseline or extended sequential, Huffman coded, 8 or 12 bits (ITU-T T.81).
    boxes
        In pixels; they are clipped to the frame.
    fill
        One value per component, in the codestream's own colour space, unsigned.

    Raises
    ------
    BadInputError
        ``codec-error`` or ``unsupported-transfer-syntax``.
    """
    stream = parse(codestream)
    if len(fill) < len(stream.components):
        raise damaged()
    touched = _touched_mcus(stream, boxes)
    if not touched.any():
        return codestream
    levels = {c.id: _dc_level(stream, c.quantization, fill[n]) for n, c in enumerate(stream.components)}
    pieces: list[bytes] = []
    for scan in stream.scans:
        pieces += [scan.before, _rewritten(stream, scan, touched, levels)]
    pieces.append(stream.trailer)
    return b"".join(pieces)


def touched_area(codestream: bytes, boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes grown to whole MCUs and by the ring that chroma upsampling may change: 1 pixel, 2 for 4:1:1."""
    stream = parse(codestream)
    widest = max(component.horizontal for component in stream.components)
    subsampled = any(c.horizontal < widest or c.vertical < stream.mcu_rows // 8 for c in stream.components)
    ring = 0 if not subsampled else 2 if widest == 4 else 1
    grown = []
    for box in boxes:
        inside = box.clipped(stream.columns, stream.rows)
        if inside is not None:
            width, height = stream.mcu_columns, stream.mcu_rows
            whole = Box(
                inside.x0 // width * width,
                inside.y0 // height * height,
                -(-inside.x1 // width) * width,
                -(-inside.y1 // height) * height,
            )
            area = whole.grown(ring, ring).clipped(stream.columns, stream.rows)
            grown += [area] if area is not None else []
    return tuple(grown)


def _touched_mcus(stream: Codestream, boxes: Sequence[Box]) -> NDArray[np.bool_]:
    width, height = stream.mcu_columns, stream.mcu_rows
    touched = np.zeros((-(-stream.rows // height), -(-stream.columns // width)), bool)
    for box in boxes:
        inside = box.clipped(stream.columns, stream.rows)
        if inside is not None:
            touched[inside.y0 // height : -(-inside.y1 // height), inside.x0 // width : -(-inside.x1 // width)] = True
    return touched


def _dc_level(stream: Codestream, table: int, fill: int) -> int:
    """The quantized DC of a uniform block; towards the nearer end of the range, where decoders clamp."""
    quantizer = stream.dc_quantizers.get(table, 0)
    if not quantizer:
        raise damaged()
    middle = 1 << stream.precision - 1
    wanted = 8 * (fill - middle)
    if fill <= 0:
        return wanted // quantizer
    if fill >= 2 * middle - 1:
        return -(-wanted // quantizer)
    return round(wanted / quantizer)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The Huffman tables of a scan with every code that its edited blocks need."""

    dc: dict[int, HuffmanTable]
    ac: dict[int, HuffmanTable]


@dataclass(frozen=True, slots=True)
class _Change:
    """A block whose DC difference is written anew, and whether its AC part goes."""

    block: int
    component: int
    difference: int
    black: bool


def _rewritten(stream: Codestream, scan: Scan, touched: NDArray[np.bool_], levels: dict[int, int]) -> bytes:
    columns, rows, order = layout(stream, scan)
    total = columns * rows
    step = scan.restart_interval or total
    if len(scan.intervals) != -(-total // step):
        raise damaged()
    edited: dict[int, tuple[Blocks, list[_Change]]] = {}
    for number, data in enumerate(scan.intervals):
        first = number * step
        count = min(step, total - first)
        black = _black_blocks(scan, touched, first, count, columns, len(order))
        if black.any():
            blocks = locate(data, count, scan, order)
            edited[number] = (blocks, _changes(blocks, black, scan, order, levels))
    tables = _with_room(scan, [change for _, changes in edited.values() for change in changes])
    head = [tables.dc[n].segment(0, n) for n in tables.dc if tables.dc[n] is not scan.dc[n]]
    head += [tables.ac[n].segment(1, n) for n in tables.ac if tables.ac[n] is not scan.ac[n]]
    pieces = [*head, _scan_header(scan)]
    for number, data in enumerate(scan.intervals):
        if number:
            pieces.append(bytes([0xFF, 0xD0 + (number - 1) % 8]))
        if number in edited:
            pieces.append(_stuffed(_edit(data, *edited[number], scan, tables)))
        else:
            pieces.append(data.replace(b"\xff", b"\xff\x00"))
    return b"".join(pieces)


def _black_blocks(
    scan: Scan, touched: NDArray[np.bool_], first: int, count: int, columns: int, blocks: int
) -> NDArray[np.bool_]:
    numbers = np.arange(first, first + count)
    rows, cols = numbers // columns, numbers % columns
    if len(scan.components) == 1:
        component = scan.components[0][0]
        # A scan of one component is coded block by block, whatever its sampling factors (T.81 A.2.2).
        rows, cols = rows // component.vertical, cols // component.horizontal
    rows, cols = np.minimum(rows, touched.shape[0] - 1), np.minimum(cols, touched.shape[1] - 1)
    return np.repeat(touched[rows, cols], blocks)


def _changes(
    blocks: Blocks, black: NDArray[np.bool_], scan: Scan, order: list[int], levels: dict[int, int]
) -> list[_Change]:
    """Black blocks, and those whose predecessor's DC value changed (T.81 F.1.1.5.1), in coding order."""
    components = np.tile(np.array(order), len(black) // len(order))
    values = np.array(blocks.dc)
    found: list[_Change] = []
    for index, (component, _, _) in enumerate(scan.components):
        places = np.flatnonzero(components == index)
        old, dark = values[places], black[places]
        new = np.where(dark, levels[component.id], old)
        differences = np.diff(new, prepend=0)
        follows = np.concatenate([[False], (new != old)[:-1]])
        for at in np.flatnonzero(dark | follows).tolist():
            found.append(_Change(int(places[at]), index, int(differences[at]), bool(dark[at])))
    return sorted(found, key=lambda change: change.block)


def _with_room(scan: Scan, changes: list[_Change]) -> _Tables:
    needed_dc: dict[int, set[int]] = {}
    needed_ac: dict[int, set[int]] = {}
    for change in changes:
        _, dc, ac = scan.components[change.component]
        needed_dc.setdefault(dc, set()).add(abs(change.difference).bit_length())
        if change.black:
            needed_ac.setdefault(ac, set()).add(END_OF_BLOCK)
    dc_tables = {n: extended(table, needed_dc.get(n, ())) for n, table in scan.dc.items()}
    ac_tables = {n: extended(table, needed_ac.get(n, ())) for n, table in scan.ac.items()}
    return _Tables(dc_tables, ac_tables)


def _edit(data: bytes, blocks: Blocks, changes: list[_Change], scan: Scan, tables: _Tables) -> Bits:
    source = np.unpackbits(np.frombuffer(data, np.uint8))
    source = np.concatenate([source, np.ones(16, np.uint8)])
    pieces: list[Bits] = []
    copied = 0
    for change in changes:
        _, dc, ac = scan.components[change.component]
        start = blocks.start(change.block)
        if copied < start:
            pieces.append(source[copied:start])
        pieces.append(_dc_bits(change.difference, tables.dc[dc]))
        if change.black:
            pieces.append(_code_bits(*codes(tables.ac[ac])[END_OF_BLOCK]))
            copied = blocks.end[change.block]
        else:
            copied = blocks.ac[change.block]
    end = blocks.end[-1]
    if copied < end:
        pieces.append(source[copied:end])
    return np.concatenate(pieces)


def _dc_bits(difference: int, table: HuffmanTable) -> Bits:
    size = abs(difference).bit_length()
    code, length = codes(table)[size]
    value = difference if difference >= 0 else difference + (1 << size) - 1
    return _code_bits(code << size | value, length + size)


@lru_cache(maxsize=1024)
def _code_bits(code: int, length: int) -> Bits:
    return np.array([code >> shift & 1 for shift in range(length - 1, -1, -1)], np.uint8)


def _stuffed(bits: Bits) -> bytes:
    """Bytes padded with ones, a zero behind every FF (T.81 F.1.2.3)."""
    padding = -len(bits) % 8
    whole = np.concatenate([bits, np.ones(padding, np.uint8)]) if padding else bits
    return np.packbits(whole).tobytes().replace(b"\xff", b"\xff\x00")


def _scan_header(scan: Scan) -> bytes:
    body = bytes([len(scan.components)])
    for component, dc, ac in scan.components:
        body += bytes([component.id, dc << 4 | ac])
    body += bytes([0, 63, 0])
    return b"\xff\xda" + (len(body) + 2).to_bytes(2, "big") + body
