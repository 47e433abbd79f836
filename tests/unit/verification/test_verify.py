"""The verification sees what it is there to see: every sabotage of a good candidate fails a check."""

from __future__ import annotations

import io
from collections.abc import Callable

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID

from dicom_deid.geometry import Box
from dicom_deid.header.presets import profile_named
from dicom_deid.header.report import Claims
from dicom_deid.header.stream import redact as redact_header
from dicom_deid.part10.reader import read_header
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, TextClass
from dicom_deid.phi.identity import HeaderIdentity, IdentityKind, IdentityValue, harvest
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.pixels.redaction import redact as redact_pixels
from dicom_deid.pseudonyms import Pseudonymiser
from dicom_deid.records import Verdict, VerificationRecord
from dicom_deid.verification.leaks import distinctive, leaks
from dicom_deid.verification.objects import open_object
from dicom_deid.verification.verify import verify
from tests.synthetic.pixel_objects import JPEG, Case, cases, make

BOX = Box(10, 8, 60, 30)
PSEUDONYMS = Pseudonymiser(bytes(range(32)), "test")
PLAN = RedactionPlan(boxes=(PlannedBox((0,), BOX, Action.REDACT, 1.0, ()),))
NATIVE = Case("1.2.840.10008.1.2.1", "RGB")


def source_of(case: Case) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(make(case)))
    dataset.PatientName, dataset.PatientID = "Wirrabee^Citizen", "MRN7741902"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID("1.2.3.9"), UID("1.2.3.8")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.7")
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def candidate_of(source: bytes) -> bytes:
    boxed, target = io.BytesIO(), io.BytesIO()
    redact_pixels(io.BytesIO(source), boxed, PLAN.redactions())
    redact_header(boxed, target, profile_named("basic"), PSEUDONYMS, claims=Claims(pixels_cleaned=True))
    return target.getvalue()


def verified(source: bytes, candidate: bytes, *residual: Finding) -> VerificationRecord:
    return verify(
        io.BytesIO(source),
        io.BytesIO(candidate),
        plan=PLAN,
        identity=harvest(read_header(io.BytesIO(source))),
        pixels_cleaned=True,
        kept=frozenset(),
        residual=residual,
        keyed=lambda content: PSEUDONYMS.reference(str(len(content))),
    )


def failed(record: VerificationRecord) -> set[str]:
    return {check.id for check in record.checks if check.result.value in ("fail", "review")}


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_what_the_pipeline_makes_passes(case: Case) -> None:
    source = source_of(case)
    record = verified(source, candidate_of(source))
    assert failed(record) == set()
    assert record.verdict is Verdict.PASS
    assert 0 in {frame.frame for frame in record.frames}


def changed(change: Callable[[Dataset], None]) -> Callable[[bytes], bytes]:
    def sabotage(candidate: bytes) -> bytes:
        dataset = pydicom.dcmread(io.BytesIO(candidate))
        change(dataset)
        target = io.BytesIO()
        dataset.save_as(target)
        return target.getvalue()

    return sabotage


def at_pixel(x: int, y: int) -> Callable[[bytes], bytes]:
    def sabotage(candidate: bytes) -> bytes:
        header = read_header(io.BytesIO(candidate))
        assert header.pixel is not None
        broken = bytearray(candidate)
        broken[header.pixel.offset + 3 * (144 * y + x)] ^= 0x40
        return bytes(broken)

    return sabotage


def setting(name: str, value: object) -> Callable[[bytes], bytes]:
    return changed(lambda dataset: setattr(dataset, name, value))


def without(name: str) -> Callable[[bytes], bytes]:
    return changed(lambda dataset: delattr(dataset, name))


