"""What frame extraction gives: the route of an instance, and the images that text detection is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dicom_deid.geometry import Box, Placement


class Route(StrEnum):
    """Which way an instance takes through the state machine."""

    PIXELS = "pixels"
    HEADER = "header"
    QUARANTINE = "quarantine"


class PixelAnalysis(StrEnum):
    """The setting: every instance's pixels, or only those of kinds that carry burned-in text."""

    ALL = "all"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """The image pixel module of one instance (PS3.3 C.7.6.3), with the number of frames as the stream holds them."""

    transfer_syntax: str
    sop_class: str
    modality: str
    photometric: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int


@dataclass(frozen=True, slots=True)
class OcrImage:
    """A PNG (JPEG where PNG exceeds 5 MB) for text detection, which stands for all of `frames` (0-based).

    `regions` are text-like regions in frame pixels: where no word is read inside one, it is unmatched text.
    `barcodes` are regions with a barcode or QR code, in frame pixels: treated as PHI.
    """

    frames: tuple[int, ...]
    placement: Placement
    width: int
    height: int
    content: bytes
    regions: tuple[Box, ...] = ()
    barcodes: tuple[Box, ...] = ()
