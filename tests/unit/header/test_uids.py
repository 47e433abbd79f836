from __future__ import annotations

import pytest

from dicom_deid.header import uids

ANYWHERE = 0x0020000D


@pytest.mark.parametrize(
    ("tag", "uid", "stays"),
    [
        (ANYWHERE, "1.2.840.10008.5.1.4.1.1.2", True),
        (ANYWHERE, "1.2.840.10008.1.4.1.1", True),
        (ANYWHERE, "1.2.840.10008.5.1.4.1.1.2.20240101.101112", False),
        (ANYWHERE, "1.2.840.10008.SMITH^JOHN", False),
        (ANYWHERE, "1.2.840.113619.2.55", False),
        (ANYWHERE, "", True),
        (0x00081150, "1.3.12.2.1107.5.9.1", True),
        (0x00081150, "SMITH^JOHN", False),
        (0x00080016, "1." + "2" * 63, False),
    ],
)
def test_only_what_names_a_kind_of_thing_stays(tag: int, uid: str, stays: bool) -> None:
    assert uids.is_structural(tag, uid) is stays


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("1.2.3", True),
        ("1." + "2" * 62, True),
        ("1." + "2" * 63, False),
        ("1..2", False),
        ("1.2.", False),
        ("1.2 SMITH", False),
        ("", False),
    ],
)
def test_what_has_not_the_form_of_a_uid_is_none(value: str, is_one: bool) -> None:
    assert uids.is_uid(value) is is_one


@pytest.mark.parametrize(
    "tag", [0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x00081150, 0x0008115A, 0x00083002, 0x04000010]
)
def test_a_class_of_a_vendor_s_own_stays_where_a_class_is_named(tag: int) -> None:
    assert uids.is_structural(tag, "1.3.12.2.1107.5.9.1")
    assert not uids.is_structural(tag + 2, "1.3.12.2.1107.5.9.1")
