"""What each kind of equipment burns in, and where: lines of words, each PHI, clinical, or neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.synthetic.burned_in_people import Chance, Identity, Source, choice


class Kind(StrEnum):
    """What a word is. The label of a field (``DOB:``), a clock time and a separator are neither: keeping or losing
    them harms nobody.
    """

    PHI = "phi"
    CLINICAL = "clinical"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Token:
    """A word to draw."""

    text: str
    kind: Kind


class Corner(StrEnum):
    """Where a block of lines goes: its lines run down from the top, or up from the bottom, of one side."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand below each other; `turn` in quarters clockwise."""

    corner: Corner
    lines: tuple[tuple[Token, ...], ...]
    turn: int = 0


Line = tuple[Token, ...]


def phi(text: str) -> Line:
    """Every word of the text is PHI."""
    return tuple(Token(word, Kind.PHI) for word in text.split())


def clinical(text: str) -> Line:
    """Every word of the text is for the reader of the image."""
    return tuple(Token(word, Kind.CLINICAL) for word in text.split())


def neither(text: str) -> Line:
    """Labels and times."""
    return tuple(Token(word, Kind.NEITHER) for word in text.split())


def person(chance: Chance, family: str, given: str, middle: str = "") -> Line:
    """A name as some equipment writes it."""
    spellings = (
        f"{family}^{given}",
        f"{family}, {given}",
        f"{family.upper()}, {given.upper()}",
        f"{given} {family}",
        f"{given[0]}. {family}",
        f"{family} {given[0]}",
        f"{family.upper()} {given}",
        f"{family.upper()} {given[0]} {middle[:1]}".strip(),
        f"{family},{given}",
        f"{given} {middle} {family}".replace("  ", " "),
        f"{family.upper()}^{given.upper()}^{middle.upper()}".strip("^"),
    )
    return phi(choice(chance, spellings))


def day(chance: Chance, value: object) -> Line:
    """A date as some equipment writes it."""
    forms = "%d/%m/%Y|%m/%d/%Y|%Y%m%d|%Y-%m-%d|%d.%m.%Y|%d %b %Y|%d-%b-%Y|%b %d, %Y|%d/%m/%y|%d%b%Y|%d %B %Y"
    form = choice(chance, forms.split("|"))
    text = value.strftime(form)  # type: ignore[attr-defined]
    return phi(text.upper() if chance.random() < 0.3 else text)


def field(chance: Chance, labels: Sequence[str], value: Line) -> Line:
    """A value, with or without its label before it."""
    if chance.random() < 0.35:
        return value
    label = choice(chance, labels)
    return neither(label) + value


def _age(chance: Chance, who: Identity) -> Line:
    age, sex = who.age, who.sex
    forms = (f"{age:03d}Y", f"{age}Y", f"{age} yrs", f"{age}{sex}", f"{sex} {age}Y", f"{age}y {sex}", f"Age: {age}")
    return phi(choice(chance, forms))


def _clock(chance: Chance) -> Line:
    h, m, s = int(chance.integers(24)), int(chance.integers(60)), int(chance.integers(60))
    return neither(choice(chance, (f"{h:02d}:{m:02d}:{s:02d}", f"{h % 12 or 12}:{m:02d} PM", f"{h:02d}:{m:02d}")))


def _patient(chance: Chance, who: Identity) -> list[Line]:
    """The lines about the patient, most of them, in a usual order."""
    lines = [
        field(chance, ("Name:", "Patient:", "Pt:"), person(chance, who.family, who.given, who.middle)),
        field(chance, ("ID:", "MRN:", "Pat. ID:", "UR:", "PID"), phi(who.mrn)),
    ]
    if chance.random() < 0.7:
        born = day(chance, who.birth)
        lines.append(
            field(chance, ("DOB:", "DOB", "Born:", "*"), born) + (_age(chance, who) if chance.random() < 0.4 else ())
        )
    if chance.random() < 0.35:
        lines.append(field(chance, ("Acc:", "Acc#", "Accession:"), phi(who.accession)))
    return lines


def _study(chance: Chance, who: Identity) -> list[Line]:
    lines = [phi(who.institution)] if chance.random() < 0.8 else []
    lines.append(day(chance, who.study) + (_clock(chance) if chance.random() < 0.7 else ()))
    if chance.random() < 0.3:
        lines.append(field(chance, ("Ref:", "Ref. Phys:", "Referrer:"), _doctor(chance, who)))
    if chance.random() < 0.3:
        lines.append(neither(choice(chance, ("Op:", "Sonographer:", "Tech:", "Oper:"))) + phi(who.operator))
    if chance.random() < 0.2:
        lines.append(phi(who.station))
    return lines


def _doctor(chance: Chance, who: Identity) -> Line:
    name = person(chance, who.referrer_family, who.referrer_given)
    return neither("Dr") + name if chance.random() < 0.6 else name


def _words(source: Source, chance: Chance, low: int, high: int) -> list[Line]:
    return [clinical(source.clinical(chance)) for _ in range(int(chance.integers(low, high + 1)))]