SABOTAGES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("name in another attribute", setting("ImageComments", "seen by Wirrabee today"), "leak"),
    ("identifier in lower case", setting("ImageComments", "mrn7741902"), "leak"),
    ("name behind the pixels", lambda candidate: candidate + b" Wirrabee ", "leak"),
    ("a short string behind the pixels", lambda candidate: candidate + b"Jan ", "parse"),
    ("an attribute of Type 2 gone", without("PatientName"), "parse"),
    ("an attribute of Type 1 empty", setting("Modality", ""), "parse"),
    ("name in UTF-16", lambda candidate: candidate + " Wirrabee ".encode("utf-16-le"), "leak"),
    ("a name in the pixels", lambda candidate: candidate[:-20] + b"\0Wirrabee\0" + candidate[-10:], "leak"),
    ("a pixel outside the boxes", at_pixel(100, 60), "pixels"),
    ("a pixel inside a box", at_pixel(20, 12), "pixels"),
    ("a study UID of the source", setting("StudyInstanceUID", "1.2.3.9"), "uids"),
    ("a source UID in another place", setting("FrameOfReferenceUID", "1.2.3.8"), "uids"),
    ("no statement of de-identification", without("PatientIdentityRemoved"), "evidence"),
    ("no claim about the pixels", setting("BurnedInAnnotation", "YES"), "evidence"),
    ("another modality", setting("Modality", "XX"), "parse"),
    ("no modality", without("Modality"), "parse"),
    ("a frame less", lambda candidate: candidate[:-20000], "pixels"),
    ("no object at all", lambda candidate: b"nothing", "parse"),
]


@pytest.mark.parametrize(
    ("sabotage", "check"), [(s, c) for _, s, c in SABOTAGES], ids=[name for name, _, _ in SABOTAGES]
)
def test_a_sabotaged_candidate_fails_the_check_that_is_there_for_it(
    sabotage: Callable[[bytes], bytes], check: str
) -> None:
    source = source_of(NATIVE)
    record = verified(source, sabotage(candidate_of(source)))
    assert check in failed(record)
    assert record.verdict is Verdict.QUARANTINE


def test_a_name_in_a_jpeg_comment_is_found() -> None:
    source = source_of(Case(f"{JPEG}50", "MONOCHROME2"))
    candidate = bytearray(candidate_of(source))
    place = candidate.index(b"\xff\xd8\xff")
    sabotaged = bytes(candidate[: place + 2]) + b"\xff\xfe\x00\x0aWirrabee" + bytes(candidate[place + 12 :])
    assert "leak" in failed(verified(source, sabotaged))


def test_a_name_behind_the_end_of_a_frame_is_found() -> None:
    source = source_of(Case(f"{JPEG}50", "MONOCHROME2"))
    dataset = pydicom.dcmread(io.BytesIO(candidate_of(source)))
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    frame = frame[: frame.rindex(b"\xff\xd9") + 2]
    dataset.PixelData = encapsulate([frame + b" Wirr " if len(frame) % 2 == 0 else frame + b" Wirr"])
    target = io.BytesIO()
    dataset.save_as(target)
    named = HeaderIdentity((IdentityValue(IdentityKind.PATIENT_NAME, 0x00100010, "Wirr"),))
    assert leaks(open_object(target), distinctive(named)) == 1


def test_a_deflated_object_is_searched_inflated() -> None:
    source = source_of(Case("1.2.840.10008.1.2.1.99", "RGB"))
    candidate = candidate_of(source)
    assert failed(verified(source, candidate)) == set()
    assert "leak" in failed(verified(source, setting("ImageComments", "seen by Wirrabee today")(candidate)))


def test_a_uid_of_the_source_is_found_also_where_it_looks_like_a_pseudonym() -> None:
    dataset = pydicom.dcmread(io.BytesIO(source_of(NATIVE)))
    dataset.FrameOfReferenceUID = "2.25.123456789"
    source = io.BytesIO()
    dataset.save_as(source)
    candidate = candidate_of(source.getvalue())
    assert failed(verified(source.getvalue(), candidate)) == set()
    left = setting("FrameOfReferenceUID", "2.25.123456789")(candidate)
    assert "uids" in failed(verified(source.getvalue(), left))


