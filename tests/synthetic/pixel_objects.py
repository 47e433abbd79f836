"""Objects with every supported transfer syntax, photometric interpretation and depth, on one textured image."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicom_deid.pixels.codecs import high_throughput, run_length
from dicom_deid.pixels.codecs.frame_header import FrameHeader
from dicom_deid.pixels.images import PixelDescription

JPEG = "1.2.840.10008.1.2.4."
ROWS, COLUMNS = 96, 144
LOSSLESS = ("57", "70", "80", "81", "90", "91", "201", "202", "203")
"""Families that are decoded and encoded again without loss, whether or not the source is lossless."""


@dataclass(frozen=True)
class Case:
    """One combination."""

    syntax: str
    photometric: str
    bits: int = 8
    signed: bool = False
    frames: int = 1
    planar: int = 0
    subsampling: str = "444"

    @property
    def name(self) -> str:
        sign = "s" if self.signed else "u"
        kind = f"{self.photometric}-{sign}{self.bits}-{self.frames}f-p{self.planar}-{self.subsampling}"
        return f"{UID(self.syntax).name}-{kind}"

    @property
    def samples(self) -> int:
        return 3 if self.photometric[:3] in ("RGB", "YBR") else 1


def cases() -> Iterator[Case]:
    """Every combination that is supported."""
    native = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
    for syntax in native:
        for photometric, bits, signed in (
            ("MONOCHROME2", 8, False),
            ("MONOCHROME1", 12, False),
            ("MONOCHROME2", 16, True),
            ("PALETTE COLOR", 8, False),
            ("RGB", 8, False),
            ("YBR_FULL", 8, False),
            ("YBR_FULL_422", 8, False),
            ("YBR_PARTIAL_422", 8, False),
            ("RGB", 16, False),
            ("MONOCHROME2", 32, False),
        ):
            yield Case(str(syntax), photometric, bits, signed, frames=2)
        yield Case(str(syntax), "RGB", 8, planar=1, frames=2)
        yield Case(str(syntax), "MONOCHROME2", 1, frames=3)
    for photometric, bits, signed in (
        ("MONOCHROME2", 8, False),
        ("MONOCHROME1", 12, False),
        ("MONOCHROME2", 16, True),
        ("PALETTE COLOR", 8, False),
        ("RGB", 8, False),
        ("YBR_FULL", 8, False),
    ):
        yield Case(RLELossless, photometric, bits, signed, frames=2)
    for subsampling in ("444", "422", "420", "411", "440"):
        yield Case(f"{JPEG}50", "YBR_FULL_422", subsampling=subsampling, frames=2)
    for photometric in ("MONOCHROME1", "MONOCHROME2", "YBR_FULL", "RGB"):
        yield Case(f"{JPEG}50", photometric, frames=2)
    yield Case(f"{JPEG}51", "MONOCHROME1", 12)
    yield Case(f"{JPEG}51", "MONOCHROME2", 12)
    yield Case(f"{JPEG}51", "YBR_FULL_422", 8, subsampling="420")
    for family in LOSSLESS:
        for bits in (8, 10, 12, 16):
            yield Case(f"{JPEG}{family}", "MONOCHROME2", bits)
        yield Case(f"{JPEG}{family}", "MONOCHROME1", 12)
        yield Case(f"{JPEG}{family}", "PALETTE COLOR", 8, frames=2)
        yield Case(f"{JPEG}{family}", "RGB", 8, frames=2)
        if family in ("57", "70", "80", "81"):
            yield Case(f"{JPEG}{family}", "YBR_FULL", 8)
    for family in ("90", "91", "201", "202", "203"):
        yield Case(f"{JPEG}{family}", "MONOCHROME2", 12, signed=True)
        yield Case(f"{JPEG}{family}", "MONOCHROME2", 16, signed=True)
        yield Case(f"{JPEG}{family}", "YBR_ICT" if family in ("91", "203") else "YBR_RCT", 8, frames=2)


def make(case: Case) -> bytes:
    """The object, with noise in every pixel, so that nothing compares equal by chance."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(case.syntax)
    dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.7"), UID("1.2.3.4")
    dataset.Modality, dataset.ImageType = "OT", ["DERIVED", "SECONDARY"]
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = ROWS, COLUMNS, case.frames
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = case.samples, case.photometric
    if case.samples == 3:
        dataset.PlanarConfiguration = case.planar
    dataset.BitsAllocated = description_of(case).bits_allocated
    dataset.BitsStored, dataset.HighBit = case.bits, case.bits - 1
    dataset.PixelRepresentation = int(case.signed)
    if case.photometric == "PALETTE COLOR":
        _palette(dataset)
    frames = [_image(case, number) for number in range(case.frames)]
    syntax = UID(case.syntax)
    if syntax.is_encapsulated:
        dataset.PixelData = encapsulate([_encoded(case, frame) for frame in frames])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    else:
        content = _native(case, frames)
        dataset.PixelData = content + b"\0" * (len(content) % 2)
        dataset["PixelData"].VR = "OW" if case.bits > 8 or syntax == ImplicitVRLittleEndian else "OB"
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _image(case: Case, number: int) -> NDArray[Any]:
    chance = np.random.default_rng([number, case.bits, case.samples])
    shape = (ROWS, COLUMNS, 3) if case.samples == 3 else (ROWS, COLUMNS)
    smooth = np.linspace(0, 1, COLUMNS)[None, :, None] if case.samples == 3 else np.linspace(0, 1, COLUMNS)[None, :]
    values = 0.7 * smooth + 0.3 * chance.random(shape)
    if case.signed:
        return ((values - 0.5) * ((1 << case.bits) - 2)).astype(np.int16)
    return (values * ((1 << case.bits) - 1)).round().astype(f"u{max(8, description_of(case).bits_allocated) // 8}")


