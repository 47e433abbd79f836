"""Reading and writing headers: nothing lost on real files, nothing but typed errors on hostile ones."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_deid.errors import DeidError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.limits import Limits
from dicom_deid.part10.parser import Parser
from dicom_deid.part10.reader import body_of, read_header
from dicom_deid.part10.writer import encode, file_meta
from dicom_deid.pseudonyms import Pseudonymiser

ROOT = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = sorted(path for path in ROOT.glob("*.dcm") if path.stat().st_size < 2_000_000)


def readable(path: Path) -> bool:
    try:
        read_header(io.BytesIO(path.read_bytes()))
    except DeidError:
        return False
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_header_written_again_is_the_header_that_was_read(path: Path) -> None:
    if not readable(path):
        pytest.skip("refused by name")
    source = io.BytesIO(path.read_bytes())
    header = read_header(source)
    if any(element.encoded is None for element in header.dataset):
        pytest.skip("an element without VR, or a sequence disguised as UN, is written anew")
    body = body_of(source, header)
    start = header.end - sum(len(element.encoded or b"") for element in header.dataset)
    body.seek(start)
    assert encode(header.dataset, header.encoding) == body.read(header.end - start)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_elements_are_those_that_pydicom_reads(path: Path) -> None:
    if not readable(path):
        pytest.skip("refused by name")
    header = read_header(io.BytesIO(path.read_bytes()))
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    known = {int(element.tag) for element in dataset}
    mine = {element.tag for element in header.dataset}
    assert known <= mine | {0x7FE00008, 0x7FE00009, 0x7FE00010} | {tag for tag in known if tag > 0x7FE00010}


def test_most_of_the_real_files_are_readable() -> None:
    refused = [path.name for path in FILES if not readable(path)]
    assert len(refused) <= 12, refused


def rebuilt(dataset: DataSet) -> DataSet:
    """The same elements, to be encoded anew."""
    return [
        Element(e.tag, e.vr, e.value, [rebuilt(item) for item in e.items] if e.items is not None else None)
        for e in dataset
    ]


def plain(dataset: DataSet) -> list[object]:
    return [(e.tag, e.vr, e.value, [plain(item) for item in e.items] if e.items is not None else None) for e in dataset]


elements = st.recursive(
    st.builds(
        Element,
        tag=st.sampled_from([0x00080060, 0x00100010, 0x00104000, 0x00280010, 0x00091001]),
        vr=st.sampled_from(["CS", "PN", "LT", "US", "OB", "UT"]),
        value=st.binary(max_size=40).map(lambda value: value + b" " * (len(value) % 2)),
    ),
    lambda inner: st.builds(
        Element,
        tag=st.just(0x00081140),
        vr=st.just("SQ"),
        value=st.just(b""),
        items=st.lists(st.lists(inner, max_size=3), max_size=3),
    ),
    max_leaves=12,
)


@given(st.lists(elements, max_size=6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_data_set_survives_writing_and_reading(dataset: DataSet, big: bool) -> None:
    encoding = Encoding(big_endian=big)
    content = encode(dataset, encoding)
    parser, position, found = Parser(encoding, Limits()), 0, []
    while position < len(content):
        element, position = parser.element(content, position, len(content), 0)
        found.append(element)
    assert plain(found) == plain(dataset)
    assert encode(rebuilt(found), encoding) == content


SEEDS = (
    "CT_small.dcm",
    "rtplan.dcm",
    "image_dfl.dcm",
    "MR_small_bigendian.dcm",
    "nested_priv_SQ.dcm",
    "SC_rgb_rle.dcm",
)


def reason_of(content: bytes) -> tuple[Reason | None, str]:
    """How reading ends: with a header (None), or with a reason and its message."""
    try:
        read_header(io.BytesIO(content))
    except DeidError as error:
        return error.reason, str(error)
    return None, ""


@pytest.mark.parametrize("name", SEEDS)
def test_damage_ends_in_a_header_or_in_a_typed_error_that_tells_no_value(name: str) -> None:
    original = (ROOT / name).read_bytes()
    chance = random.Random(name)
    for _ in range(150):
        content = bytearray(original)
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(content))
            content[place] = chance.choice([0, 255, chance.randrange(256)])
        cut = chance.choice([len(content), chance.randrange(1, len(content))])
        assert "Compressed" not in reason_of(bytes(content[:cut]))[1]


def explicit(tag: int, vr: bytes, length: int) -> bytes:
    long_form = vr in (b"SQ", b"OB", b"UN", b"UT")
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    return head + (struct.pack("<HL", 0, length) if long_form else struct.pack("<H", length))


def refused(body: bytes, limits: Limits | None = None) -> Reason:
    content = file_meta("1.2.840.10008.5.1.4.1.1.7", "1.2.3", "1.2.840.10008.1.2.1") + body
    with pytest.raises(DeidError) as caught:
        read_header(io.BytesIO(content), limits or Limits())
    return caught.value.reason


def test_a_length_beyond_the_file_is_an_error_and_allocates_nothing() -> None:
    assert refused(explicit(0x00420011, b"OB", 0xFFFFFFF0) + b"short") is Reason.PARSE_ERROR


def test_nesting_beyond_the_limit_is_refused() -> None:
    deep = (explicit(0x00081140, b"SQ", 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 200
    assert refused(deep) is Reason.TOO_LARGE


def test_more_elements_than_the_limit_are_refused() -> None:
    assert refused(explicit(0x00080060, b"CS", 0) * 50, Limits(elements=40)) is Reason.TOO_LARGE


def test_an_item_longer_than_its_sequence_is_refused() -> None:
    body = explicit(0x00081140, b"SQ", 8) + b"\xfe\xff\x00\xe0\x40\x00\x00\x00" + bytes(64)
    assert refused(body) is Reason.PARSE_ERROR


def test_a_header_beyond_the_limit_is_refused() -> None:
    body = explicit(0x00420011, b"OB", 300_000) + bytes(300_000)
    assert refused(body + explicit(0x00420012, b"LO", 4) + b"abcd", Limits(header_bytes=100_000)) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "content", [b"", b"x", b"<html>" * 100, bytes(4096), b"\xff" * 4096, b"PK\x03\x04" + bytes(500)]
)
def test_what_is_not_dicom_is_told_so(content: bytes) -> None:
    with pytest.raises(DeidError) as caught:
        read_header(io.BytesIO(content))
    assert caught.value.reason is Reason.NOT_DICOM


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_random_bytes_behind_a_good_beginning_never_crash(body: bytes) -> None:
    content = file_meta("1.2.840.10008.5.1.4.1.1.7", "1.2.3", "1.2.840.10008.1.2.1") + body
    assert reason_of(content)[0] in (None, Reason.PARSE_ERROR, Reason.TOO_LARGE)


def test_an_explicit_data_set_that_is_called_implicit_is_read_as_what_it_is() -> None:
    elements = [Element(0x00080060, "CS", b"CT"), Element(0x00100010, "PN", b"Quimby^Zelda")]
    content = file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2") + encode(elements, Encoding())
    header = read_header(io.BytesIO(content))
    assert [(element.tag, element.value) for element in header.dataset] == [(e.tag, e.value) for e in elements]
    target = io.BytesIO()
    redact(io.BytesIO(content), target, profile_named("basic"), Pseudonymiser(bytes(32), "trial"))
    assert pydicom.dcmread(io.BytesIO(target.getvalue())).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert b"Quimby" not in target.getvalue()


FRAGMENTS = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x06\0\0\0Quimby" + b"\xfe\xff\xdd\xe0\0\0\0\0"


def with_an_icon(fragments: bytes) -> bytes:
    """An object whose icon is compressed, as PS3.5 A.4 allows."""
    pixels = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + fragments
    item = encode([Element(0x00280010, "US", b"\x40\0")], Encoding()) + pixels
    icons = b"\x88\x00\x00\x02SQ\0\0" + (len(item) + 8).to_bytes(4, "little")
    return b"".join(
        (
            file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1"),
            encode([Element(0x00080060, "CS", b"CT")], Encoding()),
            icons + b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item,
            encode([Element(0x40000010, "LT", b"after")], Encoding()),
        )
    )


def test_a_compressed_icon_is_read_and_goes_with_what_it_is() -> None:
    header = read_header(io.BytesIO(with_an_icon(FRAGMENTS)))
    assert [element.tag for element in header.dataset] == [0x00080060, 0x00880200, 0x40000010]
    icon = header.dataset[1]
    assert icon.encoded is None
    assert [element.tag for element in (icon.items or [[]])[0]] == [0x00280010, 0x7FE00010]
    target = io.BytesIO()
    redact(io.BytesIO(with_an_icon(FRAGMENTS)), target, profile_named("basic"), Pseudonymiser(bytes(32), "trial"))
    assert b"Quimby" not in target.getvalue()


@pytest.mark.parametrize("fragments", [FRAGMENTS[:20], FRAGMENTS.replace(b"\xfe\xff\xdd\xe0", b"\xfe\xff\x0d\xe0")])
def test_a_compressed_icon_without_end_is_refused(fragments: bytes) -> None:
    assert reason_of(with_an_icon(fragments))[0] is Reason.PARSE_ERROR