def test_short_names_do_not_fail_a_candidate_by_chance() -> None:
    """Four letters stand somewhere in every few hundred megabytes of noise; in pixel data they are no evidence."""
    source = source_of(NATIVE)
    named = HeaderIdentity((IdentityValue(IdentityKind.PATIENT_NAME, 0x00100010, "Wirr"),))
    candidate = candidate_of(source)
    noisy = candidate[:-20] + b"\0Wirr\0" + candidate[-14:]
    assert leaks(open_object(io.BytesIO(noisy)), distinctive(named)) == 0


def test_text_that_a_second_look_still_reads_goes_to_a_person() -> None:
    source = source_of(NATIVE)
    evidence = (Evidence(EvidenceKind.HEADER, "patient-name", 1.0),)
    left = Finding(0, (0,), (0,), BOX, TextClass.PHI, 1.0, evidence, Action.REDACT)
    record = verified(source, candidate_of(source), left)
    assert failed(record) == {"text"}
    assert record.verdict is Verdict.REVIEW


def test_no_check_tells_a_value() -> None:
    source = source_of(NATIVE)
    record = verified(source, candidate_of(source) + b" Wirrabee ")
    assert "wirrabee" not in repr(record.checks).lower()


@pytest.mark.parametrize(
    ("codec", "name", "left"),
    [
        ("iso2022_jp", "Yamada^Tarou=山田^太郎=やまだ^たろう", "山田様です"),
        ("iso2022_jp", "Yamada^Tarou=山田^太郎=やまだ^たろう", "患者 たろう"),
        ("shift_jis", "やまだ^たろう", "アたろう"),
        ("shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ﾔﾏﾀﾞ"),
        ("utf-8", "Yamada^Tarou=山田^太郎", "紹介山田様"),
        ("gb18030", "王^明", "王明"),
        ("euc_kr", "김^희중", "김^희중"),
        ("utf-8", "Nguyễn^Zoë", "zoë"),
        ("iso8859-2", "Łukaszewicz", "ŁUKASZEWICZ"),
        ("iso8859-3", "Għawdex", "Għawdex"),
        ("iso8859-4", "Kļaviņš", "Kļaviņš"),
        ("iso8859-5", "Люк^И", "люк и"),
        ("iso8859-6", "قباني^لنزار", "قباني"),
        ("iso8859-7", "Διονυσιος", "διονυσιος"),
        ("iso8859-8", "שרון^דבורה", "דבורה"),
        ("iso8859-9", "Çavuşoğlu", "Çavuşoğlu"),
        ("iso8859-15", "Œuvray", "Œuvray"),
        ("tis-620", "นามสกุล", "นามสกุล"),
        ("utf-16-le", "Wirrabee", "Wirrabee"),
        ("utf-16-be", "Wirrabee", "Wirrabee"),
        ("latin-1", "Jürgen^Bücher", "bücher"),
    ],
)
def test_a_name_is_found_in_every_character_set_of_the_standard(codec: str, name: str, left: str) -> None:
    strings = distinctive(HeaderIdentity((IdentityValue(IdentityKind.PATIENT_NAME, 0x00100010, name),)))
    candidate = candidate_of(source_of(NATIVE))
    raw = left.encode(codec)
    raw += b"\0" * (len(raw) % 2)
    found = changed(lambda dataset: dataset.add_new(0x00204000, "OB", raw))(candidate)
    assert leaks(open_object(io.BytesIO(found)), strings) == 1
    assert leaks(open_object(io.BytesIO(candidate)), strings) == 0


def test_names_of_one_or_two_bytes_a_letter_need_as_many_bytes_as_others() -> None:
    """Two letters of Cyrillic are two bytes, and one Chinese character is three: any image holds them."""
    named = HeaderIdentity((IdentityValue(IdentityKind.PATIENT_NAME, 0x00100010, "Ан^王"),))
    raw = "Ан".encode("iso8859-5") + "Ан".encode("utf-16-le") + "王".encode() + b"\0"
    candidate = changed(lambda dataset: dataset.add_new(0x00204000, "OB", raw))(candidate_of(source_of(NATIVE)))
    assert leaks(open_object(io.BytesIO(candidate)), distinctive(named)) == 0
