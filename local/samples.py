"""A small realistic set of DICOM files: pydicom's own images with synthetic identities burned in.

Nobody in here exists. The Medicare number and the healthcare identifier have valid check digits and are not issued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from dicom_deid.errors import Reason
from local.burned_in_text import TextLine, draw, line

MARKERS: Final = (
    "Citizen",
    "Wirrabee",
    "MRN7741902",
    "19560312",
    "Okonjo",
    "Karrawirra",
    "2123456701",
    "8003608166690503",
)
"""What the headers and pixels hold of a person: none of it may be found in what is released."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the set, and how it must end."""

    name: str
    status: str
    reason: str | None = None


SAMPLES: Final = (
    Sample("CITIZEN_WIRRABEE/us_cine.dcm", "RELEASED"),
    Sample("CITIZEN_WIRRABEE/ct_slice.dcm", "RELEASED"),
    Sample("CITIZEN_WIRRABEE/mr_slice.dcm", "RELEASED"),
    Sample("CITIZEN_WIRRABEE/cr_chest.dcm", "RELEASED"),
    Sample("CITIZEN_WIRRABEE/capture.dcm", "RELEASED"),
    Sample("CITIZEN_WIRRABEE/doubtful.dcm", "IN_REVIEW"),
    Sample("CITIZEN_WIRRABEE/report.dcm", "QUARANTINED", Reason.UNSUPPORTED_SOP_CLASS.value),
    Sample("CITIZEN_WIRRABEE/corrupt.dcm", "QUARANTINED", Reason.PARSE_ERROR.value),
    Sample("CITIZEN_WIRRABEE/video.dcm", "QUARANTINED", Reason.UNSUPPORTED_TRANSFER_SYNTAX.value),
)


def write_samples(folder: Path) -> None:
    """Write the set below `folder`, the same bytes every time."""
    makers: Mapping[str, Callable[[], Dataset]] = {
        "us_cine": _us_cine,
        "ct_slice": lambda: _identified(_read("CT_small.dcm"), "ct"),
        "mr_slice": lambda: _identified(_read("MR_small.dcm"), "mr"),
        "cr_chest": _cr,
        "capture": _capture,
        "doubtful": _doubtful,
        "report": lambda: _identified(_read("reportsi.dcm"), "sr"),
        "corrupt": lambda: _identified(_read("CT_small.dcm"), "corrupt"),
        "video": _video,
    }
    for sample in SAMPLES:
        path = folder / sample.name
        path.parent.mkdir(parents=True, exist_ok=True)
        makers[path.stem]().save_as(path, enforce_file_format=True)
        if path.stem == "corrupt":
            path.write_bytes(path.read_bytes()[:2000])


def _read(name: str) -> Dataset:
    return pydicom.dcmread(str(get_testdata_file(name)))


def _uid(*entropy: str) -> UID:
    """A UID that is the same in every run."""
    return generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=["dicom-deid samples", *entropy])


def _identified(dataset: Dataset, name: str) -> Dataset:
    """The data set as if it were of the synthetic patient."""
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Citizen^Wirrabee", "MRN7741902", "19560312"
    dataset.PatientSex, dataset.AccessionNumber = "F", "ACC558130"
    dataset.ReferringPhysicianName, dataset.InstitutionName = "Okonjo^Amaka", "Karrawirra Base Hospital"
    dataset.StudyDate, dataset.StudyTime = "20240611", "101500"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study"), _uid("series", name)
    dataset.SOPInstanceUID = _uid("instance", name)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _with_pixels(dataset: Dataset, pixels: NDArray[Any]) -> Dataset:
    """The data set with native pixels of that array."""
    dataset.Rows, dataset.Columns = pixels.shape[-3:-1] if dataset.SamplesPerPixel == 3 else pixels.shape[-2:]
    content = pixels.tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    dataset["PixelData"].is_undefined_length = False
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _us_cine() -> Dataset:
    """Ultrasound, 12 frames, JPEG baseline, identity in the banner of every frame."""
    dataset = _identified(_read("examples_ybr_color.dcm"), "us")
    frames = dataset.pixel_array[:12]
    overlay = [
        line("CITIZEN, WIRRABEE", 6, 16, 10, "*"),
        line("MRN7741902 12/03/1956", 6, 32, 10, "*"),
        line("KARRAWIRRA BASE HOSPITAL", 150, 16, 9, "*"),
        line("MI 1.1 TIS 0.4", 240, 232, 8),
    ]
    banner = [np.concatenate([np.zeros_like(frame[:40]), frame[40:]]) for frame in frames]
    drawn = [draw(frame, overlay, (240, 240, 240))[0] for frame in banner]
    encoded = [
        bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(frame), level=92, subsampling="422")) for frame in drawn
    ]
    dataset.NumberOfFrames, dataset.PhotometricInterpretation = len(encoded), "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.PixelData = encapsulate(encoded)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return dataset


