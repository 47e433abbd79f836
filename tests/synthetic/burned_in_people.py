"""Who and what the generated overlays speak of: identities and phrases, from one of two sources that share no name.

`DEVELOPMENT` is a short list written here, on which rules may be tuned. `HELD_BACK` draws persons and places from
faker's locales and clinical words from the dictionaries that pydicom ships: nothing in it was seen by a rule.
Nobody in either exists.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Protocol, TypeVar
from unicodedata import normalize

import numpy as np
from faker import Faker
from pydicom._dicom_dict import DicomDictionary

from dicom_deid.phi.formats import is_luhn, is_medicare
from tests.synthetic.terms import CONCEPTS, NOT_FOR_VOCABULARY

Chance = np.random.Generator
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """One synthetic patient with the study's other persons and numbers."""

    family: str
    given: str
    middle: str
    sex: str
    birth: date
    study: date
    mrn: str
    accession: str
    medicare: str
    healthcare_identifier: str
    referrer_family: str
    referrer_given: str
    operator: str
    institution: str
    address: str
    phone: str
    station: str

    @property
    def age(self) -> int:
        """Whole years at the study."""
        before = (self.study.month, self.study.day) < (self.birth.month, self.birth.day)
        return self.study.year - self.birth.year - before


class Source(Protocol):
    """Where names and clinical words come from."""

    def identity(self, chance: Chance) -> Identity:
        """A person."""

    def clinical(self, chance: Chance) -> str:
        """A phrase of one to three words that a reader of the image needs."""

    def parameter(self, chance: Chance) -> str:
        """A technical setting with its number and unit."""


def choice(chance: Chance, values: Sequence[T]) -> T:
    """One of the values, each equally likely."""
    return values[int(chance.integers(len(values)))]


_GIVEN = """
    John Mary Peter Helen Wei Aisha Mohammed Lan Anh Giorgos Eleni Patrick Siobhan Olga Ivan Rosa Carlos Priya Arjun Mei
    Grace Mark Dawn Faith Kim Robin Jean Ngozi Amaka Tama Aroha Birrani Kirra Sven Ingrid Pierre Chloe Hans Greta Yusuf
"""
_FAMILY = """
    Smith Nguyen Papadopoulos Citizen O'Brien Van-Dyke Chen Wang Okafor Patel Singh Garcia Kowalski Ivanov Haddad Tran
    Young Long King White Brown Head Foot Hand Bone Marsh Rivers Hill Wood Stone Li Ng Wu Fitzgerald MacDonald
    De-Souza
"""
_PLACES = ["Karrawirra", "Wirrabee", "St-Elsewhere", "Northside", "Bellbird", "Mercy", "Riverbend", "Coolabah", "Kings"]
_CARE = ["Base Hospital", "Hospital", "Medical Centre", "Radiology", "Imaging Centre", "Clinic", "General Hospital"]
_PHRASES = """
    LEFT KIDNEY|RT KIDNEY LONG|LIVER|GALLBLADDER|AORTA PROX|4 CHAMBER|PLAX|APICAL 2CH|THYROID RT LOBE|ANTRUM|CAECUM
    |CAROTID BIFURCATION|AP ERECT|PA|LATERAL|PORTABLE|SUPINE|R MLO|L CC|MOBILE|OBLIQUE|SCOUT|AXIAL|SAG T2|COR STIR|BONE
    |DWI b1000|FLAIR|TERMINAL ILEUM|DESCENDING COLON|FETAL HEART|BPD|HC|FEMUR LENGTH|UTERUS TRANS|OVARY RT|LAD|RCA|CHEST
    |LAO 30 CRAN 20|ABDOMEN|PELVIS|LUMBAR SPINE|WRIST|ANKLE|POST CONTRAST|ARTERIAL PHASE|PORTAL VENOUS|DELAYED|C SPINE
    |LUNG WINDOW|NO DOPPLER SIGNAL|GAIN LOW|SPLEEN|BLADDER POST VOID|L BREAST 2 OCLOCK|SUBCOSTAL|MITRAL VALVE|TIBIA
"""
_PARAMETERS = """
    MI 1.1|TIS 0.4|TIB 0.9|Depth 12.5 cm|Gain 60 dB|FR 45 Hz|2D Gn 55|C 48|P Low|HPen|Zoom 1.5x|120 kVp|250 mA|Thk 0.6
    |W 400 L 40|Slice 5 mm|TR 4000|TE 90|FOV 350|Dist 3.42 cm|Vol 22 ml|PSV 88 cm/s|RI 0.72|HR 72 bpm|15 fps|FA 15
    |Frame 12/60|Exp 4 mAs|SID 180 cm|Frq 3.5 MHz|DR 65|kV 70|Grid in|S 12.4|I 80.0|EF 62 %|IVSd 1.0 cm|PRF 2.4 kHz
    |SL 3.0
"""


