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
from dicom_deid.verification.verify import verify, verify_view
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


def candidate_of(source: bytes, *boxes: Box) -> bytes:
    boxed, target = io.BytesIO(), io.BytesIO()
    redact_pixels(io.BytesIO(source), boxed, {0: list(boxes or (BOX,))})
    redact_header(boxed, target, profile_named("basic"), PSEUDONYMS, claims=Claims(pixels_cleaned=True))
    return target.getvalue()


def verified(source: bytes, candidate: bytes, *residual: Finding, plan: RedactionPlan = PLAN) -> VerificationRecord:
    return verify(
        io.BytesIO(source),
        io.BytesIO(candidate),
        plan=plan,
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


ONE_OF_EACH = list({(case.syntax, case.photometric): case for case in cases()}.values())
FAR = Box(64, 56, 96, 88)
"""Away from `BOX` by more than any block, ring or margin."""


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=lambda case: case.name)
def test_a_box_that_was_not_drawn_or_that_nobody_planned_is_seen_in_every_syntax(case: Case) -> None:
    source = source_of(case)
    assert "pixels" in failed(verified(source, candidate_of(source, FAR)))
    assert "pixels" in failed(verified(source, candidate_of(source, BOX, FAR)))
    assert "pixels" in failed(verified(source, candidate_of(source, Box(BOX.x0, BOX.y0, BOX.x0 + 32, BOX.y1))))


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=lambda case: case.name)
def test_a_frame_that_was_left_as_it_was_though_a_box_is_planned_on_it_fails(case: Case) -> None:
    source, whole = source_of(case), RedactionPlan(boxes=(PlannedBox((0,), FAR, Action.REDACT, 1.0, ()),))
    untouched = io.BytesIO()
    claims = Claims(pixels_cleaned=True)
    redact_header(io.BytesIO(source), untouched, profile_named("basic"), PSEUDONYMS, claims=claims)
    assert failed(verified(source, untouched.getvalue(), plan=whole)) == {"pixels"}
    assert failed(verified(source, untouched.getvalue(), plan=RedactionPlan(boxes=()))) == set()