def _cr() -> Dataset:
    """Computed radiography, 12 bits, MONOCHROME1, JPEG-LS, with a marker and a name."""
    source = _read("examples_overlay.dcm").pixel_array.astype(np.uint16)
    pixels = 4095 - (source.astype(np.float32) * (3200.0 / max(int(source.max()), 1))).astype(np.uint16)
    drawn, _ = draw(
        pixels,
        [line("CITIZEN WIRRABEE", 12, 24, 13, "*"), line("DOB 12-03-1956", 12, 46, 12, "12-03-1956"), _side()],
        0,
    )
    dataset = _capture_of("cr", "CR", drawn, "MONOCHROME1", stored=12)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.1")
    dataset.PixelData = encapsulate([bytes(imagecodecs.jpegls_encode(np.ascontiguousarray(drawn), level=0))])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    return dataset


def _side() -> TextLine:
    return line("L PA ERECT", 380, 280, 13)


def _capture() -> Dataset:
    """A screen capture full of Australian identifiers beside clinical text."""
    lines = [
        line("Karrawirra Base Hospital", 20, 40, 16, "*"),
        line("Name: Wirrabee Citizen", 20, 80, 14, "Wirrabee Citizen"),
        line("DOB: 12 Mar 1956", 20, 110, 14, "12 Mar 1956"),
        line("Medicare: 2123 45670 1", 20, 140, 14, "2123 45670 1"),
        line("IHI: 8003 6081 6669 0503", 20, 170, 14, "8003 6081 6669 0503"),
        line("Ref: Dr Amaka Okonjo", 20, 200, 14, "Dr Amaka Okonjo"),
        line("Phone: 07 5550 1234", 20, 230, 14, "07 5550 1234"),
        line("LEFT KIDNEY LONG 10.2 cm", 20, 300, 14),
        line("Depth 12.5 cm Gain 60 dB", 20, 330, 14),
    ]
    canvas = np.full((400, 560, 3), 24, np.uint8)
    canvas[250:400, 300:560] = np.linspace(30, 150, 260, dtype=np.uint8)[np.newaxis, :, np.newaxis]
    drawn, _ = draw(canvas, lines, (235, 235, 235))
    return _capture_of("capture", "OT", drawn, "RGB")


def _doubtful() -> Dataset:
    """A word that may be a name or a word: a person must say."""
    canvas = np.full((240, 400), 20, np.uint8)
    drawn, _ = draw(
        canvas, [line("VIEW", 20, 60, 16), line("GRACE", 20, 110, 16), line("DEPTH 8 cm", 20, 200, 14)], 230
    )
    return _capture_of("doubtful", "OT", drawn, "MONOCHROME2")


def _video() -> Dataset:
    """An MPEG-4 object: recognised by its transfer syntax and refused, its content does not matter."""
    dataset = _capture_of("video", "ES", np.zeros((64, 64, 3), np.uint8), "YBR_PARTIAL_420")
    dataset.NumberOfFrames = 25
    dataset.PixelData = encapsulate([b"\x00\x00\x00\x18ftypmp42" + bytes(500)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.102")
    return dataset


def _capture_of(name: str, modality: str, pixels: NDArray[Any], photometric: str, stored: int | None = None) -> Dataset:
    dataset = _identified(_read("CT_small.dcm"), name)
    for element in list(dataset):
        if element.tag.is_private or element.keyword.startswith(("Slice", "Rescale", "Window", "Pixel", "KVP")):
            del dataset[element.tag]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.Modality, dataset.ImageType, dataset.ConversionType = modality, ["DERIVED", "SECONDARY"], "WSD"
    dataset.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    dataset.PhotometricInterpretation = photometric
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = stored or dataset.BitsAllocated
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    return _with_pixels(dataset, pixels)
