"""The tables of PS3.15 Annex E as frozen typed objects, read once from the data files beside this module."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

EDITION: Final = "PS3.15 2026c"
"""The edition the tables follow; the row (3004,007F) is of 2026d."""

PRIVATE_ROW: Final = "private"
OPTION_COLUMNS: Final = (
    "safe_private",
    "uids",
    "device",
    "institution",
    "patient",
    "full_dates",
    "modified_dates",
    "descriptors",
    "structured_content",
    "graphics",
)


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """One row of table E.1-1: the Basic Profile's action, and what each option column says (``K`` or ``C``)."""

    tag: str
    basic: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConceptRule:
    """One row of table E.3.4-1: what happens to a content item of that concept and value type."""

    scheme: str
    value: str
    value_type: str
    basic: str
    options: Mapping[str, str]


def _rows(name: str) -> Iterator[dict[str, str]]:
    content = (files(__package__) / "data" / name).read_text(encoding="ascii")
    yield from csv.DictReader(content.splitlines())


@cache
def attribute_rules() -> Mapping[str, AttributeRule]:
    """Table E.1-1 by tag: eight hexadecimal digits, with ``x`` in repeating groups, or ``private``."""
    return {
        row["tag"]: AttributeRule(row["tag"], row["basic"], {name: row[name] for name in OPTION_COLUMNS if row[name]})
        for row in _rows("e1_1.csv")
    }


@cache
def concept_rules() -> Mapping[tuple[str, str, str], ConceptRule]:
    """Table E.3.4-1 by (coding scheme, code value, value type): one concept may have a row for each of two types."""
    return {
        (row["scheme"], row["value"], row["value_type"]): ConceptRule(
            row["scheme"],
            row["value"],
            row["value_type"],
            row["basic"],
            {name: row[name] for name in OPTION_COLUMNS if row.get(name)},
        )
        for row in _rows("e3_4_1.csv")
    }


@cache
def safe_private_elements() -> Mapping[tuple[str, int, int], str]:
    """Table E.3.10-1: (creator, group, element offset in the block) -> VR."""
    return {(row["creator"], int(row["group"], 16), int(row["element"], 16)): row["vr"] for row in _rows("e3_10_1.csv")}


@cache
def _extra_vrs() -> Mapping[int, str]:
    return {int(row["tag"], 16): row["vr"] for row in _rows("extra_vrs.csv")}


def extra_vr(tag: int) -> str | None:
    """The VR of a tag of table E.1-1 that pydicom's dictionary does not have."""
    return _extra_vrs().get(tag)
