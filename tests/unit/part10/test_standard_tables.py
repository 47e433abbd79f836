"""The generated tables are pydicom's, and come without pydicom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._private_dict import private_dictionaries
from pydicom._uid_dict import UID_dictionary

from dicom_deid.part10 import standard_tables

LAMBDAS = Path(__file__).parents[3] / "lambdas"


def imported_by(code: str) -> set[str]:
    """The modules of a process that ran `code` and nothing else."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        env={"PYTHONPATH": str(LAMBDAS)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(answer.stdout.split())


def test_they_are_those_of_pydicom() -> None:
    assert dict(standard_tables.DICTIONARY) == DicomDictionary
    assert dict(standard_tables.REPEATERS) == RepeatersDictionary
    assert dict(standard_tables.UIDS) == UID_dictionary
    assert set(standard_tables.private_creators()) == set(private_dictionaries)


def test_they_come_without_the_package_around_them() -> None:
    code = "from dicom_deid.part10 import standard_tables as t; assert t.private_creators() and t.DICTIONARY and t.UIDS"
    assert not {"pydicom", "numpy"} & imported_by(code)


def test_the_header_library_imports_neither_pydicom_nor_numpy() -> None:
    code = "import dicom_deid.header.stream, dicom_deid.header.presets, dicom_deid.pseudonyms"
    assert not {"pydicom", "numpy", "boto3", "yaml"} & imported_by(code)


def test_where_pydicom_was_imported_its_tables_are_not_loaded_again() -> None:
    code = "import pydicom; from dicom_deid.part10 import standard_tables as t; import pydicom._dicom_dict as d"
    imported_by(f"{code}; assert t.DICTIONARY is d.DicomDictionary")