@pytest.mark.parametrize(
    ("case", "wider"),
    [
        (NATIVE, Box(9, 8, 60, 30)),
        (Case("1.2.840.10008.1.2.1", "MONOCHROME2", 16), Box(10, 8, 61, 30)),
        (Case("1.2.840.10008.1.2.1", "YBR_FULL_422"), Box(7, 8, 60, 30)),
        (Case("1.2.840.10008.1.2.5", "RGB"), Box(10, 7, 60, 30)),
        (Case(f"{JPEG}90", "RGB"), Box(10, 8, 60, 31)),
        (Case(f"{JPEG}81", "RGB"), Box(4, 8, 60, 30)),
        (Case(f"{JPEG}50", "MONOCHROME2"), Box(0, 8, 60, 30)),
        (Case(f"{JPEG}51", "MONOCHROME2", 12), Box(10, 0, 60, 30)),
        (Case(f"{JPEG}50", "YBR_FULL_422", subsampling="420"), Box(10, 8, 88, 30)),
        (Case(f"{JPEG}50", "YBR_FULL_422", subsampling="411"), Box(10, 8, 60, 48)),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else None,
)
def test_what_lies_outside_a_box_may_change_no_further_than_the_grid_of_its_syntax(case: Case, wider: Box) -> None:
    source = source_of(case)
    assert "pixels" in failed(verified(source, candidate_of(source, wider)))


@pytest.mark.parametrize("case", [case for case in ONE_OF_EACH if not UID(case.syntax).is_compressed])
def test_boxes_of_odd_edges_are_where_they_were_planned(case: Case) -> None:
    odd = Box(11, 9, 41, 30)
    source, plan = source_of(case), RedactionPlan(boxes=(PlannedBox((0,), odd, Action.REDACT, 1.0, ()),))
    assert failed(verified(source, candidate_of(source, odd), plan=plan)) == set()


KEPT: dict[str, tuple[object, object]] = {
    "Modality": ("US", "OT"),
    "SamplesPerPixel": (3, 1),
    "Rows": (96, 95),
    "Columns": (144, 143),
    "NumberOfFrames": (1, 2),
    "BitsAllocated": (8, 16),
    "BitsStored": (8, 7),
    "HighBit": (7, 6),
    "PixelRepresentation": (0, 1),
    "PhotometricInterpretation": ("RGB", "YBR_FULL"),
    "PlanarConfiguration": (0, 1),
    "PixelSpacing": (["0.5", "0.5"], ["0.5", "0.6"]),
    "ImagerPixelSpacing": (["0.2", "0.2"], ["0.2", "0.3"]),
    "SliceThickness": ("2", "3"),
    "ImagePositionPatient": (["1", "2", "3"], ["1", "2", "4"]),
    "ImageOrientationPatient": (["1", "0", "0", "0", "1", "0"], ["0", "1", "0", "1", "0", "0"]),
    "RescaleSlope": ("2", "1"),
    "RescaleIntercept": ("-1024", "0"),
}
ALWAYS = dict.fromkeys(("PatientName", "ReferringPhysicianName"), "Wirrabee")
ALWAYS |= dict.fromkeys(("PatientID", "StudyID", "AccessionNumber"), "MRN7741902")
ALWAYS |= dict.fromkeys(("PatientBirthDate", "StudyDate"), "19560312")
ALWAYS |= {"PatientSex": "F", "StudyTime": "101112", "SeriesNumber": "1", "InstanceNumber": "1"}


@pytest.fixture(scope="module")
def full() -> tuple[bytes, bytes]:
    """An object with everything that must stay, and its candidate."""
    source = source_of(NATIVE)
    for name, value in [*((name, value) for name, (value, _) in KEPT.items()), *ALWAYS.items()]:
        source = setting(name, value)(source)
    return source, candidate_of(source)


def parse_details(source: bytes, candidate: bytes) -> list[str]:
    (check,) = [check for check in verified(source, candidate).checks if check.id == "parse"]
    return check.detail.split(",") if check.result.value == "fail" else []


@pytest.mark.parametrize("name", KEPT)
def test_what_de_identification_never_touches_is_what_it_was(full: tuple[bytes, bytes], name: str) -> None:
    source, candidate = full
    assert parse_details(source, candidate) == []
    assert parse_details(source, setting(name, KEPT[name][1])(candidate)) == [name]
    assert name in parse_details(source, without(name)(candidate))


@pytest.mark.parametrize("name", ALWAYS)
def test_an_attribute_of_type_2_stays_present_be_it_empty(full: tuple[bytes, bytes], name: str) -> None:
    source, candidate = full
    assert parse_details(source, without(name)(candidate)) == [name]
    assert parse_details(source, setting(name, "")(candidate)) == []
    assert parse_details(without(name)(source), without(name)(candidate)) == []


@pytest.mark.parametrize("name", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"])
def test_an_attribute_of_type_1_stays_present_and_filled(full: tuple[bytes, bytes], name: str) -> None:
    source, candidate = full
    assert name in parse_details(source, without(name)(candidate))
    assert name in parse_details(source, setting(name, "")(candidate))


def nested(name: str, value: str) -> Callable[[bytes], bytes]:
    def change(dataset: Dataset) -> None:
        inner = Dataset()
        setattr(inner, name, value)
        outer = Dataset()
        outer.ReferencedSeriesSequence = [inner]
        dataset.ReferencedStudySequence = [outer]

    return changed(change)


@pytest.mark.parametrize(
    ("name", "value", "checks"),
    [
        ("ReferencedSOPInstanceUID", "1.2.3.8", {"uids"}),
        ("ReferencedSOPInstanceUID", "2.25.8", set()),
        ("ReferencedSOPClassUID", "1.2.3.77", set()),
    ],
)
def test_a_uid_of_the_source_is_found_at_any_depth_and_a_class_is_none(name: str, value: str, checks: set[str]) -> None:
    source = nested("ReferencedSOPClassUID", "1.2.3.77")(source_of(NATIVE))
    assert failed(verified(source, nested(name, value)(candidate_of(source)))) == checks


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_the_uids_that_name_the_object_are_pseudonyms(name: str) -> None:
    source = source_of(NATIVE)
    assert failed(verified(source, setting(name, "1.2.3.4.5")(candidate_of(source)))) == {"uids"}


IDENTITY_OF_EVERY_KIND = [
    (IdentityKind.PATIENT_NAME, "Wirrabee^Citizen", "citizen", True),
    (IdentityKind.PERSON_NAME, "Okafor^Ngozi", "OKAFOR", True),
    (IdentityKind.PATIENT_ID, "MRN7741902", "MRN7741902", True),
    (IdentityKind.IDENTIFIER, "A-2041", "a-2041", True),
    (IdentityKind.BIRTH_DATE, "19560312", "19560312", True),
    (IdentityKind.PHONE, "0491 570 156", "0491 570 156", True),
    (IdentityKind.DEVICE, "SN55120", "SN55120", True),
    (IdentityKind.INSTITUTION, "Karrawirra Base", "KARRAWIRRA BASE", True),
    (IdentityKind.ADDRESS, "Elm Street", "Elm Street", True),
    (IdentityKind.INSTITUTION, "Siemens", "Siemens", False),
    (IdentityKind.INSTITUTION, "Hospital", "Hospital", False),
    (IdentityKind.PATIENT_NAME, "Anonymous", "Anonymous", False),
    (IdentityKind.PATIENT_NAME, "Abdomen^Wirrabee", "Abdomen", False),
    (IdentityKind.PATIENT_NAME, "Wirrabee", "Wirrabees", False),
    (IdentityKind.PATIENT_NAME, "Wirrabee", "1Wirrabee", False),
    (IdentityKind.PATIENT_ID, "1234", "1234", False),
    (IdentityKind.PATIENT_ID, "12345", "12345", True),
    (IdentityKind.PATIENT_ID, "UNREGISTERED", "UNREGISTERED", False),
]


@pytest.mark.parametrize(("kind", "value", "left", "found"), IDENTITY_OF_EVERY_KIND)
def test_distinctive_values_of_every_kind_are_found_and_words_that_identify_nobody_are_not(
    kind: IdentityKind, value: str, left: str, found: bool
) -> None:
    candidate = setting("ImageComments", f"read {left}, today")(candidate_of(source_of(NATIVE)))
    named = HeaderIdentity((IdentityValue(kind, 0x00100010, value),))
    assert leaks(open_object(io.BytesIO(candidate)), distinctive(named)) == found
    assert leaks(open_object(io.BytesIO(candidate)), distinctive(named, frozenset({kind}))) == 0


def view(source: bytes, shown: bytes, **changes: object) -> tuple[str, str]:
    check = verify_view(
        io.BytesIO(source),
        io.BytesIO(shown),
        identity=harvest(read_header(io.BytesIO(source))),
        name="research",
        **{"pixels_cleaned": True, "kept": frozenset(), **changes},  # type: ignore[arg-type]
    )
    assert check.id == "view-research"
    return check.result.value, check.detail


def test_a_view_passes_with_what_the_pipeline_makes_and_fails_by_each_check_of_the_header() -> None:
    source = source_of(NATIVE)
    good = candidate_of(source)
    assert view(source, good) == ("pass", "")
    assert view(source, good, pixels_cleaned=False) == ("fail", "evidence")
    assert view(source, setting("ImageComments", "seen by Wirrabee")(good)) == ("fail", "leak")
    assert view(source, setting("FrameOfReferenceUID", "1.2.3.8")(good)) == ("fail", "uids")
    assert view(source, good + b"\0\0") == ("fail", "parse")
    assert view(source, source, kept=frozenset({IdentityKind.UID}))[0] == "fail"
    assert view(source, b"nothing")[0] == "fail"


def test_what_cannot_be_read_at_all_fails() -> None:
    source = source_of(Case("1.2.840.10008.1.2.1.99", "RGB"))
    damaged = candidate_of(source)[:400] + b"\xff" * 400
    assert view(source, damaged) == ("fail", "parse")
    assert failed(verified(source, damaged)) == {"parse"}
    assert verified(source, damaged).verdict is Verdict.QUARANTINE


def test_uids_that_the_profile_keeps_are_no_leak() -> None:
    source = source_of(NATIVE)
    kept = setting("StudyInstanceUID", "1.2.3.9")(candidate_of(source))
    assert view(source, kept) == ("fail", "uids")
    assert view(source, kept, kept=frozenset({IdentityKind.UID})) == ("pass", "")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_pixels_of_eight_bits_in_words_are_where_a_reader_shows_them(syntax: str) -> None:
    """PS3.5 8.1.2: in big endian the two pixels of a word change places, so a box of odd edges cuts words in half."""
    dataset = pydicom.dcmread(io.BytesIO(source_of(Case(syntax, "MONOCHROME2"))))
    turn = -1 if dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.2" else 1
    dataset.PixelData = b"".join(dataset.PixelData[n : n + 2][::turn] for n in range(0, len(dataset.PixelData), 2))
    dataset["PixelData"].VR = "OW"
    target = io.BytesIO()
    dataset.save_as(target)
    source, odd = target.getvalue(), Box(11, 9, 41, 30)
    plan = RedactionPlan(boxes=(PlannedBox((0,), odd, Action.REDACT, 1.0, ()),))
    assert failed(verified(source, candidate_of(source, odd), plan=plan)) == set()
    assert "pixels" in failed(verified(source, candidate_of(source, Box(10, 9, 41, 30)), plan=plan))
    assert "pixels" in failed(verified(source, candidate_of(source, Box(12, 9, 41, 30)), plan=plan))


@pytest.mark.parametrize("high", [11, 13, 15])
def test_only_the_stored_bits_are_the_image(high: int) -> None:
    """What stood in unused bits goes with the header; what stands in stored ones is compared, wherever they lie."""
    dataset = pydicom.dcmread(io.BytesIO(source_of(Case("1.2.840.10008.1.2.1", "MONOCHROME2", 12))))
    shift = high - 11
    words = [int.from_bytes(dataset.PixelData[n : n + 2], "little") for n in range(0, len(dataset.PixelData), 2)]
    dataset.PixelData, dataset.HighBit = b"".join((word << shift).to_bytes(2, "little") for word in words), high
    target = io.BytesIO()
    dataset.save_as(target)
    source = target.getvalue()
    candidate = candidate_of(source)
    assert failed(verified(source, candidate)) == set()
    header = read_header(io.BytesIO(candidate))
    assert header.pixel is not None
    for bit, checks in ((shift, {"pixels"}), (high, {"pixels"}), *([(shift - 1, set())] if shift else [])):
        broken = bytearray(candidate)
        broken[header.pixel.offset + 2 * (144 * 60 + 100) + bit // 8] ^= 1 << bit % 8
        assert failed(verified(source, bytes(broken))) == checks, bit
