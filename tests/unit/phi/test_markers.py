"""Side markers and the initials on them."""

from __future__ import annotations

import pytest

from dicom_deid.phi.markers import is_side_marker


@pytest.mark.parametrize(
    ("line", "marker"),
    [
        ("LEFT QX", True),
        ("R QXJ", True),
        ("QXJ LT", True),
        ("LEFT Qx", False),
        ("LEFTQXJ", True),
        ("LEFTWARDS", False),
        ("QX QXJ", False),
        ("LEFT QX 5", False),
    ],
)
def test_a_side_with_initials_is_a_marker(line: str, marker: bool) -> None:
    assert is_side_marker(line.split()) is marker
