from __future__ import annotations

import pytest

from dicom_deid.header.shape import settled
from dicom_deid.part10.elements import Element


@pytest.mark.parametrize(
    ("tag", "vr", "value", "becomes"),
    [
        (0x00280010, "US", bytes(2), "US"),
        (0x00280010, "SS", bytes(2), "SS"),
        (0x00280010, "US", b"", "US"),
        (0x00280010, "FD", bytes(8), None),
        (0x00280010, "OF", b"SMITH^JOHN  ", None),
        (0x7FE00008, "OF", bytes(64), "OF"),
        (0x00280010, "US", b"SMITH JOHN", None),
        (0x00280010, "LO", b"SMITH", None),
        (0x00280106, "SS", bytes(2), "SS"),
        (0x00281201, "OW", bytes(512), "OW"),
        (0x00281201, "OB", bytes(512), None),
        (0x00080060, "LO", b"CT", "CS"),
        (0x00080018, "LO", b"1.2.3", "UI"),
        (0x00081030, "SH", b"CT chest", "LO"),
        (0x00081030, "OB", b"CT chest", None),
        (0x00081140, "LO", b"text", None),
        (0x00107777, "LO", b"text", None),
        (0x00189073, "FD", bytes(8), "FD"),
        (0x00189073, "FD", bytes(16), None),
    ],
)
def test_a_value_is_of_a_vr_of_its_tag(tag: int, vr: str, value: bytes, becomes: str | None) -> None:
    found = settled(Element(tag, vr, value))
    assert (None if found is None else found.vr) == becomes
