"""Coding schemes of PS3.16 table 8-1 and the form of their values, as far as one can tell a code from free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_FORMS: Final[Mapping[str, str]] = {
    "ACR": r"\d{1,5}(?:\.\d{1,5})?",
    "BARI": r"[A-Z]{1,3}-?[0-9.]{1,6}|\d{1,2}[A-Z]?",
    "BI": r"[A-Z0-9.-]{1,8}",
    "C4": r"\d{4}[0-9A-Z]",
    "C5": r"\d{4}[0-9A-Z]",
    "CPT4": r"\d{4}[0-9A-Z]",
    "CPT5": r"\d{4}[0-9A-Z]",
    "DCM": r"1[012]\d{4}|\d{6}|[A-Z]{2,6}|[A-Z]-[0-9A-F]{4,6}",
    "FMA": r"\d{4,6}",
    "HCPCS": r"[A-Z]\d{4}",
    "I9": r"\d{3}(?:\.\d{1,2})?",
    "I9C": r"[VE]?\d{2,3}(?:\.\d{1,2})?",
    "I10": r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?",
    "I10C": r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?",
    "I10P": r"[0-9A-Z]{7}",
    "I11": r"[0-9A-Z]{4}(?:\.[0-9A-Z]{1,2})?",
    "IBSI": r"[0-9A-Z]{4}",
    "ICDO3": r"[CM]\d{2}(?:\.\d)?|\d{4}/\d",
    "ISO3166_1": r"[A-Z]{2,3}",
    "ISO639_1": r"[a-z]{2}",
    "ISO639_2": r"[a-z]{3}",
    "ITIS_TSN": r"\d{4,7}",
    "MDC": r"\d{1,3}:\d{1,5}|\d{1,6}|MDC_[A-Z0-9_]{1,12}",
    "MSH": r"[CD]\d{6,9}",
    "NCDR [2.0b]": r"\d{4,6}",
    "NCIt": r"C\d{3,7}",
    "NDC": r"\d{4,5}-\d{3,4}-\d{1,2}",
    "NEU": r"\d{1,6}",
    "PUBCHEM_CID": r"\d{1,9}",
    "RADELEMENT": r"RDES?\d{1,6}(?:\.\d{1,2})?",
    "RADLEX": r"RID\d{1,6}",
    "RFC3066": r"[a-z]{2,3}(?:-[A-Z]{2})?",
    "RFC5646": r"[a-z]{2,3}(?:-[A-Z]{2})?",
    "RXNORM": r"\d{3,7}",
    "SCT": r"\d{6,18}",
    "SCPECG": r"5(?:\.\d{1,2}){2,3}-\d{1,3}(?:-\d{1,3}){0,2}",
    "SNM3": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "SRT": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "99SDM": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "LN": r"\d{1,7}-\d",
    "UBERON": r"\d{7}",
    "UMLS": r"C\d{7}",
}
FORMS: Final[Mapping[str, re.Pattern[str]]] = {scheme: re.compile(form) for scheme, form in _FORMS.items()}
_SPELLED: Final = re.compile(r"[A-Za-z.]{4,}|MDC_[A-Z_]+")
"""Letters alone may spell a name: what is a code in letters stands in the dictionary."""
_OF_LETTERS: Final = frozenset({"RFC3066", "RFC5646"})
UCUM: Final = "UCUM"
LOCAL_SCHEME: Final = "99DEID"
"""Private designators begin with 99 (PS3.3 8.2): the scheme of keyed codes, in the place of every local one."""
DIGITAL_ANATOMY: Final = frozenset({"SRT", "SNM3", "99SDM"})
"""Designators of SNOMED RT style identifiers, older names of the same concepts as SCT (PS3.16 8.1)."""

_VERHOEFF_PRODUCT: Final = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_VERHOEFF_PERMUTATION: Final = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def is_registered(scheme: str) -> bool:
    """Whether the designator is of table 8-1, as far as its codes are told from free text here."""
    return scheme == UCUM or scheme in FORMS


def has_form(scheme: str, value: str) -> bool:
    """Whether a value has the form, and the check digit, of the codes of its registered scheme."""
    form = FORMS.get(scheme)
    if form is None:
        return scheme == UCUM and is_ucum(value)
    check = _CHECKS.get(scheme)
    if form.fullmatch(value) is None or (_SPELLED.fullmatch(value) and scheme not in _OF_LETTERS):
        return False
    return check is None or check(value)


def _is_snomed_identifier(value: str) -> bool:
    """A concept identifier: partition 00 or 10 (the digits before the last), Verhoeff check digit last."""
    check = 0
    for place, digit in enumerate(reversed(value)):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_PERMUTATION[place % 8][int(digit)])])
    return check == 0 and value[-3:-1] in {"00", "10"}


def _is_loinc(value: str) -> bool:
    """LOINC codes end in a mod 10 (Luhn) check digit after the hyphen."""
    body, _, last = value.partition("-")
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(body))
    )
    return (10 - total % 10) % 10 == int(last)


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {"SCT": _is_snomed_identifier, "LN": _is_loinc}

_PREFIX: Final = r"(?:da|[YZEPTGMkhdcmunpfazy])?"
_METRIC: Final = (
    r"(?:m|s|g|L|l|Hz|Bq|Gy|Sv|A|V|W|J|N|Pa|K|Cel|mol|eV|rad|sr|C|F|T|Ohm|S|cd|lm|lx|B|bit|By|Ci|R|RAD|REM|G|cal|bar"
    r"|eq|osm|U|kat|u)"
)
_OTHER: Final = (
    r"(?:min|h|d|wk|mo|a|deg|'|''|m\[H2O\]|m\[Hg\]|mm\[Hg\]|cm\[H2O\]|\[arb'U\]|\[iU\]|\[IU\]|\[ppm\]|\[ppb\]|\[hnsf'U\]|\[pH\]"
    r"|\[degF\]|\[in_i\]|\[ft_i\]|\[lb_av\]|\[diop\]|\[Ch\]|\[beth'U\]|\[APL'U\]|\[car_us\])"
)
_ANNOTATION: Final = (
    r"\{(?:ratio|pixels?|voxels?|counts?|beats?|breaths?|frames?|score|number|no units?|unitless|percent"
    r"|SUV(?:bw|bsa|lbm|ibw)?|SUVlbm\(Janma\)|H\.B\.|strides?|presence|\d{1,3}:\d{1,3}|s?km|cells?|lines?|vessels?|events?|tesla|reads?|propcounts"
    r"|RBE|creat|arb|dB|Particles?|rot)\}"
)
_ATOM: Final = re.compile(
    rf"(?:(?:{_ANNOTATION})?(?:{_OTHER}|(?:100?0?)?{_PREFIX}{_METRIC}|%|1|10[*^]|\d{{1,4}})(?:[+-]?\d{{1,2}})?(?:{_ANNOTATION})?|{_ANNOTATION})"
)


def is_ucum(value: str) -> bool:
    """Whether a code is made of unit atoms, prefixes, exponents and known annotations (UCUM, case sensitive).

    Annotations in braces are free text in UCUM, so only a reviewed few are known.
    """
    if not value or len(value) > 32 or value.count("(") != value.count(")"):
        return False
    body = re.sub(_ANNOTATION, lambda match: match.group().replace("(", "<").replace(")", ">"), value)
    parts = re.split(r"[./]", body.replace("(", "").replace(")", ""))
    if parts[0] == "" and len(parts) > 1:
        parts = parts[1:]
    return all(_ATOM.fullmatch(part.replace("<", "(").replace(">", ")")) for part in parts)
