"""Pictures as DICOM objects: photometric interpretations, depths and every transfer syntax that can hold them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

from tests.synthetic.burned_in_people import Chance, Identity, choice

_JPEG: Final = "1.2.840.10008.1.2.4."
_NATIVE: Final = tuple(
    map(str, (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian))
)
_LOSSLESS: Final = tuple(f"{_JPEG}{end}" for end in ("57", "70", "80", "81", "90", "91"))
_CLASSES: Final[Mapping[str, str]] = {
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
    "XA": "1.2.840.10008.5.1.4.1.1.12.1",
    "ES": "1.2.840.10008.5.1.4.1.1.77.1.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the pixels are stored."""

    syntax: str
    photometric: str
    bits: int
    frames: int

    @property
    def samples(self) -> int:
        """Colour planes."""
        return 3 if self.photometric[:3] in ("RGB", "YBR") else 1

    @property
    def palette(self) -> bool:
        """Whether values are indices of colours."""
        return self.photometric == "PALETTE COLOR"


@dataclass(frozen=True, slots=True)
class Shown:
    """Frames of brightness 0 to 1, (rows, columns) or (rows, columns, 3)."""

    frames: tuple[NDArray[np.float32], ...]


def encoding_for(modality: str, chance: Chance) -> Encoding:
    """An encoding that such equipment, or an archive behind it, writes."""
    frames = int(chance.integers(2, 5)) if modality in ("US", "XA", "ES") and chance.random() < 0.4 else 1
    if modality in ("CT", "MR", "CR", "DX", "MG", "XA"):
        photometric = "MONOCHROME1" if modality in ("CR", "DX", "MG") and chance.random() < 0.6 else "MONOCHROME2"
        bits = 8 if modality == "XA" else choice(chance, (10, 12, 12, 14, 16))
        syntaxes = (*_NATIVE, RLELossless, *_LOSSLESS, *((f"{_JPEG}51",) if bits == 12 else ()))
        if bits == 8:
            syntaxes = (*syntaxes, f"{_JPEG}50")
        return Encoding(str(choice(chance, syntaxes)), photometric, bits, frames)
    photometric = choice(chance, ("RGB", "YBR_FULL_422", "YBR_FULL", "PALETTE COLOR", "MONOCHROME2"))
    syntaxes = {
        "RGB": (*_NATIVE, RLELossless, f"{_JPEG}57", f"{_JPEG}70", f"{_JPEG}80", f"{_JPEG}90"),
        "YBR_FULL_422": (f"{_JPEG}50", f"{_JPEG}50", str(ExplicitVRLittleEndian)),
        "YBR_FULL": (f"{_JPEG}50", str(ExplicitVRLittleEndian), RLELossless),
        "PALETTE COLOR": (*_NATIVE, RLELossless),
        "MONOCHROME2": (*_NATIVE, RLELossless, *_LOSSLESS, f"{_JPEG}50"),
    }[photometric]
    return Encoding(str(choice(chance, syntaxes)), photometric, 8, frames)


def written(
    name: str, modality: str, encoding: Encoding, shown: Shown, stated: Identity | None, chance: Chance
) -> bytes:
    """The object in Part 10 format; `stated` is whom its header names, None for a blank one."""
    dataset = _described(name, modality, encoding, shown, stated)
    frames = [_stored(frame, encoding, dataset, chance) for frame in shown.frames]
    syntax = UID(encoding.syntax)
    if syntax.is_encapsulated:
        dataset.PixelData = encapsulate([_compressed(frame, encoding) for frame in frames])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    else:
        stacked = np.stack([_subsampled(frame) if encoding.photometric.endswith("422") else frame for frame in frames])
        swapped = stacked.byteswap() if syntax == ExplicitVRBigEndian else stacked
        content = swapped.tobytes()
        dataset.PixelData = content + b"\0" * (len(content) % 2)
        dataset["PixelData"].VR = "OW" if encoding.bits > 8 or syntax == ImplicitVRLittleEndian else "OB"
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _described(name: str, modality: str, encoding: Encoding, shown: Shown, stated: Identity | None) -> Dataset:
    dataset, uid = Dataset(), _uid(name)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(encoding.syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID(_CLASSES[modality])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid(name + ".1"), _uid(name + ".2")
    dataset.Modality = modality
    dataset.ImageType = ["DERIVED", "SECONDARY"] if modality in ("OT", "US", "ES") else ["ORIGINAL", "PRIMARY"]
    _identified(dataset, stated)
    dataset.Rows, dataset.Columns = shown.frames[0].shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = encoding.samples, encoding.photometric
    if encoding.samples == 3:
        dataset.PlanarConfiguration = 0
    if encoding.frames > 1:
        dataset.NumberOfFrames = encoding.frames
    dataset.BitsAllocated = 8 if encoding.bits == 8 else 16
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = encoding.bits, encoding.bits - 1, 0
    if encoding.bits > 8:
        middle = 1 << (encoding.bits - 1)
        dataset.WindowCenter, dataset.WindowWidth = str(middle * 0.8), str(middle * 1.4)
    return dataset


def _identified(dataset: Dataset, who: Identity | None) -> None:
    if who is None:
        dataset.PatientName = dataset.PatientID = dataset.PatientBirthDate = dataset.StudyDate = ""
        return
    dataset.PatientName = "^".join(part for part in (who.family, who.given, who.middle) if part)
    dataset.PatientID, dataset.AccessionNumber = who.mrn, who.accession
    dataset.PatientBirthDate, dataset.PatientSex = f"{who.birth:%Y%m%d}", who.sex
    dataset.PatientAge = f"{who.age:03d}Y"
    dataset.StudyDate, dataset.StudyTime = f"{who.study:%Y%m%d}", "101500"
    dataset.ReferringPhysicianName = f"{who.referrer_family}^{who.referrer_given}"
    dataset.InstitutionName, dataset.StationName = who.institution, who.station
    dataset.OperatorsName = who.operator


def _stored(frame: NDArray[np.float32], encoding: Encoding, dataset: Dataset, chance: Chance) -> NDArray[Any]:
    """The frame's stored values."""
    if encoding.palette:
        return _indexed(frame, dataset)
    if encoding.samples == 3:
        colours = frame if frame.ndim == 3 else np.repeat(frame[..., np.newaxis], 3, axis=2)
        rgb = np.ascontiguousarray((colours * 255).round().astype(np.uint8))
        # The JPEG encoder makes YCbCr of RGB itself.
        if encoding.photometric.startswith("YBR") and not encoding.syntax.startswith(_JPEG):
            return np.ascontiguousarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]])
        return rgb
    grey = frame if frame.ndim == 2 else frame.mean(axis=2)
    if encoding.photometric == "MONOCHROME1":
        grey = 1 - grey
    top = (1 << encoding.bits) - 1
    values = (grey * top * (0.7 if encoding.bits == 16 else 1.0)).round()
    return np.ascontiguousarray(values.astype(np.uint8 if encoding.bits == 8 else np.uint16))


