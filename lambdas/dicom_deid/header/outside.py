"""Text outside table E.1-1: for each attribute a reviewed rule, and dropped where nobody reviewed it.

`data/outside.csv` lists every element of PS3.6 that is not in the table and may carry text: its rule, the form that its
values must have where the rule is a lexicon, and what fills a value that is emptied but may not be empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.schemes import LOCAL_SCHEME, is_registered
from dicom_deid.header.vocabulary import WordKind, code_string_terms, kind_of
from dicom_deid.part10.standard_tables import DICTIONARY


class TextRule(StrEnum):
    """What may stay of a value that the table does not speak of."""

    KEEP = "keep"
    """Numbers and samples: no room for text."""
    LEXICON = "lexicon"
    """Defined terms, or values of one reviewed form."""
    VOCABULARY = "vocabulary"
    """What `descriptors.clean_text` leaves."""
    DROP = "drop"


class Filler(StrEnum):
    """What takes the place of a text of which nothing may stay."""

    EMPTY = ""
    DUMMY = "dummy"
    """The attribute is Type 1 (PS3.5 7.4.1): a dummy value of its VR."""
    KEYED = "keyed"
    """Other elements refer to the value: a keyed one, so that equal values stay equal."""


NUMERIC_VRS: Final = frozenset({"AT", "FD", "FL", "OD", "OF", "OL", "OV", "SL", "SS", "SV", "UL", "US", "UV"})
"""Binary numbers: no room for text that a person reads."""

CODE_STRING: Final = re.compile(r"[A-Z0-9_ ]{0,16}")
TERMS: Final = frozenset({"CS", "DS", "IS"})
"""VRs of terms and numbers, which are no description."""
_NUMBER_STRING: Final = {
    "DS": re.compile(r" *[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)? *"),
    "IS": re.compile(r" *[+-]?[0-9]{0,12} *"),
}
_LARGEST_INTEGER: Final = 2**31
"""Of an IS (PS3.5 table 6.2-1); telephone numbers with a country's code are beyond it."""
_SHORT_TOKEN: Final = re.compile(r"[A-Z]{0,3}[0-9]{0,3}|[A-Z]{1,2}[0-9]{1,3}[A-Z]|[0-9]{1,4}|[0-9]{1,3}[A-Z]{1,2}")
"""A part of a code string that is too short to name anybody: ``M``, ``SE``, ``FM4``, ``2CH``."""

