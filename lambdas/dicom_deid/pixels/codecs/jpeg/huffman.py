"""Huffman codes of a table: a lookup to decode by, codes to encode with, and room for codes it lacks (T.81 C, F)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.pixels.codecs.jpeg.markers import HuffmanTable

_WINDOW: Final = 1 << 16
_CHAIN: Final = 3
"""How many codes are looked up together; more seldom fit into 16 bits."""
END_OF_BLOCK: Final = 0x00
DC_ZERO: Final = 1 << 16
"""Added to differences, so that entries are positive."""
NO_CODE: Final = 128


@lru_cache(maxsize=64)
def dc_codes(table: HuffmanTable) -> list[int]:
    """By the next 16 bits, the DC difference that begins with them: ``difference + DC_ZERO << 8 | bits``.

    Code and value together are `bits` long. Where they exceed 16 bits the entry is ``-(size << 8 | code length)``; 0
    marks a window that begins with no code.
    """
    windows = np.arange(_WINDOW, dtype=np.int64)
    symbols, lengths = _by_window(table)
    sizes = np.minimum(symbols, 16)
    bits = lengths + sizes
    values = windows >> np.maximum(16 - bits, 0) & (1 << sizes) - 1
    differences = np.where(values >> np.maximum(sizes - 1, 0) > 0, values, values - (1 << sizes) + 1)
    together = np.where(sizes > 0, differences, 0) + DC_ZERO << 8 | bits
    found = np.where(bits <= 16, together, -(symbols << 8 | lengths))
    return _shared(np.where(lengths > 0, found, 0))


@lru_cache(maxsize=64)
def ac_codes(table: HuffmanTable) -> list[int]:
    """By the next 16 bits, the AC code that begins with them: ``steps << 8 | bits``, code and value together.

    `steps` is how far the coefficient index moves: 64 ends the block, and more than that (`NO_CODE`) tells that the
    window begins with no code.
    """
    return _shared(_ac_entries(table))


@lru_cache(maxsize=64)
def ac_chains(table: HuffmanTable) -> list[int]:
    """By the next 16 bits, the AC codes that lie wholly in them, taken together: ``before << 16 | steps << 8 | bits``.

    `bits` and `steps` are those of all of them, up to the end of the block; `before` is how far the coefficient index
    moves until the last: where that leaves the block, the codes behind belong to the next one and `ac_codes` must be
    asked instead.
    """
    single = _ac_entries(table)
    windows = np.arange(_WINDOW, dtype=np.int64)
    steps, bits, before = single >> 8, single & 0xFF, np.zeros(_WINDOW, np.int64)
    for _ in range(_CHAIN - 1):
        following = single[windows << np.minimum(bits, 16) & _WINDOW - 1]
        fits = (following >> 8 <= 64) & (bits + (following & 0xFF) <= 16) & (steps < 64)
        before = np.where(fits, steps, before)
        steps = np.where(fits, steps + (following >> 8), steps)
        bits = np.where(fits, bits + (following & 0xFF), bits)
    return _shared(before << 16 | steps << 8 | bits)


def _by_window(table: HuffmanTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By the next 16 bits, the symbol whose code they begin with, and the code's length; 0 where there is none."""
    symbols, lengths = np.zeros(_WINDOW, np.int64), np.zeros(_WINDOW, np.int64)
    at, ordered = 0, iter(table.symbols)
    for length, count in enumerate(table.counts, start=1):
        span = 1 << 16 - length
        for _ in range(count):
            symbols[at : at + span], lengths[at : at + span] = next(ordered), length
            at += span
    return symbols, lengths


def _ac_entries(table: HuffmanTable) -> NDArray[np.int64]:
    symbols, lengths = _by_window(table)
    steps = np.where(symbols == END_OF_BLOCK, 64, (symbols >> 4) + 1)
    return np.where(lengths > 0, steps << 8 | lengths + (symbols & 15), NO_CODE << 8)


def _shared(entries: NDArray[np.int64]) -> list[int]:
    """As a list in which equal numbers are one object: 65,536 objects would not stay in the processor's cache."""
    distinct, places = np.unique(entries, return_inverse=True)
    numbers = distinct.tolist()
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
