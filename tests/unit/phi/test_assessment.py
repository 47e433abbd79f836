"""Each word of an overlay: PHI by some evidence, clinical, or unmatched."""

from __future__ import annotations

import pytest

from dicom_deid.geometry import Box, Placement, Quad
from dicom_deid.phi.assessment import assess
from dicom_deid.phi.findings import Action, EvidenceKind, Finding, Policy, TextClass, UnmatchedText
from dicom_deid.phi.identity import HeaderIdentity, IdentityKind, IdentityValue
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical
from dicom_deid.phi.reading import read_in_order
from dicom_deid.phi.words import DetectedText, PhiSpan, Word
from dicom_deid.records import ImageRecord

IDENTITY = HeaderIdentity(
    (
        IdentityValue(IdentityKind.PATIENT_NAME, 0x00100010, "SMYTHE^JONATHAN^P"),
        IdentityValue(IdentityKind.PATIENT_ID, 0x00100020, "QX448812"),
        IdentityValue(IdentityKind.PERSON_NAME, 0x00080090, "Okafor^Ngozi"),
        IdentityValue(IdentityKind.INSTITUTION, 0x00080080, "Karrawirra Base Hospital"),
    )
)
NOBODY = HeaderIdentity()


def words_of(*lines: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for row, text in enumerate(lines):
        x = 0.0
        for part in text.split():
            width, y = 8.0 * len(part), 30.0 * row
            quad = Quad((x, y, x + width, y, x + width, y + 12, x, y + 12))
            found.append(Word(len(found), part, quad, 0.95))
            x += width + 8
    return tuple(found)


def image(**changes: object) -> ImageRecord:
    given = {"group": 0, "image": 0, "media_type": "image/png", "width": 800, "height": 600}
    return ImageRecord(**{**given, "frames": (0,), "placement": Placement(), **changes})  # type: ignore[arg-type]


def assessed(
    *lines: str, identity: HeaderIdentity = IDENTITY, policy: Policy | None = None, spans: tuple[PhiSpan, ...] = ()
) -> dict[str, Finding]:
    words = words_of(*lines)
    found = assess(image(), DetectedText(0, 0, "test", False, words), spans, identity, policy or Policy())
    return {words[finding.word_ids[0]].text: finding for finding in found if finding.word_ids}


@pytest.mark.parametrize(
    "line",
    [
        "SMYTHE^JONATHAN",
        "Jonathan Smythe",
        "SMYTHE, Jonathan",
        "J. Smythe",
        "Smythe J",
        "5MYTHE J0NATHAN",
        "smythe,jonathan",
        "SMYTHEJONATHAN",
        "QX448812",
        "QX4488I2",
        "448812",
        "QX 448812",
        "Okafor Ngozi",
    ],
)
def test_the_instances_own_header_is_recognised_in_every_spelling(line: str) -> None:
    for finding in assessed(line).values():
        assert finding.text_class is TextClass.PHI
        assert finding.score == 1.0
        assert EvidenceKind.HEADER in {item.kind for item in finding.evidence}


def test_clinical_words_of_an_institution_go_with_its_name_and_stay_elsewhere() -> None:
    found = assessed("Karrawirra Base Hospital", "Base view")
    assert found["Karrawirra"].action is Action.REDACT
    assert found["Hospital"].action is Action.REDACT
    assert assessed("Lung base")["base"].action is Action.KEEP


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("12/03/1956", "date"),
        ("12 MAR 1956", "date"),
        ("19560312", "date"),
        ("1956-03-12", "date"),
        ("Mar 12, 1956", "date"),
        ("2123 45670 1", "medicare"),
        ("8003 6081 6669 0503", "healthcare-identifier"),
        ("jan@example.org", "e-mail"),
        ("07 5550 1234", "phone"),
        ("055Y", "age"),
        ("45 yrs", "age"),
        ("67F", "age-and-sex"),
        ("A1234567", "long-number"),
    ],
)
def test_identifying_formats_are_redacted_whoever_they_belong_to(line: str, rule: str) -> None:
    found = assessed(line, identity=NOBODY)
    assert all(finding.action is Action.REDACT for finding in found.values())
    assert rule in {item.rule for finding in found.values() for item in finding.evidence}


