"""Dynamic series keep their timing: intervals within and between objects, over midnight and a leap day."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from itertools import pairwise

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage

from dicom_deid.header.presets import profile_named
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser

INJECTED = datetime(2024, 2, 28, 23, 40, 12, 500000)
FRAMES = 6
_STEP = timedelta(minutes=9, seconds=30)


def frame(number: int) -> bytes:
    """One frame of a dynamic PET series that begins before midnight of a 28 February and goes on after it."""
    dataset = Dataset()
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage
    dataset.SOPInstanceUID = f"1.2.3.{number + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.100", "1.2.3.200"
    dataset.PatientID = "4711"
    taken = INJECTED + (number + 1) * _STEP
    dataset.SeriesDate, dataset.SeriesTime = f"{INJECTED:%Y%m%d}", f"{INJECTED:%H%M%S.%f}"
    dataset.AcquisitionDate, dataset.AcquisitionTime = f"{taken:%Y%m%d}", f"{taken:%H%M%S.%f}"
    dataset.AcquisitionDateTime = f"{taken:%Y%m%d%H%M%S.%f}+1030"
    dataset.FrameReferenceTime, dataset.ActualFrameDuration = (number + 0.5) * 570_000, 570_000
    dataset.DecayFactor, dataset.DecayCorrection = 1.0625, "START"
    dataset.SeriesType, dataset.Units = ["DYNAMIC", "IMAGE"], "BQML"
    dataset.NumberOfTimeSlices, dataset.TemporalPositionIdentifier = FRAMES, number + 1
    dose = Dataset()
    dose.RadiopharmaceuticalStartDateTime = f"{INJECTED:%Y%m%d%H%M%S.%f}"
    dose.RadiopharmaceuticalStartTime = f"{INJECTED:%H%M%S.%f}"
    dose.RadionuclideHalfLife, dose.RadionuclideTotalDose = 6586.2, 370e6
    dataset.RadiopharmaceuticalInformationSequence = [dose]
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def redacted(source: bytes, profile: Profile) -> Dataset:
    target = io.BytesIO()
    redact(io.BytesIO(source), target, profile, Pseudonymiser(bytes(range(32)), "trial"))
    return pydicom.dcmread(io.BytesIO(target.getvalue()))


def series(profile: Profile) -> list[Dataset]:
    return [redacted(frame(number), profile) for number in range(FRAMES)]


def moment(date: str, time: str) -> datetime:
    return datetime.strptime(date + time, "%Y%m%d%H%M%S.%f")


@pytest.mark.parametrize("name", ["longitudinal", "research"])
def test_a_dynamic_series_keeps_every_interval(name: str) -> None:
    found = series(profile_named(name))
    taken = [moment(dataset.AcquisitionDate, dataset.AcquisitionTime) for dataset in found]
    assert [later - earlier for earlier, later in pairwise(taken)] == [_STEP] * (FRAMES - 1)
    began = moment(found[0].SeriesDate, found[0].SeriesTime)
    assert taken[0] - began == _STEP
    assert (began.date() - INJECTED.date()).days != 0
    assert (began.hour, began.minute, began.second) == (23, 40, 12)
    for dataset, moment_ in zip(found, taken, strict=True):
        assert dataset.AcquisitionDateTime == f"{moment_:%Y%m%d%H%M%S.%f}+1030"
        dose = dataset.RadiopharmaceuticalInformationSequence[0]
        assert dose.RadiopharmaceuticalStartDateTime == f"{began:%Y%m%d%H%M%S.%f}"
        assert dose.RadiopharmaceuticalStartTime == dataset.SeriesTime


@pytest.mark.parametrize("name", ["basic", "minimal", "longitudinal", "research"])
def test_frames_and_decay_stay_under_every_preset(name: str) -> None:
    for number, dataset in enumerate(series(profile_named(name))):
        before = pydicom.dcmread(io.BytesIO(frame(number)))
        for keyword in (
            "FrameReferenceTime",
            "ActualFrameDuration",
            "DecayFactor",
            "DecayCorrection",
            "SeriesType",
            "Units",
            "NumberOfTimeSlices",
            "TemporalPositionIdentifier",
        ):
            assert dataset[keyword].value == before[keyword].value, keyword
        dose, source = (d.RadiopharmaceuticalInformationSequence[0] for d in (dataset, before))
        assert (dose.RadionuclideHalfLife, dose.RadionuclideTotalDose) == (
            source.RadionuclideHalfLife,
            source.RadionuclideTotalDose,
        )


def test_full_dates_stay_as_they_were() -> None:
    profile = Profile("full", frozenset({Option.RETAIN_LONGITUDINAL_FULL_DATES}))
    for number, dataset in enumerate(series(profile)):
        before = pydicom.dcmread(io.BytesIO(frame(number)))
        assert dataset.AcquisitionDateTime == before.AcquisitionDateTime
        assert dataset.SeriesDate == before.SeriesDate


def test_without_an_option_no_date_stays() -> None:
    for dataset in series(profile_named("basic")):
        assert not any("2024" in str(element.value) for element in dataset.iterall() if element.VR in {"DA", "DT"})
