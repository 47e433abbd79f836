"""Which way an instance takes: through the pixels, by its header alone, or to quarantine (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.uid import UID

from dicom_deid.errors import Reason
from dicom_deid.part10.elements import Header
from dicom_deid.part10.reader import find
from dicom_deid.pixels.codecs.registry import is_supported
from dicom_deid.pixels.images import PixelAnalysis, PixelDescription, Route

_LOW_RISK: Final = frozenset({"CT", "MR", "PT"})
_LOW_RISK_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.4",
        "1.2.840.10008.5.1.4.1.1.4.1",
        "1.2.840.10008.5.1.4.1.1.128",
        "1.2.840.10008.5.1.4.1.1.130",
    }
)
_NEVER_BOXED: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
        "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
        "1.2.840.10008.5.1.4.1.1.481.2",  # RT Dose
        "1.2.840.10008.5.1.4.1.1.30",  # Parametric Map
    }
)
"""Values here are measurements: a box would be a wrong one, so text found is for a person."""


@dataclass(frozen=True, slots=True)
class Routing:
    """A route, the reason of a quarantine, and the reason for which a person must look in any case."""

    route: Route
    reason: Reason | None = None
    must_review: Reason | None = None
    never_boxed: bool = False


def route_of(header: Header, description: PixelDescription | None, analysis: PixelAnalysis) -> Routing:
    """Decide by what the header says; anything unknown goes through the pixels."""
    if description is None:
        if "Image Storage" in UID("".join(_values(header, 0x00080016)[:1])).name:
            return Routing(Route.QUARANTINE, Reason.PARSE_ERROR)
        return Routing(Route.HEADER)
    if not is_supported(description.transfer_syntax):
        return Routing(Route.QUARANTINE, Reason.UNSUPPORTED_TRANSFER_SYNTAX)
    image_type = _values(header, 0x00080008)
    if "LABEL" in image_type[2:]:
        return Routing(Route.QUARANTINE, Reason.SLIDE_LABEL)
    must_review = None
    if {"OVERVIEW", "THUMBNAIL"} & set(image_type[2:]) or _values(header, 0x00480010) == ["YES"]:
        must_review = Reason.SLIDE_LABEL
    elif _values(header, 0x00280302) == ["YES"]:
        must_review = Reason.RECOGNIZABLE_FACE
    low_risk = (
        description.sop_class in _LOW_RISK_CLASSES
        and description.modality in _LOW_RISK
        and image_type[:1] == ["ORIGINAL"]
        and image_type[1:2] == ["PRIMARY"]
        and _values(header, 0x00280301) != ["YES"]
    )
    if analysis is PixelAnalysis.RISK and low_risk and must_review is None:
        return Routing(Route.HEADER)
    return Routing(Route.PIXELS, None, must_review, description.sop_class in _NEVER_BOXED)


def _values(header: Header, tag: int) -> list[str]:
    element = find(header.dataset, tag)
    if element is None:
        return []
    return [part.strip() for part in element.value.strip(b"\0 ").decode("ascii", "replace").split("\\")]
