"""Text outside table E.1-1: every element that may carry text has a reviewed rule, and none is forgotten."""

from __future__ import annotations

import pytest
from pydicom._dicom_dict import DicomDictionary

from dicom_deid.header.outside import (
    CODE_STRING,
    Filler,
    TextRule,
    _reviewed,
    clean_value,
    filler_for,
    matches,
    rule_for,
)
from dicom_deid.header.tables import attribute_rules
from dicom_deid.header.vocabulary import code_string_terms

MAY_CARRY_TEXT = frozenset(
    {"AE", "CS", "DA", "DT", "LO", "LT", "OB", "OW", "PN", "SH", "ST", "TM", "UC", "UN", "UR", "UT"}
)
IMAGE_TYPE, MODALITY, BODY_PART, MANUFACTURER, MODEL, SOFTWARE = (
    0x00080008,
    0x00080060,
    0x00180015,
    0x00080070,
    0x00081090,
    0x00181020,
)


def outside_elements() -> list[tuple[int, str]]:
    table = attribute_rules()
    return [
        (tag, entry[0])
        for tag, entry in DicomDictionary.items()
        if entry[0] in MAY_CARRY_TEXT and f"{tag:08X}" not in table and tag >> 16 not in (0x0000, 0x0002, 0x0004)
    ]


def test_every_element_outside_the_table_that_may_carry_text_is_reviewed() -> None:
    assert [f"{tag:08X}" for tag, _ in outside_elements() if tag not in _reviewed()] == []
    assert len(outside_elements()) > 1000


def test_the_review_does_not_contradict_the_table() -> None:
    assert [f"{tag:08X}" for tag in _reviewed() if f"{tag:08X}" in attribute_rules()] == []


@pytest.mark.parametrize("vr", ["AE", "DA", "DT", "LO", "OB", "PN", "TM", "UN", "UR", "UT", "CS"])
def test_what_nobody_reviewed_is_dropped(vr: str) -> None:
    assert rule_for(0x00099998, vr) is TextRule.DROP


def test_names_addresses_and_dates_outside_the_table_are_dropped() -> None:
    kept = {tag for tag, vr in outside_elements() if vr in {"PN", "UR", "AE", "DA", "DT", "TM", "UN"}}
    assert {rule_for(tag, "LO") for tag in kept} == {TextRule.DROP}