def _numbers(source: Source, chance: Chance, low: int, high: int) -> list[Line]:
    return [clinical(source.parameter(chance)) for _ in range(int(chance.integers(low, high + 1)))]


def _ultrasound(source: Source, chance: Chance, who: Identity) -> list[Block]:
    indices = clinical(f"MI {chance.uniform(0.2, 1.6):.1f} TIS {chance.uniform(0, 1.2):.1f}")
    return [
        Block(Corner.TOP_LEFT, tuple(_patient(chance, who)[: int(chance.integers(1, 5))])),
        Block(Corner.TOP_RIGHT, (*_study(chance, who)[:2], indices)),
        Block(Corner.BOTTOM_LEFT, tuple(_words(source, chance, 1, 2))),
        Block(Corner.BOTTOM_RIGHT, tuple(_numbers(source, chance, 2, 4))),
    ]


def _slices(source: Source, chance: Chance, who: Identity) -> list[Block]:
    return [
        Block(Corner.TOP_LEFT, (*_words(source, chance, 1, 2), *_numbers(source, chance, 0, 1))),
        Block(Corner.TOP_RIGHT, (*_patient(chance, who), *_study(chance, who))),
        Block(Corner.BOTTOM_LEFT, tuple(_numbers(source, chance, 2, 4))),
        Block(Corner.BOTTOM_RIGHT, tuple(_words(source, chance, 0, 1))),
        Block(Corner.CENTRE, (clinical(choice(chance, ("A", "R", "L", "P", "H", "F"))),)),
    ]


def _radiograph(source: Source, chance: Chance, who: Identity) -> list[Block]:
    side = clinical(choice(chance, ("L", "R", "LEFT", "RIGHT")))
    marked = side + phi(who.operator) if chance.random() < 0.4 else side
    turn = int(chance.integers(4)) if chance.random() < 0.3 else 0
    plate = [*_patient(chance, who), *_study(chance, who)]
    return [
        Block(choice(chance, (Corner.TOP_LEFT, Corner.TOP_RIGHT)), tuple(plate[: int(chance.integers(2, 6))]), turn),
        Block(Corner.BOTTOM_LEFT, (marked, *_words(source, chance, 1, 1))),
        Block(Corner.BOTTOM_RIGHT, tuple(_numbers(source, chance, 0, 2))),
    ]


def _angiography(source: Source, chance: Chance, who: Identity) -> list[Block]:
    side, angle = choice(chance, ("LAO", "RAO")), chance.integers(5, 60)
    view = clinical(f"{side} {angle} {choice(chance, ('CRAN', 'CAUD'))} {chance.integers(3, 40)}")
    return [
        Block(Corner.TOP_LEFT, tuple(_patient(chance, who))),
        Block(Corner.TOP_RIGHT, tuple(_study(chance, who))),
        Block(Corner.BOTTOM_LEFT, (view, *_numbers(source, chance, 1, 2))),
        Block(Corner.BOTTOM_RIGHT, tuple(_words(source, chance, 0, 1))),
    ]


def _endoscopy(source: Source, chance: Chance, who: Identity) -> list[Block]:
    panel = [
        *_patient(chance, who),
        neither("Sex:") + phi(who.sex) + neither("Age:") + phi(str(who.age)),
        *_study(chance, who)[-2:],
        field(chance, ("Physician:", "Endoscopist:"), _doctor(chance, who)),
    ]
    return [
        Block(Corner.TOP_LEFT, tuple(panel)),
        Block(Corner.BOTTOM_LEFT, (*_words(source, chance, 1, 2), *_numbers(source, chance, 0, 1))),
    ]


def _capture(source: Source, chance: Chance, who: Identity) -> list[Block]:
    form = [
        phi(who.institution),
        phi(who.address),
        *_patient(chance, who),
        field(chance, ("Medicare:", "Medicare No:"), phi(who.medicare)),
        field(chance, ("IHI:",), phi(who.healthcare_identifier)),
        field(chance, ("Phone:", "Tel:", "Ph"), phi(who.phone)),
        field(chance, ("Ref:", "Referred by:"), _doctor(chance, who)),
        neither("Study date:") + day(chance, who.study),
    ]
    kept = [line for line in form if chance.random() < 0.8]
    findings = [clinical(f"{source.clinical(chance)} {source.parameter(chance)}") for _ in range(3)]
    return [
        Block(Corner.TOP_LEFT, tuple(kept)),
        Block(Corner.BOTTOM_LEFT, (clinical(choice(chance, ("FINDINGS", "REPORT", "MEASUREMENTS"))), *findings)),
        Block(Corner.BOTTOM_RIGHT, tuple(_words(source, chance, 0, 1))),
    ]


LAYOUTS: Final[Mapping[str, Callable[[Source, Chance, Identity], list[Block]]]] = {
    "US": _ultrasound,
    "CT": _slices,
    "MR": _slices,
    "CR": _radiograph,
    "DX": _radiograph,
    "MG": _radiograph,
    "XA": _angiography,
    "ES": _endoscopy,
    "OT": _capture,
}
"""By modality; OT is a secondary capture of a screen."""
