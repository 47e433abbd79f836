"""Bounds on what a header may ask for, so that a hostile file costs bounded memory and time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; beyond one, reading ends in a typed error.

    `header_bytes`: everything before the pixel data. `depth`: nested sequences. `elements`: data elements in all, at
    any depth. `inflated_bytes`: a deflated data set, inflated (a bomb guard).
    """

    header_bytes: int = 128 * 1024 * 1024
    depth: int = 64
    elements: int = 2_000_000
    inflated_bytes: int = 8 * 1024**3


DEFAULT_LIMITS = Limits()