@pytest.mark.parametrize(
    ("number", "valid"), [("2123 45670 1", True), ("2123 45671 1", False), ("9123 45670 1", False)]
)
def test_a_medicare_number_must_pass_its_check_digit(number: str, valid: bool) -> None:
    rules = {item.rule for finding in assessed(number, identity=NOBODY).values() for item in finding.evidence}
    assert ("medicare" in rules) is valid


@pytest.mark.parametrize(
    "line",
    [
        "LEFT KIDNEY LONG 10.2 cm",
        "MI 1.1 TIS 0.4",
        "Depth 12.5 cm Gain 60 dB FR 45 Hz",
        "L CC",
        "R MLO",
        "AP ERECT PORTABLE",
        "120 kVp 250 mA",
        "Frame 12/60",
        "10:15:32",
        "Zoom 1.5x",
        "W 400 L 40",
        "HR 72 bpm",
        "SAG T2 FLAIR",
        "Slice 5 mm",
        "TR 4000 TE 90",
    ],
)
def test_what_scanners_burn_in_for_the_reader_stays(line: str) -> None:
    for text, finding in assessed(line, identity=NOBODY).items():
        assert finding.action is Action.KEEP, text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("MRN: K77", "K77"),
        ("Ref: Zubrowski", "Zubrowski"),
        ("Sonographer: KL", "KL"),
        ("ID: Z1", "Z1"),
        ("Name: Qi", "Qi"),
    ],
)
def test_the_value_of_a_labelled_field_is_phi_whatever_it_is(line: str, value: str) -> None:
    finding = assessed(line, identity=NOBODY)[value]
    assert finding.action is Action.REDACT
    assert EvidenceKind.LABEL in {item.kind for item in finding.evidence}


def test_a_detector_span_over_a_line_break_covers_the_words_of_both_lines() -> None:
    words = words_of("Zubrowski", "Helena")
    text = read_in_order(words).text
    assert text == "Zubrowski\nHelena"
    found = assessed("Zubrowski", "Helena", identity=NOBODY, spans=(PhiSpan(0, len(text), "NAME", 0.97),))
    assert [finding.score for finding in found.values()] == [0.97, 0.97]


@pytest.mark.parametrize(("score", "action"), [(0.80, Action.REDACT), (0.79, Action.REVIEW), (0.2, Action.REVIEW)])
def test_below_the_threshold_a_person_looks(score: float, action: Action) -> None:
    found = assessed("Zubrowski", identity=NOBODY, spans=(PhiSpan(0, 9, "NAME", score),))
    assert found["Zubrowski"].action is action


@pytest.mark.parametrize(
    ("setting", "action"),
    [
        (UnmatchedText.REDACT, Action.REDACT),
        (UnmatchedText.REVIEW, Action.REVIEW),
        (UnmatchedText.KEEP, Action.KEEP),
    ],
)
def test_unmatched_text_follows_the_setting(setting: UnmatchedText, action: Action) -> None:
    finding = assessed("Xqzzy", identity=NOBODY, policy=Policy(unmatched=setting))["Xqzzy"]
    assert (finding.text_class, finding.action) == (TextClass.UNMATCHED, action)


def test_a_region_that_nothing_read_is_unmatched_and_one_that_was_read_is_not() -> None:
    words = words_of("LEFT")
    record = image(regions=(Box(0, 0, 32, 12), Box(300, 300, 380, 312)))
    found = assess(record, DetectedText(0, 0, "test", False, words), (), NOBODY, Policy())
    regions = [finding for finding in found if not finding.word_ids]
    assert [(finding.box, finding.action) for finding in regions] == [(Box(300, 300, 380, 312), Action.REDACT)]


def test_strokes_that_nothing_read_go_with_the_phi_that_they_continue_and_with_nothing_else() -> None:
    policy = Policy(unmatched=UnmatchedText.KEEP)
    words = words_of("ID: 4471882", "Depth 12")
    record = image(regions=(Box(0, 0, 96, 12), Box(32, 0, 180, 12), Box(0, 30, 78, 42), Box(0, 30, 180, 42)))
    found = assess(record, DetectedText(0, 0, "test", False, words), (), NOBODY, policy)
    regions = {finding.box: finding.action for finding in found if not finding.word_ids}
    assert regions == {
        Box(88, 0, 96, 12): Action.REDACT,
        Box(88, 0, 180, 12): Action.REDACT,
        Box(64, 30, 180, 42): Action.KEEP,
    }


