"""Where a de-identified object lies: by its own pseudonymous UIDs."""

from __future__ import annotations

from typing import BinaryIO

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.reader import read_header

_STUDY, _SERIES, _INSTANCE = 0x0020000D, 0x0020000E, 0x00080018


def output_key(candidate: BinaryIO) -> str:
    """The key that the object's own header gives.

    Raises
    ------
    BadInputError
        ``verify-evidence`` when a UID is not a keyed pseudonym.
    """
    found = {
        element.tag: element.value.rstrip(b"\0 ").decode("ascii", "replace")
        for element in read_header(candidate).dataset
        if element.tag in {_STUDY, _SERIES, _INSTANCE}
    }
    return object_key(*(found.get(tag, "") for tag in (_STUDY, _SERIES, _INSTANCE)))


def object_key(study_uid: str, series_uid: str, instance_uid: str) -> str:
    """``<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm``, as in the bucket so below each view's name.

    Raises
    ------
    BadInputError
        ``verify-evidence`` when one of the three is not a keyed pseudonym (2.25…): such a key might identify.
    """
    parts = (study_uid, series_uid, instance_uid)
    if not all(part.startswith("2.25.") and part[5:].isdigit() for part in parts):
        raise BadInputError(Reason.VERIFY_EVIDENCE, "a UID of the object is not a pseudonym")
    return "/".join(parts) + ".dcm"
