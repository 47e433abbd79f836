"""Formats that identify whoever they belong to: official numbers with check digits, dates, contacts, long numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dicom_deid.phi.overlay import is_clinical

_MONTH: Final = (
    r"(?:JAN(?:UARY)?|FE[B8](?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JU[L1I]Y?|AU[G6](?:UST)?|[S5]EPT?(?:EM[B8]ER)?"
    r"|[O0]CT(?:[O0][B8]ER)?|N[O0]V(?:EM[B8]ER)?|DEC(?:EM[B8]ER)?)"
)
"""A month's name, also with a digit that OCR reads for a letter."""


@dataclass(frozen=True, slots=True)
class FormatMatch:
    """A half-open span of characters that has an identifying format; `score` is in [0, 1]."""

    begin: int
    end: int
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class _Format:
    rule: str
    pattern: re.Pattern[str]
    score: float
    valid: Callable[[str], bool] | None = None


_DIGITS: Final = re.compile(r"\d+")


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdigit()]


def is_medicare(text: str) -> bool:
    """Australian Medicare card number: 10 or 11 digits, first 2 to 6, ninth a weighted sum modulo 10."""
    digits = _digits(text)
    if len(digits) not in (10, 11) or not 2 <= digits[0] <= 6:
        return False
    return sum(d * w for d, w in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9), strict=False)) % 10 == digits[8]


def is_luhn(text: str) -> bool:
    """The Luhn check (ISO/IEC 7812-1) that Australian healthcare identifiers use."""
    total = 0
    for place, digit in enumerate(reversed(_digits(text))):
        doubled = digit * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_healthcare_identifier(text: str) -> bool:
    """IHI (800360), HPI-I (800361) and HPI-O (800362): 16 digits with a Luhn check."""
    digits = "".join(str(digit) for digit in _digits(text))
    return len(digits) == 16 and digits[:6] in {"800360", "800361", "800362"} and is_luhn(digits)


def is_nhs_number(text: str) -> bool:
    """NHS number: ten digits, modulus 11."""
    digits = _digits(text)
    if len(digits) != 10:
        return False
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return (0 if check == 11 else check) == digits[9]


def _is_calendar(text: str) -> bool:
    digits = "".join(character for character in text if character.isdigit())
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return 1880 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31


def _is_day(text: str) -> bool:
    """Two of the first numbers are a day and a month, in either order: ``120/80/65`` is none."""
    first, second = (int(part) for part in re.findall(r"\d+", text)[:2])
    return 1 <= min(first, second) <= 12 and max(first, second) <= 31


def _is_day_of_month(text: str) -> bool:
    return 1 <= int("".join(_DIGITS.findall(text))) <= 31


def _is_no_term(text: str) -> bool:
    return not is_clinical(text.split()[0])


def _is_no_setting(text: str) -> bool:
    return not is_clinical(text)


_STREET: Final = (
    "ST|STREET|RD|ROAD|AVE|AVENUE|DR|DRIVE|CT|COURT|LANE|LN|PDE|PARADE|HWY|HIGHWAY|CRES|CRESCENT|BLVD|BOULEVARD|WAY"
    "|PLACE|PL|TCE|TERRACE|CLOSE|CIRCLE|CIRCUIT|ESPLANADE|SQUARE|GROVE|WALK"
)
_ROAD: Final = "STREET|ROAD|AVENUE|DRIVE|HIGHWAY|CRESCENT|BOULEVARD|ESPLANADE|PARADE|TERRACE|NAGAR|ULICA|PLACE"
_DWELLING: Final = "FLAT|UNIT|APT|APARTMENT|SUITE|STUDIO|INTERIOR|FLOOR|LOT|P\\.? ?O\\.? ?BOX|H\\. ?NO"
_TURN: Final = r"(?:ST|ND|RD|TH)?"
_IHI: Final = r"\b8003\s?6[012]\d{2}(?:\s?\d{4}){2}\b"
_DAY_OF_MONTH: Final = rf"\b\d{{1,2}}{_TURN} ?{_MONTH}\b|\b{_MONTH} ?\d{{1,2}}{_TURN}(?![\d.])"
_END: Final = r"(?:\b|(?=\d{1,2}:\d{2})|(?=[MF]\b))"
"""The end of a date, also where OCR read no blank before a time of day or a sex."""
_YEAR: Final = r"(?:(?:18|19|20)\d{2}|\d{2})"

