"""What the header says of showing pixels: every window there is, and palettes of both kinds."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.display import Display, Window
from tests.synthetic.pixel_objects import Case, make

LITTLE, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
GREY = Case(LITTLE, "MONOCHROME2", 12)


def display(change: Callable[[Dataset], object], case: Case = GREY) -> Display:
    dataset = pydicom.dcmread(io.BytesIO(make(case)))
    change(dataset)
    target = io.BytesIO()
    dataset.save_as(target)
    return Display.of(read_header(target))


def windowed(dataset: Dataset, center: object, width: object, slope: float = 1.0, intercept: float = 0.0) -> None:
    dataset.WindowCenter, dataset.WindowWidth = center, width
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept


def group(center: float, width: float, slope: float | None = None) -> Dataset:
    item, voi, rescale = Dataset(), Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = center, width
    item.FrameVOILUTSequence = [voi]
    if slope is not None:
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, 0
        item.PixelValueTransformationSequence = [rescale]
    return item


def test_windows_are_ranges_of_stored_values() -> None:
    assert display(lambda dataset: windowed(dataset, 0, 2000, 1.0, -1000.0)).windows == (Window(0.0, 2000.0),)
    assert display(lambda dataset: windowed(dataset, 100, 40, -2.0, 0.0)).windows == (Window(-60.0, -40.0),)


def test_every_window_of_the_top_level_counts_once() -> None:
    found = display(lambda dataset: windowed(dataset, [100, 500, 100], [50, 1000, 50])).windows
    assert found == (Window(75.0, 125.0), Window(0.0, 1000.0))


def test_windows_of_the_functional_groups_count_with_their_own_rescale() -> None:
    def grouped(dataset: Dataset) -> None:
        dataset.SharedFunctionalGroupsSequence = [group(100, 50)]
        dataset.PerFrameFunctionalGroupsSequence = [group(100, 50), group(400, 200, slope=2.0)]

    assert display(grouped).windows == (Window(75.0, 125.0), Window(150.0, 250.0))


def test_of_many_windows_a_few_are_tried_from_narrow_to_wide() -> None:
    widths = [10 * number for number in range(1, 30)]
    tried = display(lambda dataset: windowed(dataset, [500] * 29, widths)).tried
    assert [round(window.high - window.low) for window in tried] == [10, 100, 200, 290]


@pytest.mark.parametrize("value", ["", "unknown", ["100", "x"]])
def test_a_window_that_is_no_number_is_none(value: object) -> None:
    def broken(dataset: Dataset) -> None:
        dataset["WindowCenter"] = pydicom.DataElement(0x00281050, "LO", value)
        dataset["WindowWidth"] = pydicom.DataElement(0x00281051, "LO", value)

    assert len(display(broken).windows) == (1 if isinstance(value, list) else 0)


@pytest.mark.parametrize("syntax", [LITTLE, BIG])
def test_a_segmented_palette_is_the_palette_that_it_spells(syntax: str) -> None:
    """C.7.9.2: a discrete segment, then a linear one, then the first once more."""
    order = "<u2" if syntax == LITTLE else ">u2"
    ramp = np.linspace(4 * 257, 255 * 257, 248).astype(np.uint16)
    plain = np.concatenate([np.array([1, 2, 3, 4]) * 257, ramp, np.array([1, 2, 3, 4]) * 257])

    def spelled(dataset: Dataset) -> None:
        segments = [0, 4, 257, 514, 771, 1028, 1, 248, 255 * 257, 2, 1, 0, 0]
        for colour in ("Red", "Green", "Blue"):
            delattr(dataset, f"{colour}PaletteColorLookupTableData")
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            name = f"Segmented{colour}PaletteColorLookupTableData"
            setattr(dataset, name, np.array(segments).astype(order).tobytes())

    palette = display(spelled, Case(syntax, "PALETTE COLOR")).palette
    assert palette is not None
    assert palette.shape == (256, 3)
    assert np.abs(palette[:, 0].astype(int) - (plain >> 8).astype(int)).max() <= 1


def test_a_broken_segmented_palette_is_none() -> None:
    def broken(dataset: Dataset) -> None:
        for colour in ("Red", "Green", "Blue"):
            delattr(dataset, f"{colour}PaletteColorLookupTableData")
            setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", bytes([9, 0, 9, 0]))

    assert display(broken, Case(LITTLE, "PALETTE COLOR")).palette is None


def test_indices_before_the_first_of_a_palette_have_its_colour() -> None:
    def from_two(dataset: Dataset) -> None:
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 2, 16])

    palette, plain = (display(change, Case(LITTLE, "PALETTE COLOR")).palette for change in (from_two, len))
    assert palette is not None
    assert plain is not None
    assert np.array_equal(palette[2:], plain)
    assert (palette[:2] == plain[0]).all()