def _palette(dataset: Dataset) -> None:
    for number, colour in enumerate(("Red", "Green", "Blue")):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (np.roll(np.arange(256), 3 + number) * 257).astype("<u2")
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table.tobytes())


def _native(case: Case, frames: list[NDArray[Any]]) -> bytes:
    if case.bits == 1:
        return np.packbits(np.concatenate([frame.ravel() & 1 for frame in frames]), bitorder="little").tobytes()
    if case.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        groups = []
        for frame in frames:
            pairs = frame.reshape(-1, 2, 3)
            groups.append(np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1))
        return np.concatenate(groups).tobytes()
    stacked = np.stack(frames)
    if case.planar == 1:
        stacked = np.moveaxis(stacked, -1, 1)
    big = case.syntax == ExplicitVRBigEndian
    return stacked.astype(stacked.dtype.newbyteorder(">" if big else "<")).tobytes()


def _encoded(case: Case, frame: NDArray[Any]) -> bytes:
    solid = np.ascontiguousarray(frame)
    family = case.syntax.removeprefix(JPEG)
    transform = case.photometric in ("YBR_RCT", "YBR_ICT")
    coded = FrameHeader(ROWS, COLUMNS, case.samples, case.bits, case.signed, transform)
    if case.syntax == RLELossless:
        return run_length.encode(solid, coded, description_of(case))
    if family in ("50", "51"):
        bits: dict[str, Any] = {"bitspersample": 12} if case.bits == 12 else {}
        if case.samples == 3:
            bits["subsampling"] = case.subsampling
        if case.photometric == "RGB":
            bits |= {"colorspace": "rgb", "outcolorspace": "rgb"}
        return bytes(imagecodecs.jpeg8_encode(solid, level=90, **bits))
    if family in ("57", "70"):
        space = "rgb" if case.samples == 3 else None
        return bytes(
            imagecodecs.jpeg8_encode(
                solid, lossless=True, predictor=1, bitspersample=case.bits, colorspace=space, outcolorspace=space
            )
        )
    if family in ("80", "81"):
        return bytes(imagecodecs.jpegls_encode(solid, level=3 if family == "81" else 0))
    if family in ("201", "202"):
        return high_throughput.encode(solid, coded, description_of(case))
    if family == "203":
        return bytes(imagecodecs.htj2k_encode(solid, level=0.002, reversible=False, rgb=transform))
    reversible = family == "90"
    return bytes(
        imagecodecs.jpeg2k_encode(
            solid,
            level=0 if reversible else 35,
            codecformat="j2k",
            reversible=reversible,
            bitspersample=case.bits,
            mct=transform,
        )
    )


def description_of(case: Case) -> PixelDescription:
    """What the object says of its pixels."""
    return PixelDescription(
        transfer_syntax=case.syntax,
        sop_class="1.2.840.10008.5.1.4.1.1.7",
        modality="OT",
        photometric=case.photometric,
        rows=ROWS,
        columns=COLUMNS,
        frames=case.frames,
        samples=case.samples,
        bits_allocated=next(depth for depth in (1, 8, 16, 32) if case.bits <= depth),
        bits_stored=case.bits,
        signed=case.signed,
        planar=case.planar,
    )
