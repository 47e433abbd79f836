from __future__ import annotations

import csv
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest
from pydicom._dicom_dict import DicomDictionary

from dicom_deid.header.tables import attribute_rules, concept_rules, extra_vr, safe_private_elements

SHARED = [folder / "shared" / "reference" for folder in Path(__file__).parents]
REFERENCE = next((folder for folder in SHARED if folder.is_dir()), SHARED[-1])
"""Beside the repository, or farther up."""
_COLUMNS = {
    "safe_private": "Rtn. Safe Priv. Opt.",
    "uids": "Rtn. UIDs Opt.",
    "device": "Rtn. Dev. Id. Opt.",
    "institution": "Rtn. Inst. Id. Opt.",
    "patient": "Rtn. Pat. Chars. Opt.",
    "full_dates": "Rtn. Long. Full Dates Opt.",
    "modified_dates": "Rtn. Long. Modif. Dates Opt.",
    "descriptors": "Clean Desc. Opt.",
    "structured_content": "Clean Struct. Cont. Opt.",
    "graphics": "Clean Graph. Opt.",
}


def reference(name: str) -> list[dict[str, str]]:
    path = REFERENCE / name
    if not path.is_file():
        pytest.skip("the reference tables are not here")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_tables_have_the_sizes_of_their_edition() -> None:
    assert (len(attribute_rules()), len(concept_rules()), len(safe_private_elements())) == (657, 214, 479)


def test_every_tag_of_the_table_has_a_vr() -> None:
    tags = [int(tag, 16) for tag in attribute_rules() if tag != "private" and "x" not in tag]
    assert [f"{tag:08X}" for tag in tags if tag not in DicomDictionary and extra_vr(tag) is None] == []


def test_table_e_1_1_is_the_reference_s() -> None:
    expected = {}
    for row in reference("ps3_15_2026d_table_e1_1.csv"):
        tag = re.sub(r"[(),\s]", "", row["Tag"])
        tag = tag.upper().replace("X", "x") if re.fullmatch(r"[0-9A-Fa-fxX]{8}", tag) else "private"
        options = {name: row[column] for name, column in _COLUMNS.items() if row[column]}
        expected[tag] = (row["Basic Prof."], options)
    found = {tag: (rule.basic, dict(rule.options)) for tag, rule in attribute_rules().items()}
    assert found == expected


def test_table_e_3_4_1_is_the_reference_s() -> None:
    expected = {}
    for row in reference("ps3_15_2026d_table_e3_4_1.csv"):
        options = {name: row[column] for name, column in _COLUMNS.items() if row.get(column)}
        key = (row["Coding Scheme Designator"], row["Code Value"], row["Value Type"])
        expected[key] = (row["Basic Prof."], options)
    assert {key: (rule.basic, dict(rule.options)) for key, rule in concept_rules().items()} == expected


def test_table_e_3_10_1_is_the_reference_s() -> None:
    expected = set()
    for row in reference("ps3_15_2026d_table_e3_10_1.csv"):
        group, element = re.sub(r"[()\s]", "", row["Data Element"]).split(",")
        expected.add((row["Private Creator"], int(group, 16), int(element[2:], 16), row["VR"]))
    assert {(*key, vr) for key, vr in safe_private_elements().items()} == expected


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("e1_1.csv", "2e16f160e318f8aada9981b44f2da55b531e7e1f5319717e1e0d8144c19d880d"),
        ("e3_4_1.csv", "01f6cea4612193efbd3225b9849c925d21740b243a9402f8acabc848480577b5"),
        ("e3_10_1.csv", "36b16994b75684831c47f78999074d7f7607fe668505bc026393ab885ef8ca1a"),
    ],
)
def test_the_tables_are_those_that_were_compared(name: str, digest: str) -> None:
    """Where the reference is not at hand, no row changes unseen: compare first, then write the new digest here."""
    content = (files("dicom_deid.header") / "data" / name).read_text(encoding="ascii")
    assert hashlib.sha256("\n".join(content.split()).encode()).hexdigest() == digest