def test_a_barcode_is_phi() -> None:
    record = image(barcodes=(Box(10, 10, 90, 40),))
    (finding,) = assess(record, DetectedText(0, 0, "test", False, ()), (), NOBODY, Policy())
    assert (finding.text_class, finding.score, finding.action) == (TextClass.PHI, 1.0, Action.REDACT)


def test_boxes_are_in_frame_pixels_with_a_margin() -> None:
    record = image(placement=Placement(scale=2.0, offset_x=100, offset_y=50))
    words = (Word(0, "SMYTHE", Quad((40, 20, 140, 20, 140, 44, 40, 44)), 0.9),)
    (finding,) = assess(record, DetectedText(0, 0, "test", False, words), (), IDENTITY, Policy())
    assert finding.box == Box(120, 60, 170, 72).grown(4, 2)


def test_no_finding_holds_a_text() -> None:
    for finding in assessed("Jonathan Smythe", "MRN: QX448812").values():
        assert "smythe" not in repr(finding).lower()
        assert "448812" not in repr(finding)


KEEP = Policy(unmatched=UnmatchedText.KEEP)


def test_what_nothing_knows_is_phi_below_a_line_about_the_patient_and_not_far_from_it() -> None:
    found = assessed("ID: 99187", "Tsiamitas", "", "", "Wibblish", identity=NOBODY, policy=KEEP)
    assert found["Tsiamitas"].text_class is TextClass.PHI
    assert found["Tsiamitas"].action is Action.REDACT
    assert found["Wibblish"].text_class is TextClass.UNMATCHED


def test_the_margin_of_a_short_word_follows_its_direction_not_its_shape() -> None:
    quad = Quad((20, 20, 36, 20, 36, 40, 20, 40))
    found = assess(image(), DetectedText(0, 0, "test", False, (Word(0, "Qi", quad, 0.9),)), (), NOBODY, Policy())
    box = found[0].box
    assert 20 - box.x0 > 20 - box.y0
    assert box.x1 - 36 > box.y1 - 40


@pytest.mark.parametrize(
    "line",
    [
        "Neo-adjuvant intent",
        "MI 1.5TIS1.1",
        "Spectral|Width:93",
        "SpectraliWidth:93",
        "PhysicalUnitsYDirection755.8",
        "TRUE LUM\u00caN",
        "RASTELLI OPERATION",
        "Effective Wibb Energy: 598",
    ],
)
def test_what_is_clinical_but_for_its_spelling_or_one_word_stays(line: str) -> None:
    for text, finding in assessed(line, identity=NOBODY).items():
        assert finding.action is Action.KEEP, text


@pytest.mark.parametrize("line", ["De-Wibble", "McWibble", "LongHill", "Kowalski|Hill", "K\u00f6nig"])
def test_what_may_be_a_name_is_no_compound_of_words(line: str) -> None:
    assert all(finding.action is Action.REDACT for finding in assessed(line, identity=NOBODY).values())


def test_a_side_marker_makes_no_block_of_the_patient() -> None:
    keep = Policy(unmatched=UnmatchedText.KEEP)
    assert assessed("LEFT QXJ", "Wibbleton", identity=NOBODY, policy=keep)["QXJ"].action is Action.REDACT
    assert assessed("LEFT QXJ", "Wibbleton", identity=NOBODY, policy=keep)["Wibbleton"].action is Action.KEEP
    assert assessed("MRN 4471902", "Wibbleton", identity=NOBODY, policy=keep)["Wibbleton"].action is Action.REDACT


def test_a_line_about_the_image_below_one_about_the_patient_stays() -> None:
    found = assessed("ID: 99187", "LIVER Wibblish 12.5", identity=NOBODY, policy=KEEP)
    assert found["LIVER"].action is Action.KEEP
    assert found["Wibblish"].text_class is TextClass.UNMATCHED


