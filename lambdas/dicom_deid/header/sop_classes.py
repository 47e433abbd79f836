"""Kinds of objects that are refused by name, because no rule here can make them safe."""

from __future__ import annotations

from typing import Final

from dicom_deid.errors import Reason
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.header.uids import names_a_class
from dicom_deid.part10.elements import Header

_SOP_CLASS: Final = 0x00080016
DIRECTORY: Final = "1.2.840.10008.1.3.10"
KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
_STORAGE: Final = "1.2.840.10008.5.1.4."
_CLASSES: Final = "1.2.840.10008.5.1.4.1.1."
_ENCAPSULATED: Final = f"{_CLASSES}104."
_STRUCTURED_REPORTS: Final = f"{_CLASSES}88."
_MACULAR_GRID_REPORT: Final = f"{_CLASSES}79.1"
_REFUSED: Final = {
    f"{_CLASSES}9.4.1": "Basic Voice Audio: a voice identifies",
    f"{_CLASSES}9.4.2": "General Audio: a voice identifies",
    f"{_CLASSES}201.1": "Inventory: lists the studies of many patients",
}


def refusal_of(header: Header, profile: Profile) -> Reason | None:
    """`refusal` by the SOP Class UID that the header states; a header without one is handled."""
    found = header.find(_SOP_CLASS)
    return refusal(found.value.rstrip(b"\0 ").decode("ascii", "replace") if found else "", profile)


def refusal(sop_class_uid: str, profile: Profile) -> Reason | None:
    """Why an object of that SOP class is quarantined under the profile; None where it is handled.

    Refused are media directories, encapsulated documents, voice recordings, inventories, structured reports without
    Clean Structured Content (113104), private SOP classes, registered ones that are no storage, and what has not the
    form of a class. A storage class of a later edition is handled: default-deny covers what it brings. So is a file
    that names no class at all.
    """
    uid = sop_class_uid
    if uid == DIRECTORY:
        return Reason.DICOMDIR_NOT_SUPPORTED
    if uid.startswith(_ENCAPSULATED):
        return Reason.ENCAPSULATED_DOCUMENT
    if uid in _REFUSED or (uid and not (uid.startswith(_STORAGE) and names_a_class(uid))):
        return Reason.UNSUPPORTED_SOP_CLASS
    if is_structured_report(uid) and not profile.has(Option.CLEAN_STRUCTURED_CONTENT):
        return Reason.UNSUPPORTED_SOP_CLASS
    return None


def is_structured_report(sop_class_uid: str) -> bool:
    """Whether the object is a document of content items (PS3.3 A.35), key object selections aside."""
    if sop_class_uid == KEY_OBJECT_SELECTION:
        return False
    return sop_class_uid.startswith(_STRUCTURED_REPORTS) or sop_class_uid == _MACULAR_GRID_REPORT