class DevelopmentSource:
    """The short lists above."""

    def identity(self, chance: Chance) -> Identity:
        def name(words: str) -> str:
            return choice(chance, words.split()).replace("-", " ")

        place = choice(chance, _PLACES).replace("-", " ")
        street = f"{chance.integers(1, 300)} {choice(chance, _PLACES).split('-')[0]} {choice(chance, ['St', 'Road'])}"
        return _identity(
            chance,
            (name(_FAMILY), name(_GIVEN), name(_GIVEN)),
            (name(_FAMILY), name(_GIVEN)),
            f"{place} {choice(chance, _CARE)}",
            street,
        )

    def clinical(self, chance: Chance) -> str:
        return choice(chance, _PHRASES.split("|")).strip()

    def parameter(self, chance: Chance) -> str:
        return choice(chance, _PARAMETERS.split("|")).strip()


_LOCALES = ("en_AU", "en_GB", "en_US", "vi_VN", "el_GR", "pl_PL", "es_MX", "en_IN", "it_IT", "tr_TR")
_HELD_CARE = [
    "Hospital",
    "Royal Infirmary",
    "Health Campus",
    "Diagnostic Imaging",
    "Private Hospital",
    "Medical Imaging",
    "Women's Hospital",
    "University Hospital",
    "Day Surgery",
    "Radiology Group",
]
_UNITS = (
    ("Time", "ms", 4000),
    ("Thickness", "mm", 10),
    ("Spacing", "mm", 10),
    ("Distance", "mm", 1800),
    ("Diameter", "mm", 500),
    ("Angle", "deg", 180),
    ("Frequency", "MHz", 130),
    ("Rate", "Hz", 90),
    ("Dose", "mGy", 60),
    ("KVP", "", 140),
    ("Index", "", 2),
    ("Field", "T", 7),
    ("", "", 900),
)


class HeldBackSource:
    """Persons and places by faker, clinical words by pydicom's coded concepts and element names."""

    def identity(self, chance: Chance) -> Identity:
        local = _faker(choice(chance, _LOCALES))
        local.seed_instance(int(chance.integers(1 << 31)))

        def family() -> str:
            return romanised(local.last_name())

        return _identity(
            chance,
            (family(), romanised(local.first_name()), romanised(local.first_name())),
            (family(), romanised(local.first_name())),
            f"{romanised(local.city())} {choice(chance, _HELD_CARE)}",
            romanised(local.street_address().splitlines()[0]),
        )

    def clinical(self, chance: Chance) -> str:
        phrase = choice(chance, _concepts())
        return phrase.upper() if chance.random() < 0.5 else phrase

    def parameter(self, chance: Chance) -> str:
        name = choice(chance, _settings())
        unit, most = next((unit, most) for word, unit, most in _UNITS if word in name)
        number = chance.uniform(0, most)
        value = f"{number:.1f}" if chance.random() < 0.5 or most < 20 else f"{number:.0f}"
        return f"{name}: {value} {unit}".strip() if chance.random() < 0.5 else f"{name} {value} {unit}".strip()


DEVELOPMENT: Source = DevelopmentSource()
HELD_BACK: Source = HeldBackSource()


