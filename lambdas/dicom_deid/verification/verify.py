"""The checks on a finished object (DESIGN 9), by code that shares nothing with what made it but the file format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final

from pydicom.dataset import Dataset

from dicom_deid.errors import Reason
from dicom_deid.phi.findings import Finding
from dicom_deid.phi.identity import HeaderIdentity, IdentityKind
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Check, CheckResult, FrameChange, Verdict, VerificationRecord
from dicom_deid.verification.beside import images_in_header
from dicom_deid.verification.leaks import distinctive, leaks
from dicom_deid.verification.objects import ParsedObject, open_object, walk
from dicom_deid.verification.pixels import compare

_REGISTERED: Final = "1.2.840.10008."
_KEPT_AS_THEY_ARE: Final = (
    "SOPClassUID",
    "Modality",
    "SamplesPerPixel",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "RescaleSlope",
    "RescaleIntercept",
)
"""Attributes that de-identification never touches: where the source has one, the output has the same."""
_TYPE_1: Final = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")
_TYPE_2: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "SeriesNumber",
    "InstanceNumber",
)
"""What every composite IOD shares: present before, present after (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.6.1, C.12.1)."""
_CLEAN_PIXEL_DATA: Final = "113101"


def verify(
    source: BinaryIO,
    candidate: BinaryIO,
    *,
    plan: RedactionPlan,
    identity: HeaderIdentity,
    pixels_cleaned: bool,
    kept: frozenset[IdentityKind],
    residual: Sequence[Finding],
    keyed: Callable[[bytes], str],
) -> VerificationRecord:
    """Check the candidate against its source and plan.

    Parameters
    ----------
    pixels_cleaned
        What the candidate may claim of its pixels.
    kept
        Kinds of identifying values that the profile keeps on purpose.
    residual
        PHI that a second look at the changed frames still found.
    keyed
        Keyed digest, for the references of changed frames.
    """
    digest, size = _digest(candidate)
    original, output = _parsed(source), _parsed(candidate)
    frames: list[FrameChange] = []
    checks = [_text_check(residual, pixels_cleaned)]
    if original is None or output is None:
        checks.append(_failed("parse", Reason.VERIFY_PARSE))
    else:
        checks += _header_checks(original, output, identity, pixels_cleaned, kept)
        pixels, frames = _pixel_check(original, output, plan, keyed)
        checks.append(pixels)
    return VerificationRecord(digest, size, _verdict(checks), tuple(checks), tuple(residual), tuple(frames))


def verify_view(
    source: BinaryIO,
    shown: BinaryIO,
    *,
    identity: HeaderIdentity,
    pixels_cleaned: bool,
    kept: frozenset[IdentityKind],
    name: str,
) -> Check:
    """Checks (1), (4), (5) and (6) on what one view would serve, as one result named after the view."""
    original, output = _parsed(source), _parsed(shown)
    if original is None or output is None:
        results = [_failed("parse", Reason.VERIFY_PARSE)]
    else:
        results = _header_checks(original, output, identity, pixels_cleaned, kept)
    failed = [check for check in results if check.result is CheckResult.FAIL]
    if failed:
        return Check(f"view-{name}", CheckResult.FAIL, Reason.VERIFY_VIEW.value, ",".join(c.id for c in failed))
    return Check(f"view-{name}", CheckResult.PASS)


def _pixel_check(
    original: ParsedObject, output: ParsedObject, plan: RedactionPlan, keyed: Callable[[bytes], str]
) -> tuple[Check, list[FrameChange]]:
    if "Rows" not in original.dataset:
        return Check("pixels", CheckResult.NOT_APPLICABLE), []
    try:
        compared = compare(original, output, plan.redactions())
    except Exception:
        # A decoder's message may quote the stream.
        return _failed("pixels", Reason.VERIFY_PIXELS), []
    bad = sum(1 for frame in compared if not frame.good)
    boxed = set(plan.redactions())
    changes = [FrameChange(f.frame, keyed(f.before), keyed(f.after)) for f in compared if f.frame in boxed]
    if bad:
        return _failed("pixels", Reason.VERIFY_PIXELS, f"{bad} frames"), changes
    return Check("pixels", CheckResult.PASS), changes


def _header_checks(
    original: ParsedObject,
    output: ParsedObject,
    identity: HeaderIdentity,
    pixels_cleaned: bool,
    kept: frozenset[IdentityKind],
) -> list[Check]:
    """Checks (1), (4), (5) and (6)."""
    return [
        _leak_check(output, identity, kept),
        _parse_check(original, output),
        _uid_check(original, output, kept),
        _evidence_check(output, pixels_cleaned),
    ]


def _digest(stream: BinaryIO) -> tuple[str, int]:
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest(), stream.tell()


def _leak_check(output: ParsedObject, identity: HeaderIdentity, kept: frozenset[IdentityKind]) -> Check:
    try:
        found = leaks(output, distinctive(identity, kept))
    except Exception:
        return _failed("leak", Reason.VERIFY_PARSE, "the frames cannot be read")
    return Check("leak", CheckResult.PASS) if not found else _failed("leak", Reason.VERIFY_LEAK, f"{found} identifiers")


def _text_check(residual: Sequence[Finding], examined: bool) -> Check:
    if not examined:
        return Check("text", CheckResult.NOT_APPLICABLE)
    if residual:
        return Check("text", CheckResult.REVIEW, Reason.VERIFY_TEXT.value, f"{len(residual)} findings")
    return Check("text", CheckResult.PASS)


def _parsed(stream: BinaryIO) -> ParsedObject | None:
    try:
        return open_object(stream)
    except Exception:
        return None


def _parse_check(original: ParsedObject, output: ParsedObject) -> Check:
    """Every element decodes, what must stay is what it was, Type 1 and 2 attributes stay present, nothing follows."""
    try:
        for _ in walk(output.dataset):
            pass
        before, after = original.dataset, output.dataset
        lost = [name for name in _KEPT_AS_THEY_ARE if _text(before, name) != _text(after, name)]
        if lost == ["PhotometricInterpretation"] and _is_made_reversible(original, output):
            lost = []
        lost += [name for name in (*_TYPE_1, *_TYPE_2) if name in before and name not in after]
        lost += [name for name in _TYPE_1 if _text(before, name) and not _text(after, name)]
        if not output.ends_with_pixels:
            lost.append("trailer")
        if images_in_header(original, output):
            lost.append("image in the header")
    except Exception:
        return _failed("parse", Reason.VERIFY_PARSE, "an element does not decode")
    return Check("parse", CheckResult.PASS) if not lost else _failed("parse", Reason.VERIFY_PARSE, ",".join(lost))


def _is_made_reversible(original: ParsedObject, output: ParsedObject) -> bool:
    """Whether lossy JPEG 2000 became lossless: its components are then those of the reversible transform."""
    colours = (_text(original.dataset, "PhotometricInterpretation"), _text(output.dataset, "PhotometricInterpretation"))
    return colours == ("YBR_ICT", "YBR_RCT") and original.transfer_syntax != output.transfer_syntax


def _uid_check(original: ParsedObject, output: ParsedObject, kept: frozenset[IdentityKind]) -> Check:
    """No instance UID of the source is left; the three that name the object are pseudonyms."""
    if IdentityKind.UID in kept:
        return Check("uids", CheckResult.NOT_APPLICABLE)
    try:
        own = [str(output.dataset.get(n, "")) for n in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
        left = _uids(output.dataset) & _uids(original.dataset)
    except Exception:
        return _failed("uids", Reason.VERIFY_PARSE)
    if left or not all(uid.startswith("2.25.") for uid in own):
        return _failed("uids", Reason.VERIFY_LEAK, f"{len(left)} UIDs")
    return Check("uids", CheckResult.PASS)


def _uids(dataset: Dataset) -> set[str]:
    found: set[str] = set()
    structural = {0x00080016, 0x00081150, 0x0008115A, 0x00080062, 0x0008001A, 0x0008001B}
    for element in walk(dataset):
        if element.VR == "UI" and int(element.tag) not in structural:
            values: Any = (
                element.value if isinstance(element.value, (list, tuple)) or not element.value else [element.value]
            )
            found.update(str(value) for value in values or [] if not str(value).startswith(_REGISTERED))
    return found


def _evidence_check(output: ParsedObject, pixels_cleaned: bool) -> Check:
    """The file claims what was done, and nothing else."""
    dataset = output.dataset
    codes = {str(item.get("CodeValue", "")) for item in dataset.get("DeidentificationMethodCodeSequence", [])}
    claims = _CLEAN_PIXEL_DATA in codes
    good = dataset.get("PatientIdentityRemoved") == "YES" and "113100" in codes and claims is pixels_cleaned
    if pixels_cleaned:
        good = good and dataset.get("BurnedInAnnotation") == "NO"
    return Check("evidence", CheckResult.PASS) if good else _failed("evidence", Reason.VERIFY_EVIDENCE)


def _text(dataset: Dataset, name: str) -> str | None:
    value = dataset.get(name)
    return None if value is None or value == "" else str(value)


def _failed(identifier: str, reason: Reason, detail: str = "") -> Check:
    return Check(identifier, CheckResult.FAIL, reason.value, detail)


def _verdict(checks: Sequence[Check]) -> Verdict:
    results = {check.result for check in checks}
    if CheckResult.FAIL in results:
        return Verdict.QUARANTINE
    return Verdict.REVIEW if CheckResult.REVIEW in results else Verdict.PASS
