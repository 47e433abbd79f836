"""Clean Descriptors: known words stay, everything else goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.vocabulary import WordKind, kind_of

KEPT = [
    "CT chest abdomen pelvis",
    "CHEST PA AND LATERAL",
    "t1_mprage_sag_p2_iso",
    "ep2d_diff_3scan_trace_ADC",
    "AX T2 FLAIR FS",
    "Head^Routine",
    "Abdomen w/o contrast 5.0mm B30f",
    "LEFT FOOT 2 VIEWS",
    "FOOT",
    "Thorax 1.0 x 0.6 B60s",
    "black blood T1",
    "XR Knee 3 Views RT",
    "MAMMO SCREENING BILAT",
    "3D T1 MPRAGE 1x1x1mm",
    "b1000 DWI",
    "Whole Body FDG PET",
    "HRCT Lung 1mm insp/exp",
    "CTA HEAD/NECK (W/WO) 100ml",
    "PET AC",
    "C-SPINE LATERAL",
    "T2 TSE sag 4mm L5",
    "Liver 3 phase",
    "US Abdomen complete",
    "Rt. Breast MLO",
    "dynamic susceptibility contrast",
    "Non-ossifying fibroma of distal tibia",
    "MR brain glioblastoma preoperative",
    "QT Interval",
    "Lung_L",
    "SpinalCord_PRV05",
    "Femur_Head_R",
    "Glnd_Submand_L",
    "PTV_High",
    "GTVp1",
    "OpticChiasm",
    "Lungs-GTV",
    "ECG Lead V1",
    "Lead II",
    "aVR",
    "Left kidney",
]

CLEANED = [
    ("CT chest abdomen pelvis - 55F Dr. Smith", "CT chest abdomen pelvis"),
    ("CT chest with Dr Black", "CT chest"),
    ("CT Foot Smith", "CT Foot"),
    ("Head CT for Mrs. Nguyen", "Head CT"),
    ("MR brain 12 Long Street", "MR brain"),
    ("chest xray ph 0412 345 678", "chest xray"),
    ("Mr Smith chest", "chest"),
    ("Müller Kopf CT", "CT"),
    ("M55 chest", "chest"),
    ("CT ABDOMEN (SMITH)", "CT ABDOMEN"),
    ("knee_smith_left", "knee left"),
    ("US ABDO requested by Garcia-Lopez", "US ABDO requested"),
    ("PTV_Smith", "PTV"),
    ("female 55 chest", "chest"),
    ("chest ward 437 bed 12", "chest"),
    ("CT 437218 brain", "CT brain"),
    ("Smith_boost", "boost"),
    ("Chest 12/03/1956", "Chest"),
    ("liver, mass of 3 May", "liver, mass"),
]

DROPPED = [
    "SMITH^JOHN",
    "Foot, Michael",
    "Young Long",
    "Brown, Rose",
    "Hand Grace",
    "12/03/1956",
    "12-03-56",
    "02 9876 5432",
    "0412 345 678",
    "MRN1234567",
    "55F",
    "55Y",
    "F55",
    "b1956",
    "Y55",
    "john.smith@example.org",
    "St Vincent",
    "Nguyen Thi Minh",
    "Östberg",
    "",
    "   ",
    "-/-",
]


@pytest.mark.parametrize("text", KEPT)
def test_technique_and_anatomy_stay_letter_by_letter(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(("text", "expected"), CLEANED)
def test_only_the_unknown_goes(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@pytest.mark.parametrize("text", DROPPED)
def test_what_says_nothing_known_goes_whole(text: str) -> None:
    assert clean_text(text) == ""


SURNAMES = (
    "Smith",
    "Jones",
    "Williams",
    "Brown",
    "Wilson",
    "Taylor",
    "Nguyen",
    "Johnson",
    "Martin",
    "White",
    "Anderson",
    "Walker",
    "Thompson",
    "Thomas",
    "Lee",
    "Harris",
    "Ryan",
    "Robinson",
    "Kelly",
    "King",
    "Davis",
    "Wright",
    "Evans",
    "Roberts",
    "Green",
    "Hall",
    "Wood",
    "Jackson",
    "Clarke",
    "Patel",
    "Khan",
    "Lewis",
    "James",
    "Phillips",
    "Mason",
    "Mitchell",
    "Rose",
    "Davies",
    "Cox",
    "Murphy",
    "Young",
    "Hill",
    "Scott",
    "Cook",
    "Bell",
    "Murray",
    "Miller",
    "Moore",
    "Cooper",
    "Ward",
    "Morris",
    "Baker",
    "Campbell",
    "Singh",
    "Kaur",
    "Tran",
    "Chen",
    "Zhang",
    "Wang",
    "Li",
    "Liu",
    "Yang",
    "Huang",
    "Wu",
    "Le",
    "Pham",
    "Kim",
    "Park",
    "Choi",
    "Garcia",
    "Martinez",
    "Lopez",
    "Rossi",
    "Schmidt",
    "Fischer",
    "Weber",
    "Becker",
    "Hoffmann",
    "Bauer",
    "Koch",
    "Dubois",
    "Moreau",
    "Petit",
    "Roux",
    "Foot",
    "Hand",
    "Head",
    "Chin",
    "Palmer",
    "Gray",
    "Grey",
    "Black",
    "Long",
    "Short",
    "Small",
    "Little",
    "Barrett",
    "Crohn",
    "Parkinson",
    "Hodgkin",
    "Bennett",
    "Monteggia",
    "Craig",
    "Douglas",
    "Hunter",
    "Carter",
    "Foster",
    "Bishop",
    "Knight",
)


@pytest.mark.parametrize("name", SURNAMES)
def test_a_surname_in_a_description_goes(name: str) -> None:
    """Also where the surname is a word of anatomy or technique: a title or a given name before it is not known."""
    for text in (f"CT chest, Dr {name}", f"CT chest - {name}^Gertrude", f"{name.upper()}, Gertrude"):
        assert name.lower() not in clean_text(text).lower().split(), text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60))
def test_nothing_unknown_ever_stays_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned


@given(
    st.lists(
        st.sampled_from([*SURNAMES, "CT", "chest", "left", "55", "12.5mm", "-", "/", "foot", "with", "of"]), max_size=8
    )
)
def test_cleaning_is_idempotent_on_mixtures(words: list[str]) -> None:
    cleaned = clean_text(" ".join(words))
    assert clean_text(cleaned) == cleaned


@given(st.integers(min_value=1000, max_value=10**12))
def test_a_long_number_never_stays(number: int) -> None:
    assert str(number) not in clean_text(f"CT chest {number}")


@pytest.mark.parametrize(
    "word", ["smith", "john", "55f", "m55", "dr", "january", "sydney", "mother", "years", "müller", "female"]
)
def test_names_ages_places_and_relations_are_no_vocabulary(word: str) -> None:
    assert kind_of(word) is None


@pytest.mark.parametrize("word", ["chest", "T1w", "CSpine", "5mm", "512x512", "B30f", "b1000", "omnipaque", "Somatom"])
def test_technical_words_are_plain(word: str) -> None:
    assert kind_of(word) is WordKind.PLAIN
