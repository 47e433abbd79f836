"""Where every block of an entropy-coded interval stands: found by decoding Huffman codes, not coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dicom_deid.pixels.codecs.jpeg.huffman import DC_ZERO, NO_CODE, ac_chains, ac_codes, dc_codes
from dicom_deid.pixels.codecs.jpeg.markers import Codestream, Scan, damaged

_LONGEST_BLOCK: Final = 64 * 4 + 8
"""Bytes of a block whose 64 coefficients each take a code of 16 bits and a value of 15."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks in coding order, as parallel lists.

    `ac` and `end` are the bit positions of a block's AC part and behind it, where the next block begins; `dc` is the
    quantized DC value.
    """

    ac: list[int]
    end: list[int]
    dc: list[int]

    def start(self, number: int) -> int:
        """The bit position of a block."""
        return self.end[number - 1] if number else 0


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
    words = _words(data)
    limit = 8 * len(data) + 7
    tables = [(dc_codes(scan.dc[dc]), ac_chains(scan.ac[ac]), ac_codes(scan.ac[ac])) for _, dc, ac in scan.components]
    coded = [(index, *tables[index]) for index in order]
    predictions = [0] * len(scan.components)
    blocks = Blocks([], [], [])
    add_ac, add_end, add_dc = blocks.ac.append, blocks.end.append, blocks.dc.append
    position = 0
    for _ in range(count):
        for index, dc_table, together, single in coded:
            entry = dc_table[words[position >> 3] >> 8 - (position & 7) & 0xFFFF]
            if entry > 0:
                position += entry & 0xFF
                predictions[index] += (entry >> 8) - DC_ZERO
            else:
                position, difference = _long_difference(words, position, -entry)
                predictions[index] += difference
            add_dc(predictions[index])
            add_ac(position)
            coefficient = 1
            while coefficient < 64:
                bits = words[position >> 3] >> 8 - (position & 7) & 0xFFFF
                entry = together[bits]
                if coefficient + (entry >> 16) > 63:
                    entry = single[bits]
                position += entry & 0xFF
                coefficient += entry >> 8 & 0xFF
            if coefficient >= NO_CODE or position > limit:
                raise damaged()
            add_end(position)
    return blocks


def _long_difference(words: Sequence[int], position: int, entry: int) -> tuple[int, int]:
    """The position behind a DC code and value of more than 16 bits, and the value (T.81 F.2.2.1)."""
    size = entry >> 8
    if not 0 < size < 16:
        raise damaged()
    position += entry & 0xFF
    bits = words[position >> 3] >> 24 - size - (position & 7) & (1 << size) - 1
    return position + size, bits if bits >> size - 1 else bits - (1 << size) + 1


def _words(data: bytes) -> list[int]:
    """By byte position, the 24 bits that begin there; behind the end ones, for as long as a block can be."""
    octets = np.frombuffer(data + b"\xff" * _LONGEST_BLOCK, np.uint8).astype(np.int32)
    words: list[int] = (octets[:-2] << 16 | octets[1:-1] << 8 | octets[2:]).tolist()
    return words
