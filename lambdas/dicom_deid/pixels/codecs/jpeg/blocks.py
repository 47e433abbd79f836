"""Where every block of an entropy-coded interval stands: found by decoding Huffman codes, not coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dicom_deid.pixels.codecs.jpeg.huffman import lookup
from dicom_deid.pixels.codecs.jpeg.markers import Codestream, Scan, damaged


@dataclass(slots=True)
class Blocks:
    """Blocks in coding order, as parallel lists.

    `component` indexes the scan's components; `start`, `ac`, `end` are bit positions of the block, of its AC part and
    behind it; `dc` is the quantized DC value; `mcu_row`, `mcu_column` say to which MCU of the image it belongs.
    """

    component: list[int]
    start: list[int]
    ac: list[int]
    end: list[int]
    dc: list[int]


def layout(stream: Codestream, scan: Scan) -> tuple[int, int, list[int]]:
    """MCUs per row, MCU rows, and for each block of an MCU the index of its component (T.81 A.2)."""
    if len(scan.components) == 1:
        component = scan.components[0][0]
        widest = max(c.horizontal for c in stream.components)
        highest = max(c.vertical for c in stream.components)
        width = _ceil(stream.columns * component.horizontal, widest)
        height = _ceil(stream.rows * component.vertical, highest)
        return _ceil(width, 8), _ceil(height, 8), [0]
    columns, rows = _ceil(stream.columns, stream.mcu_columns), _ceil(stream.rows, stream.mcu_rows)
    order = [
        index
        for index, (component, _, _) in enumerate(scan.components)
        for _ in range(component.horizontal * component.vertical)
    ]
    return columns, rows, order


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)


def locate(data: bytes, count: int, scan: Scan, order: Sequence[int]) -> Blocks:
    """The blocks of `count` MCUs in one unstuffed interval; DC prediction begins at 0.

    Raises
    ------
    BadInputError
        ``codec-error`` when a code is not in its table or the interval ends early.
    """
    padded = data + b"\xff\xff\xff\xff"
    limit = 8 * len(data) + 7
    dc_tables = [lookup(scan.dc[dc], ac=False) for _, dc, _ in scan.components]
    ac_tables = [lookup(scan.ac[ac], ac=True) for _, _, ac in scan.components]
    predictions = [0] * len(scan.components)
    blocks = Blocks([], [], [], [], [])
    add_component, add_start = blocks.component.append, blocks.start.append
    add_ac, add_end, add_dc = blocks.ac.append, blocks.end.append, blocks.dc.append
    position = 0
    window = int.from_bytes
    for _ in range(count):
        for index in order:
            add_component(index)
            add_start(position)
            byte = position >> 3
            entry = dc_tables[index][window(padded[byte : byte + 3], "big") >> 8 - (position & 7) & 0xFFFF]
            if not entry:
                raise damaged()
            position += entry & 0xFF
            size = entry >> 8
            if size:
                if size > 15:
                    raise damaged()
                byte = position >> 3
                bits = window(padded[byte : byte + 3], "big") >> 24 - size - (position & 7) & (1 << size) - 1
                predictions[index] += bits if bits >> size - 1 else bits - (1 << size) + 1
                position += size
            add_dc(predictions[index])
            add_ac(position)
            table = ac_tables[index]
            coefficient = 1
            while coefficient < 64:
                byte = position >> 3
                entry = table[window(padded[byte : byte + 3], "big") >> 8 - (position & 7) & 0xFFFF]
                if not entry or position > limit:
                    raise damaged()
                position += entry & 0xFF
                coefficient += entry >> 8
            add_end(position)
    if position > limit:
        raise damaged()
    return blocks
