"""A small CT slice of pydicom's own, and variants of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import pydicom
from pydicom.data import get_testdata_file

CT: Final = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()


def variant(**changes: object) -> bytes:
    """The slice with attributes, by keyword, set to other values."""
    dataset = pydicom.dcmread(io.BytesIO(CT))
    for name, value in changes.items():
        setattr(dataset, name, value)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()