def test_a_margin_ends_where_a_kept_word_of_the_next_line_begins() -> None:
    words = (
        Word(0, "QX448812", Quad((0, 0, 80, 0, 80, 20, 0, 20)), 0.9),
        Word(1, "LIVER", Quad((0, 21, 60, 21, 60, 41, 0, 41)), 0.9),
    )
    found = assess(image(), DetectedText(0, 0, "test", False, words), (), IDENTITY, Policy())
    assert [finding.action for finding in found] == [Action.REDACT, Action.KEEP]
    assert found[0].box.y1 == 21
    assert found[0].box.y0 < 0


def test_an_operators_code_that_is_a_unit_too_is_phi_after_its_label() -> None:
    assert assessed("Operator: KV", identity=NOBODY)["KV"].action is Action.REDACT
    assert assessed("Operator: kV", identity=NOBODY)["kV"].action is Action.KEEP


def test_a_number_alone_between_lines_about_the_patient_is_phi_and_not_below_them() -> None:
    between = assessed("ID: 99187", "516", "DOB: 12/03/1956", identity=NOBODY, policy=KEEP)
    assert between["516"].action is Action.REDACT
    assert assessed("ID: 99187", "516", identity=NOBODY, policy=KEEP)["516"].action is Action.KEEP


def upright(number: int, text: str, x0: float, y0: float, x1: float, y1: float) -> Word:
    return Word(number, text, Quad((x0, y0, x1, y0, x1, y1, x0, y1)), 0.95)


@pytest.mark.parametrize(("end", "action"), [(200.0, Action.REDACT), (300.0, Action.KEEP)])
def test_an_unknown_word_that_ocr_joined_to_another_column_is_of_the_lines_below_it(end: float, action: Action) -> None:
    words = (
        upright(0, "LIVER", 0, 0, 60, 20),
        upright(1, "Tsiamitas", 110, 0, 200, 20),
        upright(2, "QX448812", end - 80, 30, end, 50),
    )
    found = assess(image(), DetectedText(0, 0, "test", False, words), (), IDENTITY, KEEP)
    assert [finding.action for finding in found] == [Action.KEEP, action, Action.REDACT]


def test_a_margin_reaches_into_a_label() -> None:
    words = (upright(0, "Patient:", 0, 0, 50, 20), upright(1, "Smythe", 51, 0, 120, 20))
    assert assess(image(), DetectedText(0, 0, "test", False, words), (), IDENTITY, Policy())[1].box.x0 < 50


@pytest.mark.parametrize(
    ("text", "confidence", "side", "found"),
    [("文", 0.33, 90, 0), ("文", 0.9, 90, 1), ("文", 0.33, 20, 1), ("WM", 0.33, 90, 1)],
)
def test_a_large_shape_that_ocr_took_for_a_sign_is_no_text(
    text: str, confidence: float, side: float, found: int
) -> None:
    quad = Quad((10.0, 10.0, 10.0 + side, 10.0, 10.0 + side, 10.0 + side, 10.0, 10.0 + side))
    shown = image(width=152, height=152)
    detected = DetectedText(0, 0, "rekognition", False, (Word(0, text, quad, confidence),))
    assert len(assess(shown, detected, (), HeaderIdentity(), Policy(0.8, UnmatchedText.REDACT))) == found


@pytest.mark.parametrize(
    "word",
    [
        "MI1.4KOWALSKI0.3",
        "KOWALSKI1.4MI0.3",
        "LIVERKOWALSKI2",
        "SAGK2",
        "CT12",
        "US04",
        "MR123",
        "51DE",
        "OHM7",
    ],
)
def test_a_term_lends_nothing_to_a_name_or_a_number_that_is_joined_to_it(word: str) -> None:
    assert not is_clinical(word)
    assert not is_nearly_clinical(word)


def test_what_a_line_says_by_its_form_is_said_of_that_line_and_of_those_words() -> None:
    found = assessed("Lung base", "Depth 12 cm A1234567 LIVER", "Lung", identity=NOBODY)
    assert {text for text, finding in found.items() if finding.text_class is TextClass.PHI} == {"A1234567"}