def test_numbers_and_lookup_tables_stay() -> None:
    assert rule_for(0x00280010, "US") is TextRule.KEEP
    assert rule_for(0x00281201, "OW") is TextRule.KEEP
    assert rule_for(0x54001010, "OW") is TextRule.KEEP
    assert rule_for(0x00282000, "OB") is TextRule.DROP


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (MODALITY, "CS", "CT"),
        (IMAGE_TYPE, "CS", "ORIGINAL"),
        (IMAGE_TYPE, "CS", "DIS2D"),
        (IMAGE_TYPE, "CS", "M_SE"),
        (IMAGE_TYPE, "CS", "CSA MPR"),
        (IMAGE_TYPE, "CS", "ADC_UNSPECIFIED"),
        (BODY_PART, "CS", "CHEST"),
        (BODY_PART, "CS", "TSPINE"),
        (0x00280004, "CS", "YBR_FULL_422"),
        (0x00185100, "CS", "HFS"),
        (0x00541000, "CS", "WHOLE BODY"),
        (0x00541001, "CS", "BQML"),
        (0x00280051, "CS", "DECY"),
        (MANUFACTURER, "LO", "GE MEDICAL SYSTEMS"),
        (MANUFACTURER, "LO", "Philips Medical Systems"),
        (MODEL, "LO", "SOMATOM Definition AS+"),
        (MODEL, "LO", "Discovery CT750 HD"),
        (MODEL, "LO", "iE33"),
        (SOFTWARE, "LO", "syngo CT 2012B"),
        (SOFTWARE, "LO", "3.2.1"),
        (0x00181210, "SH", "STANDARD"),
        (0x00181210, "SH", "B30f"),
        (0x00180024, "SH", "*tfl3d1_ns"),
        (0x00180024, "SH", "ep_b1000#1"),
        (0x00180085, "SH", "1H"),
        (0x00541101, "LO", "measured"),
        (0x00541103, "LO", "OSEM"),
        (0x00620005, "LO", "Liver tumour"),
        (0x300A00C2, "LO", "LAO 45"),
        (0x00280030, "DS", "-1.5e3"),
        (0x00200013, "IS", "42"),
        (0x00281055, "LO", "LUNG"),
        (0x00283003, "LO", "Modality LUT"),
        (0x00180024, "SH", "*tseR2d1_11"),
        (0x00181210, "SH", "Bl57d"),
        (0x00181210, "SH", "BONEPLUS"),
        (0x00181160, "SH", "W3"),
        (0x00181181, "CS", "FANB"),
        (0x00181180, "SH", "LEHR"),
        (0x00281040, "CS", "DISP"),
        (0x00541100, "CS", "SING"),
        (0x00541103, "LO", "PSF+TOF 3i21s"),
        (0x00541103, "LO", "VPFX"),
        (0x00541103, "LO", "BLOB-OS-TF"),
        (0x00541101, "LO", "measured,,, 0.096000 cm-1"),
        (0x00541105, "LO", "Convolution subtraction"),
        (0x00280051, "CS", "RANSM"),
        (0x00180031, "LO", "F-18 FDG"),
        (0x00180031, "LO", "Ga-68 DOTATATE"),
        (0x00181040, "LO", "ORAL"),
        (0x00181250, "SH", "C:HE1-4"),
        (0x00189005, "SH", "T1TFE"),
        (0x00209421, "LO", "Diffusion b-value"),
        (0x00209421, "LO", "Row Position In Total Image Pixel Matrix"),
        (0x00281055, "LO", "HARDER"),
        (IMAGE_TYPE, "CS", "DIXON"),
        (0x00180022, "CS", "DIXW"),
        (0x300A0232, "CS", "FLETCHER_SUIT"),
        (MODALITY, "CS", "ASMT"),
        (0x00189062, "CS", "WALTZ"),
        (0x00189064, "CS", "FERMI"),
        (MANUFACTURER, "LO", "United Imaging Healthcare"),
        (MANUFACTURER, "LO", "SAMSUNG MEDISON CO., LTD."),
        (0x00080104, "LO", "Lead I (Einthoven)"),
    ],
)
def test_technique_survives(tag: int, vr: str, value: str) -> None:
    assert clean_value(tag, vr, value) == value


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (IMAGE_TYPE, "CS", "SMITH"),
        (BODY_PART, "CS", "JOHN SMITH"),
        (MODALITY, "CS", "19450312"),
        (MODALITY, "CS", "MRN12345"),
        (0x00700080, "CS", "SMITH_J"),
        (BODY_PART, "CS", "COOK"),
        (BODY_PART, "CS", "VAN DER POL"),
        (BODY_PART, "CS", "LEE KIM"),
        (MANUFACTURER, "LO", "Smith Hospital"),
        (SOFTWARE, "LO", "Dr Smith 1945-03-12"),
        (SOFTWARE, "LO", "12.03.1945"),
        (IMAGE_TYPE, "CS", "12_03_1945"),
        (IMAGE_TYPE, "CS", "1945"),
        (IMAGE_TYPE, "CS", "M 12 03 45"),
        (0x00180024, "SH", "smith"),
        (0x00180024, "SH", "becker"),
        (0x00180024, "SH", "reynolds"),
        (0x00180031, "LO", "Li-55 Smith"),
        (BODY_PART, "CS", "DIXON"),
        (BODY_PART, "CS", "HENSCHKE"),
        (BODY_PART, "CS", "WALTZ"),
        (0x00209421, "LO", "Smith Number"),
        (0x00181210, "SH", "SMITH"),
        (0x00283003, "LO", "John Smith"),
        (0x00280030, "DS", "John"),
        (0x00200013, "IS", "12a"),
        (0x00200013, "IS", "+61412345678"),
        (0x00620005, "LO", "Smith^John"),
        (0x00080102, "SH", "99SMITH"),
    ],
)
def test_what_somebody_typed_does_not(tag: int, vr: str, value: str) -> None:
    cleaned = clean_value(tag, vr, value)
    assert not matches(tag, vr, value)
    assert not {
        "smith",
        "john",
        "1945",
        "mrn12345",
        "12a",
        "cook",
        "pol",
        "lee",
        "45",
        "becker",
        "reynolds",
        "dixon",
        "henschke",
        "55",
    } & set(cleaned.lower().replace("-", " ").split())


def test_a_local_scheme_is_named_as_keyed_codes_name_theirs() -> None:
    assert clean_value(0x00080102, "SH", "99_SMITH_DCMTK") == "99DEID"
    assert clean_value(0x00080102, "SH", "SCT") == "SCT"


def test_every_defined_term_is_a_code_string_and_nobody_s_name() -> None:
    terms = code_string_terms()
    assert all(CODE_STRING.fullmatch(term) for term in terms)
    assert not {"SMITH", "JOHN", "NGUYEN", "MARIA", "JONES", "LEE", "JULIAN", "VICTORIA"} & terms


def test_what_others_refer_to_is_keyed_and_what_must_not_be_empty_is_filled() -> None:
    assert filler_for(0x00700002) is Filler.KEYED
    assert filler_for(0x00620005) is Filler.DUMMY
    assert filler_for(0x00283003) is Filler.EMPTY
