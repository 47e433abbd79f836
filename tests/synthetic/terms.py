"""Make the data files of the header's text rules from the coded terms that pydicom ships.

``python -m tests.synthetic.terms`` writes `codes.tsv` and `vocabulary.txt` into `lambdas/dicom_deid/header/data`, from
pydicom's dictionaries of coded concepts and the reviewed lists in `tests/synthetic/vocabulary`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast
from unicodedata import normalize

from pydicom.sr import _concepts_dict
from pydicom.sr._snomed_dict import mapping

CONCEPTS = cast(Mapping[str, Mapping[str, Mapping[str, tuple[str, Sequence[int]]]]], _concepts_dict.concepts)
"""Scheme -> keyword -> code value -> (meaning, context groups)."""
DATA = Path(__file__).parents[2] / "lambdas" / "dicom_deid" / "header" / "data"
REVIEWED = Path(__file__).parent / "vocabulary"
LATIN_LOCALES = frozenset(
    [
        "cs",
        "da",
        "de",
        "en",
        "es",
        "fi",
        "fr",
        "ga",
        "hr",
        "hu",
        "id",
        "is",
        "it",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "sv",
        "tr",
        "vi",
    ]
)
NOT_FOR_VOCABULARY = frozenset(
    {*range(400, 406), *range(601, 648), 3730, 4012, 7450, 7451, 7452, 7453, 7454, 7480, 7481, 7486, 7490, 8112, 8114}
    | {8115, 8130, 9536, 9555, 9562}
)
"""Context groups of animals, stains, payors and persons: their words are no descriptors of images of patients."""


def reviewed(name: str) -> set[str]:
    """One of the reviewed lists."""
    return set((REVIEWED / f"{name}.txt").read_text(encoding="ascii").split())


def meanings() -> dict[tuple[str, str], str]:
    """(scheme, value) -> the meaning that fits LO (64 ASCII characters); the one that most context groups use."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for scheme, keywords in CONCEPTS.items():
        for codes in keywords.values():
            for value, (meaning, groups) in codes.items():
                if not value or not meaning.isascii() or len(meaning) > 64 or "\\" in meaning:
                    continue
                code = (scheme, value)
                if code not in found or len(groups) > found[code][0]:
                    found[code] = (len(groups), meaning)
    return {code: meaning for code, (_, meaning) in found.items()}


def code_lines() -> list[str]:
    """Lines of codes.tsv, in order: scheme, value, meaning; a SNOMED RT identifier with the SCT one of its concept."""
    retired = mapping["SCT"]
    found = meanings()
    rows = [(scheme, value, meaning, "") for (scheme, value), meaning in found.items()]
    rows += [
        ("SRT", retired[v], meaning, v) for (scheme, v), meaning in found.items() if scheme == "SCT" and v in retired
    ]
    return sorted(map("\t".join, rows))


def person_names() -> set[str]:
    """Given names and surnames of faker's Latin-script locales, in ASCII."""
    package = import_module("faker.providers.person")
    names: set[str] = set()
    for module in iter_modules(package.__path__):
        if module.name.split("_")[0] not in LATIN_LOCALES:
            continue
        provider = import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            values = getattr(provider, attribute)
            if "name" in attribute and isinstance(values, (tuple, list, dict, set)):
                for text in values:
                    ascii_text = normalize("NFKD", str(text).lower()).encode("ascii", "ignore").decode()
                    names.update(re.findall(r"[a-z]+", ascii_text))
    return {name for name in names if len(name) > 1}


def coded_words() -> set[str]:
    """Words of three letters and more in the meanings of context groups about images, anatomy and procedures."""
    words: set[str] = set()
    for keywords in CONCEPTS.values():
        for codes in keywords.values():
            for meaning, groups in codes.values():
                if groups and not set(groups) <= NOT_FOR_VOCABULARY:
                    words.update(word.lower() for word in re.findall(r"[A-Za-z]{3,}", meaning))
    return words


def vocabulary_lines() -> list[str]:
    """Lines of vocabulary.txt: a word, and a mark where it needs company (`header.vocabulary.WordKind`)."""
    denied, solo, function = reviewed("denied"), reviewed("solo"), reviewed("function")
    neighbour = reviewed("neighbour") - denied - solo - function
    added = reviewed("protocols") | reviewed("abbreviations") | reviewed("structures") | reviewed("findings")
    plain = ((coded_words() - person_names()) | added) - denied - solo - function - neighbour
    marked = [(solo, "~"), (neighbour, "?"), (function, ",")]
    return sorted([*plain, *(f"{word}{mark}" for words, mark in marked for word in words)])


def main() -> None:
    """Write both files."""
    for name, lines in (("codes.tsv", code_lines()), ("vocabulary.txt", vocabulary_lines())):
        (DATA / name).write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
