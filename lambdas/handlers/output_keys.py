"""Where a de-identified object lies: by its three pseudonymous UIDs."""

from __future__ import annotations

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.report import HeaderReport


def object_key(report: HeaderReport) -> str:
    """``<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm``, as in the bucket so below each view's name.

    The three are pseudonyms also where the profile retains the UIDs in the object (113110).

    Raises
    ------
    BadInputError
        ``verify-evidence`` when one of the three is not a keyed pseudonym (2.25…): such a key might identify.
    """
    parts = (report.study_instance_uid, report.series_instance_uid, report.sop_instance_uid)
    if not all(part.startswith("2.25.") and part[5:].isdigit() for part in parts):
        raise BadInputError(Reason.VERIFY_EVIDENCE, "a UID of the object is not a pseudonym")
    return "/".join(parts) + ".dcm"
