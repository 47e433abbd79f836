"""Kinds of objects that are refused by name, because no rule here can make them safe."""

from __future__ import annotations

from typing import Final

from dicom_deid.errors import Reason
from dicom_deid.header.profiles import Option, Profile

DIRECTORY: Final = "1.2.840.10008.1.3.10"
KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
_ENCAPSULATED: Final = "1.2.840.10008.5.1.4.1.1.104."
_STRUCTURED_REPORTS: Final = "1.2.840.10008.5.1.4.1.1.88."
_STORAGE: Final = "1.2.840.10008.5.1.4."


def refusal(sop_class_uid: str, profile: Profile) -> Reason | None:
    """Why an object of that SOP class is quarantined under the profile; None where it is handled.

    A file without a SOP class is handled by the rules for unknown kinds; a private class is refused.
    """
    uid = sop_class_uid
    if uid == DIRECTORY:
        return Reason.DICOMDIR_NOT_SUPPORTED
    if uid.startswith(_ENCAPSULATED):
        return Reason.ENCAPSULATED_DOCUMENT
    if is_structured_report(uid) and not profile.has(Option.CLEAN_STRUCTURED_CONTENT):
        return Reason.UNSUPPORTED_SOP_CLASS
    if uid and not uid.startswith(_STORAGE):
        return Reason.UNSUPPORTED_SOP_CLASS
    return None


def is_structured_report(sop_class_uid: str) -> bool:
    """Whether the object is a document of content items, key object selections aside (PS3.3 A.35)."""
    return sop_class_uid.startswith(_STRUCTURED_REPORTS) and sop_class_uid != KEY_OBJECT_SELECTION
