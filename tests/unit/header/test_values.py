from __future__ import annotations

import pytest
from pydicom.config import RAISE
from pydicom.valuerep import validate_value

from dicom_deid.header.values import NUMBER_BYTES, TEXT_VRS, dummy


@pytest.mark.parametrize("vr", sorted(TEXT_VRS))
def test_a_dummy_text_is_valid_for_its_vr(vr: str) -> None:
    validate_value(vr, dummy(vr).decode(), RAISE)
    assert dummy(vr).strip()


@pytest.mark.parametrize("vr", sorted(NUMBER_BYTES))
def test_a_dummy_number_is_a_whole_value(vr: str) -> None:
    assert len(dummy(vr)) == NUMBER_BYTES[vr]
    assert not any(dummy(vr))


def test_a_dummy_keeps_the_value_multiplicity() -> None:
    assert dummy("LO", b"a\\b\\c").count(b"\\") == 2
    assert len(dummy("FD", bytes(24))) == 24
    assert dummy("LT", b"a\\b") == dummy("LT")
