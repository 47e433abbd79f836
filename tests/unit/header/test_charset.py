from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, python_encoding

from dicom_deid.header import charset

SETS = [b"", b"ISO_IR 100", b"ISO_IR 192", b"GB18030", b"\\ISO 2022 IR 87", b"ISO_IR 13", b"ISO_IR 144", b"no such set"]


@pytest.mark.parametrize("specific", SETS)
@given(value=st.binary(max_size=64))
def test_no_bytes_are_ever_a_crash(specific: bytes, value: bytes) -> None:
    codecs = charset.encodings(specific)
    for vr in ("LO", "PN", "UT", "CS"):
        assert isinstance(charset.encode(charset.decode(value, vr, codecs), codecs), bytes)


@pytest.mark.parametrize(
    ("specific", "text"),
    [
        (b"ISO_IR 100", "Müller"),
        (b"ISO_IR 192", "山田 Жук"),
        (b"GB18030", "王麗華"),
        (b"ISO_IR 144", "Жук"),
        (b"\\ISO 2022 IR 87", "山田"),
    ],
)
def test_a_text_comes_back_in_the_set_of_the_file(specific: bytes, text: str) -> None:
    codecs = charset.encodings(specific)
    assert charset.decode(charset.encode([text, "b"], codecs), "LO", codecs) == [text, "b"]


def test_what_follows_a_null_is_no_value() -> None:
    assert charset.decode(b"CT\\MR\0SMITH\\JONES", "LO", ("ascii",)) == ["CT", "MR"]


def test_a_backslash_is_a_character_of_a_text() -> None:
    assert charset.decode(b"a\\b", "LT", ("ascii",)) == ["a\\b"]


@pytest.mark.parametrize(
    ("value", "known"), [(b"ISO_IR 100 ", True), (b"", True), (b"SMITH", False), (b"ISO_IR 6\\SMITH", False)]
)
def test_only_defined_terms_are_character_sets(value: bytes, known: bool) -> None:
    assert charset.is_known(value) is known


def test_an_unknown_character_set_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert charset.encodings(b"SMITH JOHN") == ("latin-1",)
    assert caplog.records == []


@pytest.mark.parametrize("value", ["", "ISO_IR 100", "ISO_IR 192"])
def test_common_character_sets_are_those_of_pydicom(value: str) -> None:
    assert list(charset.encodings(value.encode())) == convert_encodings(value)
    assert value in python_encoding
