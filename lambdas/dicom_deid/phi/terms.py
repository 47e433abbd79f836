"""Words of the reader of an image that are nobody's name: terms, units, sides, and what is called after somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dicom_deid.phi.ordinary import is_plainly_ordinary, is_run_of_words
from dicom_deid.phi.overlay import is_clinical, may_be_name
from dicom_deid.phi.places import is_of_care

EDGES: Final = ".:,;()[]/-^ "
"""What may stand around a word."""
UNITS: Final = frozenset(
    {"mm", "cm", "mhz", "khz", "hz", "db", "fps", "kv", "kvp", "ma", "mas", "bpm", "ml", "ms", "deg", "%"}
)
SIDES: Final = frozenset({"l", "r", "lt", "rt", "left", "right"})
_EPONYMOUS: Final = frozenset(
    {"syndrome", "disease", "sign", "fracture", "operation", "procedure", "manoeuvre", "maneuver", "wave", "model"}
    | {"classification", "projection", "method", "formula", "criteria", "shunt", "anastomosis", "ligament", "tumour"}
    | {"tumor", "phenomenon", "deformity", "anomaly"}
)
"""What is called after who described it."""


def is_term(text: str) -> bool:
    """Whether a word is a clinical one of letters, three or more, and no name: good company.

    So is one that a bar joined to other words.
    """
    core = text.strip(EDGES)
    if "|" in core:
        return is_run_of_words(core) and any(is_term(part) for part in core.split("|"))
    return len(core) > 2 and core.isalpha() and is_clinical(core) and not may_be_name(core) and not is_of_care(core)


def is_unit(text: str) -> bool:
    """Whether a word is a unit of a setting."""
    return text.strip(EDGES).lower() in UNITS


def is_unit_or_side(text: str) -> bool:
    """Words that even a labelled field or a language model does not make PHI: sides, units, punctuation."""
    core = text.strip(EDGES).lower()
    return not core or core in UNITS or core in SIDES


def is_eponym(line: Sequence[str]) -> bool:
    """Whether a line is an unknown word, what is called by whoever had that name, and clinical words: ``Colles
    fracture``.
    """
    cores = [word.strip(EDGES) for word in line]
    return (
        2 <= len(cores) <= 4
        and len(cores[0]) > 3
        and cores[0].isalpha()
        and not is_clinical(cores[0])
        and cores[1].lower() in _EPONYMOUS
        and all(is_clinical(core) or is_plainly_ordinary(core) for core in cores[2:])
    )