_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "sequence-name": re.compile(
        r"(?=\D*\d)[*_]{0,2}(?:WIP_)?(?:tfl|tfi|tseR?|tir|tgse|tof|fl|fm|fid|fisp|fsp|gre|ep|epi|epse|epfid|epr|se|spc|spcR|spcir|space|h|hir|swi|qfl"
        r"|csi|svs|bas|pd|pc|ce|me|mbep|resolve|medic|ciss|dess|haste|wip|rm|re|b|ns|ir|mgre|mprage|vibe)(?:\d?d?\d{0,3})"
        r"(?:_?(?:[a-z]{0,3}\d{0,4}[a-z]{0,2}#?\d{0,3})){0,3}"
        r"|(?:[23]D-?)?(?:T[12]W?-?)?(?:TFE|FFE|TSE|FSE|FRFSE|SSFSE|SE|ME|MEMP|GRE|EFGRE3D|FGRE|FSPGR|SPGR|GRASE|IR|EPI2?|DWI"
        r"|DwiSE|FEEPI|SEEPI|FLAIR|PC|PCA|TOF|QUANT|FIESTA|LAVA|VIBE|BRAVO|CUBE)(?:-?XL)?|efgre3d|fse-xl"
    ),
    "nucleus": re.compile(r"\d{0,3}[A-Z][a-z]?|\^?\d{1,3}\^?[A-Z][a-z]?|[A-Z][a-z]?\d{1,3}"),
    "kernel": re.compile(
        r"[A-Z][A-Za-z]?\d{2}[a-z]?\d?(?:\\\d)?|[A-Z]{1,3}|\d{1,2}|BONEPLUS|BONE|CHST|DETAIL|EDGE|LUNG|SHARP|SOFT|STANDARD"
    ),
    "collimator": re.compile(
        r"(?:LE|ME|HE|UHE|ELE)(?:HR|AP|GP|UHR|HS|GAP|VXGP|HRHS|VXHR)|WEHR|(?:LE|SY)?FAN ?BEAM|PINHOLE"
    ),
    "image-type": re.compile(r"MFSPLIT|VOLREN|DIXON|ATTENUATION_CORRECTED"),
    "scan-option": re.compile(r"DIX[FWIO]|(?:HYPERSAT|ACC|FAST|EDR|FILTERED|RESP|VASCTOF|SEQ|SAT|MP|CL|NPW|NP)_GEMS"),
    "corrected": re.compile(r"SLSENS|RANSM|RANSNG|RANSUB|NGAM|LINR|NRGY|RADIAL"),
    "randoms": re.compile(r"DLYD|SING|PROCESSED"),
    "route": re.compile(r"(?:IV|PO|oral|rectal|I\.V\.)(?:[/ &+]*(?:IV|PO|oral|rectal))?", re.IGNORECASE),
    "decoupling": re.compile(r"WALTZ"),
    "k-space": re.compile(r"FERMI|TUKEY|RIESZ|HAMMING|HANNING"),
    "window": re.compile(r"Algo ?\d|HARDER|SOFTER", re.IGNORECASE),
    "applicator": re.compile(
        r"FLETCHER_SUIT|DELCLOS|BLOEDORN|JOSLIN_FLYNN|CHANDIGARH|MANCHESTER|HENSCHKE|NASOPHARYNGEAL|OESOPHAGEAL"
        r"|ENDOBRONCHIAL|SYED_NEBLETT|ENDORECTAL|PERINEAL"
    ),
    "number": re.compile(r"[A-Za-z]?\d{1,4}"),
    "rescale": re.compile(r"HU|US|MGML|Z_EFF|ED|EDW|HU_MOD|PCT|OD|BQML|CNTS|OD REL|STDDEV|normalized"),
    "media": re.compile(r"(?:application|text|image|model|video)/(?:pdf|xml|stl|obj|mtl|jpeg|png|dicom|plain|mp4)"),
    "short-id": re.compile(r"(?:[A-Za-z]{0,2}|Field|Beam|Arc|Fld|Setup|Code)[ _-]?\d{0,3}[A-Za-z]?", re.IGNORECASE),
    "filter": re.compile(
        r"[A-Z]{1,2}\d?|\d|LARGE|MEDIUM|SMALL|(?:\d?(?:\.\d{1,2})?(?:mm)? ?(?:Cu|Al|Mo|Rh|Ag|Sn|Au)[ ,+/]*){1,3}",
        re.IGNORECASE,
    ),
}
_VERSION_TOKEN: Final = re.compile(
    r"[A-Za-z]{0,3}\d{1,4}(?:[A-Za-z]{1,2}\d{0,3})?(?:[._-][A-Za-z]{0,2}\d{0,5}[A-Za-z]?){0,5}|\d[A-Z]{2}\d{2}[A-Z]|[A-Za-z]"
)
_MODEL_TOKEN: Final = re.compile(
    r"8HRBRAIN|Q-?Body|[A-Z]{2}\d(?:-\d{1,2})?|[A-Za-z]{1,3}|[A-Za-z]{0,3}-?\d{1,4}[A-Za-z]{0,2}\d?\+?"
)
_NUCLIDE: Final = "(?:Ac|At|Br|C|Co|Cr|Cu|F|Fe|Ga|I|In|Kr|Lu|Mn|N|O|P|Ra|Rb|Re|Sc|Sm|Sr|Tc|Th|Tl|Xe|Y|Zr)"
_TRACER: Final = re.compile(
    rf"{_NUCLIDE}\^?-?\d{{1,3}}m?\^?|\d{{1,3}}m?{_NUCLIDE}|NaF|FLT|FET|FES|PIB|DTPA|MAA|ECD|-{{1,2}}"
)
_CORRECTION: Final = re.compile(
    r"(?:OSEM|RAMLA|FORE|PSF|TOF|BLOB|TF|LOR|OP)(?:-?(?:[23]D|OSEM|OP|PSF|TOF|TF|OS|RAMLA))*(?:\d{1,2}i\d{0,2}s?)?|3D-(?:RAMLA|OSEM)"
    r"|\d{1,2}i(?:\d{1,2}s)?|VPFXS?|QCFXS?|BSREM|VUE|Q\.?Clear|SS-SIMUL|CTAC-SG|MRAC|ACFUNC|mu-map|cm-1|"
    r"[A-Za-z]{1,3}\d{0,2}|\d{1,3}[a-z]{1,2}|\d{1,2}(?:\.\d{1,6})?[a-z]{0,2}"
)
_TOKENS: Final = {
    "version": _VERSION_TOKEN,
    "model": _MODEL_TOKEN,
    "correction": _CORRECTION,
    "structure": _MODEL_TOKEN,
    "tracer": _TRACER,
}
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_DATE: Final = re.compile(r"(?:19|20)\d\d[._-]\d{1,2}[._-]\d{1,2}|\d{1,2}[._-]\d{1,2}[._-](?:19|20)?\d\d")
_TOKEN_BREAK: Final = re.compile(r"[\s,;/()=:&+_]+|\.(?!\d)")