def _indexed(frame: NDArray[np.float32], dataset: Dataset) -> NDArray[Any]:
    """Indices of a colour cube of 6 x 7 x 6 steps, in an order that no viewer shows by accident."""
    colours = frame if frame.ndim == 3 else np.repeat(frame[..., np.newaxis], 3, axis=2)
    steps = np.array((5, 6, 5), np.float32)
    cube = np.rint(colours * steps).astype(np.int32)
    index = cube[..., 0] * 42 + cube[..., 1] * 6 + cube[..., 2]
    shuffle = np.random.default_rng(7).permutation(252)
    for plane, name in enumerate(("Red", "Green", "Blue")):
        levels = np.empty(252, np.uint16)
        digit = (np.arange(252) // (42, 6, 1)[plane]) % (6, 7, 6)[plane]
        levels[shuffle] = np.rint(digit / steps[plane] * 65535).astype(np.uint16)
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [252, 0, 16])
        setattr(dataset, f"{name}PaletteColorLookupTableData", levels.astype("<u2").tobytes())
    return np.ascontiguousarray(shuffle[index].astype(np.uint8))


def _subsampled(frame: NDArray[Any]) -> NDArray[Any]:
    """YBR_FULL_422: two luminances, then the chrominances that both share (PS3.3 C.7.6.3.1.2)."""
    pairs = frame.reshape(-1, 2, 3)
    return np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1)


def _compressed(frame: NDArray[Any], encoding: Encoding) -> bytes:
    family = encoding.syntax.removeprefix(_JPEG)
    colour = encoding.samples == 3
    if encoding.syntax == RLELossless:
        return _run_lengths(frame, encoding)
    if family in ("50", "51"):
        bits: dict[str, Any] = {"bitspersample": 12} if encoding.bits == 12 else {}
        chroma = ("422" if encoding.photometric.endswith("422") else "444") if colour else None
        return bytes(imagecodecs.jpeg8_encode(frame, level=92, subsampling=chroma, **bits))
    if family in ("57", "70"):
        space = "rgb" if colour else None
        return bytes(
            imagecodecs.jpeg8_encode(
                frame, lossless=True, predictor=1, bitspersample=encoding.bits, colorspace=space, outcolorspace=space
            )
        )
    if family in ("80", "81"):
        return bytes(imagecodecs.jpegls_encode(frame, level=2 if family == "81" else 0))
    reversible = family == "90"
    return bytes(
        imagecodecs.jpeg2k_encode(
            frame,
            level=0 if reversible else 42,
            codecformat="j2k",
            reversible=reversible,
            bitspersample=encoding.bits,
            mct=False,
        )
    )


def _run_lengths(frame: NDArray[Any], encoding: Encoding) -> bytes:
    return get_encoder(RLELossless).encode(
        frame,
        encoding_plugin="pydicom",
        rows=frame.shape[0],
        columns=frame.shape[1],
        samples_per_pixel=encoding.samples,
        photometric_interpretation="RGB" if encoding.samples == 3 else encoding.photometric,
        bits_allocated=frame.dtype.itemsize * 8,
        bits_stored=encoding.bits,
        pixel_representation=0,
        number_of_frames=1,
        planar_configuration=0,
    )


def _uid(*entropy: str) -> UID:
    return generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=["burned-in", *entropy])
