"""Which way an instance takes."""

from __future__ import annotations

import io
from typing import Any

import pydicom
import pytest

from dicom_deid.errors import Reason
from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.images import PixelAnalysis, Route
from dicom_deid.pixels.routes import Routing, route_of
from tests.synthetic.pixel_objects import Case, make

CT = "1.2.840.10008.5.1.4.1.1.2"


def routing(analysis: PixelAnalysis = PixelAnalysis.ALL, **changes: object) -> Routing:
    dataset = pydicom.dcmread(io.BytesIO(make(Case("1.2.840.10008.1.2.1", "MONOCHROME2"))))
    for name, value in changes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    target = io.BytesIO()
    dataset.save_as(target)
    header = read_header(io.BytesIO(target.getvalue()))
    return route_of(header, describe(header), analysis)


PRIMARY_CT: dict[str, Any] = {"SOPClassUID": CT, "Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}


def test_every_image_goes_through_its_pixels_by_default() -> None:
    assert routing(**PRIMARY_CT).route is Route.PIXELS


def test_under_risk_only_primary_slices_that_claim_nothing_burned_in_spare_their_pixels() -> None:
    assert routing(PixelAnalysis.RISK, **PRIMARY_CT).route is Route.HEADER
    assert routing(PixelAnalysis.RISK, **PRIMARY_CT, BurnedInAnnotation="YES").route is Route.PIXELS
    derived = {**PRIMARY_CT, "ImageType": ["DERIVED", "SECONDARY"]}
    assert routing(PixelAnalysis.RISK, **derived).route is Route.PIXELS


@pytest.mark.parametrize("modality", ["US", "ES", "XC", "OT", "DX", "CR", "MG", "SC", "ZZ", ""])
def test_under_risk_every_other_kind_goes_through_its_pixels(modality: str) -> None:
    assert routing(PixelAnalysis.RISK, Modality=modality).route is Route.PIXELS


def test_slides_labels_are_quarantined_and_overviews_are_for_a_person() -> None:
    assert routing(ImageType=["ORIGINAL", "PRIMARY", "LABEL", "NONE"]).reason is Reason.SLIDE_LABEL
    assert routing(ImageType=["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"]).must_review is Reason.SLIDE_LABEL
    assert routing(SpecimenLabelInImage="YES").must_review is Reason.SLIDE_LABEL


def test_recognizable_faces_are_for_a_person() -> None:
    assert routing(RecognizableVisualFeatures="YES").must_review is Reason.RECOGNIZABLE_FACE


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.481.2"])
def test_measurements_are_never_boxed(uid: str) -> None:
    assert routing(SOPClassUID=uid).never_boxed


def test_an_image_without_its_pixels_is_damaged() -> None:
    found = routing(PixelData=None)
    assert (found.route, found.reason) == (Route.QUARANTINE, Reason.PARSE_ERROR)
