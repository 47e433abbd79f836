"""What the header says of showing its pixels: windows, palette, rescale (PS3.3 C.11.2, C.7.6.3.1.5, C.7.6.16.2.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import ExplicitVRLittleEndian

from dicom_deid.part10.elements import DataSet, Header
from dicom_deid.part10.reader import find

_FUNCTIONAL_GROUPS: Final = (0x52009229, 0x52009230)
_FRAME_VOI_LUT: Final = 0x00289132
_PIXEL_VALUE_TRANSFORMATION: Final = 0x00289145
_CENTER: Final = 0x00281050
_WIDTH: Final = 0x00281051
_INTERCEPT: Final = 0x00281052
_SLOPE: Final = 0x00281053
_MOST_WINDOWS: Final = 4
"""Windows that are tried at most, as unlike in width as can be: every frame may have its own."""
_COLOURS: Final = ("Red", "Green", "Blue")
_DESCRIPTORS: Final = (0x00281101, 0x00281102, 0x00281103)
_TABLES: Final = (0x00281201, 0x00281202, 0x00281203)
_SEGMENTED: Final = (0x00281221, 0x00281222, 0x00281223)

Palette = NDArray[np.uint8]
"""(indices, 3) RGB."""


@dataclass(frozen=True, slots=True)
class Window:
    """A range of stored values that is shown from black to white."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Display:
    """The windows of an instance, in stored values and without doubles, and its palette."""

    windows: tuple[Window, ...] = ()
    palette: Palette | None = None

    @classmethod
    def of(cls, header: Header) -> Display:
        """The windows of the top level and of the functional groups; none and no palette where there are none."""
        found = dict.fromkeys(_windows(header.dataset))
        return cls(tuple(found), _palette(header))

    @property
    def tried(self) -> tuple[Window, ...]:
        """A few windows of different widths."""
        if len(self.windows) <= _MOST_WINDOWS:
            return self.windows
        by_width = sorted(self.windows, key=lambda window: (window.high - window.low, window.low))
        places = np.linspace(0, len(by_width) - 1, _MOST_WINDOWS).round()
        return tuple(by_width[int(place)] for place in places)


def _windows(dataset: DataSet) -> Iterator[Window]:
    yield from _in_stored_values(dataset, dataset)
    for tag in _FUNCTIONAL_GROUPS:
        for group in _items(dataset, tag):
            rescaled = next(iter(_items(group, _PIXEL_VALUE_TRANSFORMATION)), dataset)
            for item in _items(group, _FRAME_VOI_LUT):
                yield from _in_stored_values(item, rescaled)


def _in_stored_values(voi: DataSet, rescaled: DataSet) -> Iterator[Window]:
    slope = next(iter(_decimals(rescaled, _SLOPE)), 1.0) or 1.0
    intercept = next(iter(_decimals(rescaled, _INTERCEPT)), 0.0)
    for center, width in zip(_decimals(voi, _CENTER), _decimals(voi, _WIDTH), strict=False):
        if width >= 1:
            edges = sorted(((center + half - intercept) / slope) for half in (-width / 2, width / 2))
            yield Window(*edges)


def _items(dataset: DataSet, tag: int) -> list[DataSet]:
    element = find(dataset, tag)
    return (element.items or []) if element is not None else []


def _palette(header: Header) -> Palette | None:
    photometric = header.find(0x00280004)
    if photometric is None or photometric.value.strip(b"\0 ") != b"PALETTE COLOR":
        return None
    if header.find(_TABLES[0]) is None and header.find(_SEGMENTED[0]) is not None:
        return _segmented(header)
    order = ">" if header.encoding.big_endian else "<"
    channels: list[NDArray[Any]] = []
    first = 0
    for tag, described in zip(_TABLES, _DESCRIPTORS, strict=True):
        data, descriptor = header.find(tag), header.find(described)
        if data is None or descriptor is None or len(descriptor.value) != 6:
            return None
        count, first, depth = (int(n) for n in np.frombuffer(descriptor.value, f"{order}u2"))
        count = count or 65536
        if depth == 8 and len(data.value) < 2 * count:
            channel = np.frombuffer(data.value, np.uint8)[:count].astype(np.uint16)
        else:
            words = np.frombuffer(data.value[: len(data.value) // 2 * 2], f"{order}u2")[:count]
            channel = (words >> 8 if words.max(initial=0) > 255 else words).astype(np.uint16)
        channels.append(channel)
    shortest = min(len(channel) for channel in channels)
    table = np.stack([channel[:shortest] for channel in channels], axis=1).astype(np.uint8)
    return _from_first(table, first)


def _segmented(header: Header) -> Palette | None:
    """The tables written as segments (PS3.3 C.7.9.2), expanded; None where they are broken."""
    dataset, first, count = Dataset(), 0, 0
    order = ">" if header.encoding.big_endian else "<"
    for colour, described, tag in zip(_COLOURS, _DESCRIPTORS, _SEGMENTED, strict=True):
        data, descriptor = header.find(tag), header.find(described)
        if data is None or descriptor is None or len(descriptor.value) != 6:
            return None
        count, first, depth = (int(n) for n in np.frombuffer(descriptor.value, f"{order}u2"))
        words = np.frombuffer(data.value[: len(data.value) // 2 * 2], f"{order}u2").astype("<u2")
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [count, 0, depth])
        setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", words.tobytes())
    dataset.PhotometricInterpretation, dataset.file_meta = "PALETTE COLOR", FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    try:
        table = apply_color_lut(np.arange(count or 65536, dtype=np.uint32), dataset)
    except Exception:
        # What the library says of a broken table may quote it.
        return None
    return _from_first((table >> 8 if table.max(initial=0) > 255 else table).astype(np.uint8), first)


def _from_first(table: Palette, first: int) -> Palette:
    """The colours from index 0 on: indices before the first have its colour."""
    return np.concatenate([np.repeat(table[:1], first, axis=0), table]) if first else table


def _decimals(dataset: DataSet, tag: int) -> list[float]:
    element = find(dataset, tag)
    found: list[float] = []
    for part in element.value.split(b"\\") if element is not None else ():
        try:
            found.append(float(part.strip(b"\0 ")))
        except ValueError:
            return found
    return found