@cache
def _faker(locale: str) -> Faker:
    local = Faker(locale)
    for provider in local.get_providers():
        # Faker takes Italian towns out of a set, whose order changes from process to process.
        if isinstance(getattr(provider, "cities", None), list):
            provider.cities = sorted(provider.cities)
    return local


@cache
def _concepts() -> tuple[str, ...]:
    """Meanings of coded concepts about images, anatomy and procedures that fit on an overlay."""
    found: set[str] = set()
    for keywords in CONCEPTS.values():
        for codes in keywords.values():
            for meaning, groups in codes.values():
                fits = re.fullmatch(r"[A-Za-z][A-Za-z -]{1,27}", meaning) and len(meaning.split()) <= 3
                if fits and groups and not set(groups) & NOT_FOR_VOCABULARY:
                    found.add(meaning)
    return tuple(sorted(found))


@cache
def _settings() -> tuple[str, ...]:
    """Names of numeric acquisition attributes (group 0018) that fit on an overlay."""
    return tuple(
        sorted(
            name
            for tag, (vr, _, name, retired, _) in DicomDictionary.items()
            if tag >> 16 == 0x0018
            and vr in {"DS", "IS", "FD", "FL", "US"}
            and not retired
            and len(name) <= 26
            and re.fullmatch(r"[A-Za-z ]+", name)
        )
    )


_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)) | {"θ": "th", "χ": "ch", "ψ": "ps"}


def romanised(text: str) -> str:
    """Latin letters without accents, as a scanner's keyboard gives them."""
    plain = "".join(c for c in normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    latin = "".join(_GREEK.get(c, _GREEK[c.lower()].capitalize() if c.lower() in _GREEK else c) for c in plain)
    return latin.replace("ı", "i").replace("đ", "d").replace("Đ", "D").replace("ł", "l").replace("Ł", "L")


def _identity(
    chance: Chance, patient: tuple[str, str, str], referrer: tuple[str, str], institution: str, address: str
) -> Identity:
    study = date(2008, 1, 1) + timedelta(days=int(chance.integers(6500)))
    birth = study - timedelta(days=int(chance.integers(200, 34000)))
    digits = _digits(chance)
    numbers: tuple[Callable[[], str], ...] = (
        lambda: digits(7),
        lambda: f"MRN{digits(6)}",
        lambda: f"{choice(chance, string.ascii_uppercase)}{digits(6)}",
        lambda: f"{digits(3)}-{digits(2)}-{digits(3)}",
        lambda: f"{''.join(choice(chance, string.ascii_uppercase) for _ in range(2))}{digits(5)}",
        lambda: digits(10),
    )
    phones = (f"0{choice(chance, '2378')} {digits(4)} {digits(4)}", f"({digits(3)}) {digits(3)}-{digits(4)}")
    return Identity(
        *patient,
        sex=choice(chance, "MF"),
        birth=birth,
        study=study,
        mrn=choice(chance, numbers)(),
        accession=choice(chance, (f"A{digits(7)}", f"{digits(4)}-{digits(5)}", digits(8), f"ACC{digits(6)}")),
        medicare=_with_check(lambda: f"{choice(chance, '23456')}{digits(9)}", is_medicare, "{}{}{}{} {}{}{}{}{} {}"),
        healthcare_identifier=_with_check(lambda: f"800360{digits(10)}", is_luhn, "{}{}{}{} " * 3 + "{}{}{}{}"),
        referrer_family=referrer[0],
        referrer_given=referrer[1],
        operator="".join(choice(chance, string.ascii_uppercase) for _ in range(int(chance.integers(2, 4)))),
        institution=institution,
        address=address,
        phone=choice(chance, phones),
        station=f"{choice(chance, ['USRM', 'CT', 'MRC', 'XR', 'AWP'])}{digits(3)}",
    )


def _digits(chance: Chance) -> Callable[[int], str]:
    return lambda count: "".join(str(chance.integers(10)) for _ in range(count))


def _with_check(make: Callable[[], str], valid: Callable[[str], bool], form: str) -> str:
    number = make()
    while not valid(number):
        number = make()
    return form.format(*number)