_FORMATS: Final = (
    _Format("healthcare-identifier", re.compile(_IHI), 1.0, is_healthcare_identifier),
    _Format("healthcare-identifier", re.compile(r"\b80036[012]\d{10}\b"), 1.0, is_healthcare_identifier),
    _Format("medicare", re.compile(r"\b[2-6]\d{3}[ -]?\d{5}[ -]?\d(?:[ -/]?\d)?\b"), 1.0, is_medicare),
    _Format("nhs-number", re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b"), 1.0, is_nhs_number),
    _Format("dva", re.compile(r"\b[NVQWST][A-Z]{0,3}\d{5,6}[A-Z]?\b"), 0.9),
    _Format("social-security", re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), 0.95),
    _Format("e-mail", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), 0.99),
    _Format("url", re.compile(r"\b(?:https?://|www\.)\S+"), 0.95),
    _Format("phone", re.compile(r"(?:\+?61|\(?0)[ -]?[2-478]\)?(?:[ -]?\d){8}\b"), 0.95),
    _Format("phone", re.compile(r"\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}\b"), 0.95),
    _Format("phone", re.compile(r"(?<!\d)\(?\d{3}\)?[ .-]?\d{3}[.-]\d{4}\b"), 0.9),
    _Format("phone", re.compile(r"\b0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}\b"), 0.9),
    _Format("date", re.compile(r"\b(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"), 0.97, _is_calendar),
    _Format("date", re.compile(rf"\b\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}}){_END}"), 0.95, _is_day),
    _Format("date", re.compile(r"\b\d{1,2} [/.-] ?\d{1,2} ?[/.-] ?(?:\d{4}|\d{2})\b"), 0.9, _is_day),
    _Format("date", re.compile(r"\b(?:18|19|20)\d{2}[/.-]\d{1,2}[/.-]\d{1,2}(?!\d)"), 0.97),
    _Format("date", re.compile(r"\b(?:18|19|20)\d{2}[/.-](?:0[1-9]|1[0-2])[/.-](?:[0-2]\d|3[01])"), 0.97),
    _Format("date", re.compile(rf"\b\d{{1,2}}{_TURN}[ ./-]*{_MONTH}[ ,./'-]*{_YEAR}{_END}", re.I), 0.97),
    _Format("date", re.compile(rf"\b{_MONTH}[ ./-]*\d{{1,2}}{_TURN}[ ,./-]+{_YEAR}\b", re.I), 0.97),
    _Format("date", re.compile(rf"\b(?:18|19|20)\d{{2}}[ ,./-]*{_MONTH}[ ./-]*\d{{1,2}}\b", re.I), 0.97),
    _Format("date", re.compile(rf"\b{_MONTH}[ ./-]?(?:19|20)\d{{2}}\b", re.I), 0.9),
    _Format("date", re.compile(r"\b(?:0?[1-9]|1[0-2])[/-](?:19|20)\d{2}\b"), 0.85),
    _Format("date", re.compile(r"\b\d{1,2}, ?(?:19|20)\d{2}\b"), 0.85),
    _Format("date", re.compile(r"\b(?:19|20)\d{2}(?= \d{1,2}[:.]\d{2}(?:[:.]\d{2})?\b)"), 0.85),
    _Format("date", re.compile(_DAY_OF_MONTH, re.I), 0.85, _is_day_of_month),
    _Format("age", re.compile(r"\b\d{1,3} ?(?:Y/?O|YRS?|YEARS?|Y)\b(?: ?[/,]? ?(?:M|F|MALE|FEMALE)\b)?", re.I), 0.9),
    _Format("age", re.compile(r"\b0\d{2}[YMWD]\b"), 0.95),
    _Format("age-and-sex", re.compile(r"\b(?:\d{2,3} ?[/,]? ?[MF]|[MF][/,] ?\d{2,3}|[MF] ?\d{1,3}(?:Y|YRS?))\b"), 0.9),
    _Format("age-and-sex", re.compile(r"(?<=\d{4} )\d ?[MF]\b"), 0.85),
    _Format("age-and-sex", re.compile(r"\b\d{1,3} ?(?:Y|YRS?) ?[MF]\b", re.I), 0.9),
    _Format("weight", re.compile(r"\b\d{2,3}(?:\.\d)? ?KG\b", re.I), 0.85),
    _Format("postal-address", re.compile(rf"\b\d{{1,5}}[A-Z]?,? [A-Z'-]+(?: [A-Z'-]+)? (?:{_STREET})\b", re.I), 0.85),
    _Format("postal-address", re.compile(rf"\b[A-Z][A-Z'-]+ (?:{_ROAD})\b", re.I), 0.85, _is_no_term),
    _Format("postal-address", re.compile(rf"\b(?:{_DWELLING})\.? ?\d{{1,4}}[A-Z]?\b", re.I), 0.85),
    _Format("postal-address", re.compile(r"\bLEVEL \d{1,3}(?=,? \d{1,5}[A-Z]? [A-Z][A-Z'-]+)", re.I), 0.85),
    _Format("state-and-postcode", re.compile(r"\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT) ?\d{4}\b"), 0.9),
    _Format("long-number", re.compile(r"(?<![A-Z0-9.])[A-Z]{0,4}[-.#]?\d{5,}[A-Z]?\b", re.I), 0.9),
    _Format("long-number", re.compile(r"\b\d{2,4}[-.]\d{2,4}[-.]\d{2,6}\b"), 0.85),
    _Format("long-number", re.compile(r"\b\d{4,}-\d{4,}\b"), 0.85),
    _Format("long-number", re.compile(r"\b[A-Z]{1,4}\d{1,3}-\d{3,}\b", re.I), 0.85),
    _Format("device-name", re.compile(r"\b(?:CT|MR|US|XR|DX|CR|RF|NM|PT|MG|XA)\d{2,4}\b"), 0.85),
    _Format("device-name", re.compile(r"\b[A-Z]{3,5}\d{3,4}\b"), 0.8, _is_no_setting),
)  # fmt: skip
"""Each of one line, tried on the text as it was read and with look-alike letters in numbers made digits."""
_NUMBERLIKE: Final = re.compile(r"(?:(?<![A-Za-z])\||[\dOoIlSBZ])[\dOoIlSBZ|]*(?:[/.: -][\dOoIlSBZ|]+)*")
_DIGIT_OF: Final = str.maketrans("OoIlSBZ|", "00115821")


def find_formats(text: str) -> Iterator[FormatMatch]:
    """Every span of one line that has an identifying format; spans of several formats may overlap."""
    seen: set[tuple[int, int, str]] = set()
    for spelling in dict.fromkeys((text, with_digits(text))):
        for known in _FORMATS:
            for match in known.pattern.finditer(spelling):
                span = (match.start(), match.end(), known.rule)
                if span not in seen and (known.valid is None or known.valid(match[0])):
                    seen.add(span)
                    yield FormatMatch(*span, known.score)


def with_digits(text: str) -> str:
    """The text with letters that OCR confuses with digits made digits, in what is a number for the most part.

    Every character keeps its place.
    """

    def digits(match: re.Match[str]) -> str:
        word = match[0]
        real = sum(character.isdigit() for character in word)
        letters = sum(character.isalpha() or character == "|" for character in word)
        return word.translate(_DIGIT_OF) if letters and real >= 2 * letters else word

    return _NUMBERLIKE.sub(digits, text)