class _Review(NamedTuple):
    rule: TextRule
    pattern: str
    filler: Filler


@cache
def _reviewed() -> Mapping[int, _Review]:
    content = (files(__package__) / "data" / "outside.csv").read_text(encoding="ascii")
    rules, fillers = {rule.value: rule for rule in TextRule}, {filler.value: filler for filler in Filler}
    rows = csv.reader(content.splitlines()[1:])
    return {int(tag, 16): _Review(rules[rule], pattern, fillers[filler]) for tag, _, rule, pattern, filler, _ in rows}


@cache
def _attribute_names() -> frozenset[str]:
    """Names of the data elements of PS3.6, which label dimensions of multi-frame images."""
    return frozenset(entry[2] for entry in DICTIONARY.values())


def rule_for(tag: int, vr: str) -> TextRule:
    """The rule for a standard element that neither E.1-1 nor an override names; unlisted text is dropped."""
    if vr in NUMERIC_VRS:
        return TextRule.KEEP
    if vr in _NUMBER_STRING:
        return TextRule.LEXICON
    review = _reviewed().get(tag)
    return review.rule if review is not None else TextRule.DROP


def filler_for(tag: int) -> Filler:
    """What takes the place of the element's text where nothing of it may stay."""
    review = _reviewed().get(tag)
    return review.filler if review is not None else Filler.EMPTY


def matches(tag: int, vr: str, value: str) -> bool:
    """Whether a value is of the lexicon of its element, or has the form reviewed for it."""
    number = _NUMBER_STRING.get(vr)
    if number is not None:
        return number.fullmatch(value) is not None and (vr != "IS" or int(value.strip(" +-") or 0) <= _LARGEST_INTEGER)
    if not value:
        return True
    review = _reviewed().get(tag)
    name = review.pattern if review is not None else ""
    if name == "scheme":
        return is_registered(value)
    if name == "attribute-name":
        return value in _attribute_names()
    if name in _TOKENS:
        return all(_is_token(part, _TOKENS[name]) for part in _TOKEN_BREAK.split(value) if part)
    if name in _PATTERNS and _PATTERNS[name].fullmatch(value):
        return True
    return (vr == "CS" or name == "terms") and is_code_string(value)


def is_code_string(value: str) -> bool:
    """Whether it is a well-formed CS of defined terms, words of the vocabulary and parts too short to name anybody."""
    if not CODE_STRING.fullmatch(value):
        return False
    if value in code_string_terms():
        return True
    parts = re.split(r"[ _]", value)
    known = [part in code_string_terms() or kind_of(part) is WordKind.PLAIN for part in parts]
    # ``VAN DER POL`` is three short parts; a blank between them needs a known one beside it, or a digit.
    if " " in value and not any(known) and value.replace(" ", "").isalpha():
        return False
    if sum(part.isdigit() for part in parts) > 1 or any(_YEAR.fullmatch(part) for part in parts):
        return False
    return all(is_known or _SHORT_TOKEN.fullmatch(part) for part, is_known in zip(parts, known, strict=True))


def clean_value(tag: int, vr: str, value: str) -> str:
    """What stays of one value: all of it where the lexicon knows it, else the words that the vocabulary knows."""
    return _clean_short(tag, vr, value) if len(value) <= _LONGEST else _clean(tag, vr, value)


def _clean(tag: int, vr: str, value: str) -> str:
    if matches(tag, vr, value):
        return value
    if vr in _NUMBER_STRING:
        return ""
    review = _reviewed().get(tag)
    if review is not None and review.pattern == "scheme":
        return LOCAL_SCHEME
    cleaned = clean_text(value)
    return cleaned if vr != "CS" or len(cleaned) <= 16 else ""


_LONGEST: Final = 64
_clean_short: Final = lru_cache(maxsize=8192)(_clean)
"""Short values are the ones that repeat; long ones would fill the memory."""


def _is_token(part: str, pattern: re.Pattern[str]) -> bool:
    if _DATE.fullmatch(part):
        return False
    return pattern.fullmatch(part) is not None or kind_of(part) in {WordKind.PLAIN, WordKind.SOLO}
