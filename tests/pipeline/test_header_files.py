"""Every file that pydicom and pydicom-data ship goes through, and keeps what research needs."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path

import data_store
import pydicom
import pytest

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser

KEY = bytes(range(32))
_NOT_OBJECTS = {".py", ".pyc", ".json", ".md", ".txt", ".zip", ".typed", ".icc", ".dump", ".gz", ".csv", ".ini", ".sh"}
UNREADABLE = {
    "GDCMJ2K_TextGBR.dcm": Reason.CODEC_ERROR,  # the codestream does not begin with SOC
    "MR_truncated.dcm": Reason.PARSE_ERROR,
    "badVR.dcm": Reason.FRAME_COUNT_MISMATCH,  # Number of Frames is no number
    "no_meta.dcm": Reason.NOT_DICOM,  # 244 bytes without a data set
    "rtplan_truncated.dcm": Reason.PARSE_ERROR,
    "meta_missing_tsyntax.dcm": Reason.FRAME_COUNT_MISMATCH,  # two bytes of pixel data without Rows or Columns
    "nested_priv_SQ.dcm": Reason.FRAME_COUNT_MISMATCH,  # the same
    "emri_small_jpeg_2k_lossless_too_short.dcm": Reason.PARSE_ERROR,
}
_KEPT = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "Modality",
    "SOPClassUID",
    "PixelPaddingValue",
    "LossyImageCompression",
    "KVP",
    "EchoTime",
    "RepetitionTime",
    "FlipAngle",
    "MagneticFieldStrength",
    "ScanningSequence",
    "SequenceVariant",
    "PatientPosition",
    "FrameTime",
    "DoseUnits",
    "Units",
    "CorrectedImage",
)


@cache
def files() -> list[Path]:
    roots = [Path(pydicom.__file__).parent / "data", Path(data_store.__file__).parent]
    return [
        path
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in _NOT_OBJECTS and path.name != "README"
    ]


def redacted(path: Path, profile: str = "research") -> bytes | Reason:
    """The output, or why there is none."""
    target = io.BytesIO()
    try:
        with path.open("rb") as source:
            redact(source, target, profile_named(profile), Pseudonymiser(KEY, "trial"))
    except BadInputError as error:
        return error.reason
    return target.getvalue()


def refusal(path: Path) -> Reason | None:
    """Why a file is refused under every profile, as reviewed by hand."""
    if path.name.startswith("DICOMDIR"):
        return Reason.DICOMDIR_NOT_SUPPORTED
    return UNREADABLE.get(path.name)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_file_goes_through_or_is_refused_by_name(path: Path) -> None:
    output = redacted(path)
    if isinstance(output, Reason) or refusal(path):
        assert output is refusal(path)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = pydicom.dcmread(path, force=True), pydicom.dcmread(io.BytesIO(output))
        changed = [name for name in _KEPT if name in before and _kept(before, name) != _kept(after, name)]
        assert changed == []
        assert _groups(before) == _groups(after)
        _assert_same_pixels(before, after)


def _kept(dataset: pydicom.Dataset, name: str) -> str:
    return str(dataset.get(name)) if name in dataset else ""


def _groups(dataset: pydicom.Dataset) -> list[int]:
    """How many items each functional group sequence has."""
    names = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    return [len(dataset.get(name) or []) for name in names]


def _assert_same_pixels(before: pydicom.Dataset, after: pydicom.Dataset) -> None:
    """Native pixel data byte for byte as far as the image goes; encapsulated frames but for segments with text."""
    if "PixelData" not in before:
        assert "PixelData" not in after
        return
    if not before["PixelData"].is_undefined_length:
        length = len(after.PixelData)
        assert before.PixelData[: length - 1] == after.PixelData[: length - 1]
        return
    count = int(before.get("NumberOfFrames") or 1)
    pairs = zip(
        pydicom.encaps.generate_frames(before.PixelData, number_of_frames=count),
        pydicom.encaps.generate_frames(after.PixelData, number_of_frames=count),
        strict=True,
    )
    for old, new in pairs:
        # The entropy-coded part, which ends every codestream, is the same.
        assert len(new) <= len(old) + 1
        tail = new.rstrip(b"\0")[-min(64, len(new) // 2) :]
        assert tail in old


@pytest.mark.parametrize("profile", ["basic", "minimal", "longitudinal"])
def test_every_profile_refuses_only_reports_besides(profile: str) -> None:
    outcomes = {path: redacted(path, profile) for path in files()}
    refused = {path: reason for path, reason in outcomes.items() if isinstance(reason, Reason)}
    reports = {path for path, reason in refused.items() if reason is Reason.UNSUPPORTED_SOP_CLASS}
    assert {path for path in files() if refusal(path)} | reports == set(refused)
    assert len(reports) == 3
