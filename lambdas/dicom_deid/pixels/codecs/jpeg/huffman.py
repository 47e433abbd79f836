"""Huffman codes of a table: a lookup to decode by, codes to encode with, and room for codes it lacks (T.81 C, F)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.codecs.jpeg.markers import HuffmanTable

_WINDOW: Final = 1 << 16
_CHAIN: Final = 3
"""How many codes are looked up together; more seldom fit into 16 bits."""
END_OF_BLOCK: Final = 0x00


@lru_cache(maxsize=64)
def lookup(table: HuffmanTable, *, ac: bool) -> list[int]:
    """By the next 16 bits: bits of code and value together in the low byte, then what the decoder needs of the symbol.

    DC: ``size << 8 | code length``, AC: ``steps << 8 | bits``, where `steps` is how far the coefficient index moves (64
    ends the block). 0 marks a window that begins with no code.
    """
    entries = [0] * _WINDOW
    code = 0
    symbols = iter(table.symbols)
    for length, count in enumerate(table.counts, start=1):
        for _ in range(count):
            symbol = next(symbols)
            first = code << 16 - length
            span = 1 << 16 - length
            if ac:
                run, size = symbol >> 4, symbol & 15
                steps = 64 if symbol == END_OF_BLOCK else run + 1
                entries[first : first + span] = [steps << 8 | (length + size)] * span
            else:
                entries[first : first + span] = [symbol << 8 | length] * span
            code += 1
        code <<= 1
    return entries


@lru_cache(maxsize=64)
def chained(table: HuffmanTable) -> list[int]:
    """By the next 16 bits, the AC codes that lie wholly in them, taken together: ``before << 16 | steps << 8 | bits``.

    `bits` and `steps` are those of all of them, up to the end of the block; `before` is how far the coefficient index
    moves until the last: where that leaves the block, the codes behind belong to the next one and `lookup` must be
    asked instead.
    """
    single = np.array(lookup(table, ac=True), np.int32)
    windows = np.arange(_WINDOW, dtype=np.int32)
    steps, bits, before = single >> 8, single & 0xFF, np.zeros(_WINDOW, np.int32)
    for _ in range(_CHAIN - 1):
        following = single[windows << np.minimum(bits, 16) & _WINDOW - 1]
        fits = (following > 0) & (bits + (following & 0xFF) <= 16) & (steps < 64)
        before = np.where(fits, steps, before)
        steps = np.where(fits, steps + (following >> 8), steps)
        bits = np.where(fits, bits + (following & 0xFF), bits)
    entries, places = np.unique(np.where(single > 0, before << 16 | steps << 8 | bits, 0), return_inverse=True)
    # Few numbers, each one object: 65,536 objects would not stay in the processor's cache.
    numbers = entries.tolist()
    return [numbers[place] for place in places.tolist()]


@lru_cache(maxsize=64)
def codes(table: HuffmanTable) -> dict[int, tuple[int, int]]:
    """Symbol -> (code, length)."""
    found: dict[int, tuple[int, int]] = {}
    code = 0
    symbols = iter(table.symbols)
    for length, count in enumerate(table.counts, start=1):
        for _ in range(count):
            found.setdefault(next(symbols), (code, length))
            code += 1
        code <<= 1
    return found


def extended(table: HuffmanTable, needed: Iterable[int]) -> HuffmanTable:
    """The table with codes of 16 bits for the symbols it lacks; every code it has stays the same.

    Raises
    ------
    BadInputError
        ``codec-error`` where the table has no room: every code is taken but the one of all ones, which T.81 forbids.
    """
    known = codes(table)
    missing = sorted(symbol for symbol in set(needed) if symbol not in known)
    if not missing:
        return table
    used = sum(count << 16 - length for length, count in enumerate(table.counts, start=1))
    if used + len(missing) > _WINDOW - 1 or table.counts[15] + len(missing) > 255:
        raise BadInputError(Reason.CODEC_ERROR, "a Huffman table has no room for a black block")
    return HuffmanTable((*table.counts[:15], table.counts[15] + len(missing)), table.symbols + bytes(missing))
