"""Nothing hides between the elements, in fields that no viewer shows, or in what an object says it is."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic import hiding_places, leaks
from tests.synthetic.hiding_places import PLACES
from tests.synthetic.leaks import Item, Planter

KEY = bytes(range(32))
PRESETS = ["basic", "minimal", "longitudinal", "research"]


def redacted(source: bytes, profile: str = "basic") -> bytes:
    target = io.BytesIO()
    redact(io.BytesIO(source), target, profile_named(profile), Pseudonymiser(KEY, "trial"))
    return target.getvalue()


@pytest.mark.parametrize("place", sorted(PLACES))
@pytest.mark.parametrize("profile", PRESETS)
def test_nothing_comes_out_of_a_hiding_place(place: str, profile: str) -> None:
    planter = Planter()
    source = PLACES[place](planter)
    deflated = place.endswith("deflated data")
    assert deflated or all(marker in source for marker in planter.planted)
    output = redacted(source, profile)
    found = leaks.leaks(output, planter.planted)
    if profile == "research" and place == "device and explanation texts":
        # Retain Device Identity keeps what the device is.
        assert found == [f"({tag:08X})" for tag in (0x00080070, 0x00081090, 0x00181016, 0x00181018, 0x0018702A)]
        return
    assert found == []
    pydicom.dcmread(io.BytesIO(output))


def _around(planter: Planter) -> list[str]:
    leaks.native(planter, [])
    return list(planter.planted.values())


@pytest.mark.parametrize("place", _around(Planter()))
@pytest.mark.parametrize("syntax", [leaks.IMPLICIT, leaks.EXPLICIT, leaks.BIG, leaks.DEFLATED])
def test_nothing_comes_out_of_what_surrounds_the_data_set(place: str, syntax: str) -> None:
    planter = Planter()
    output = redacted(leaks.native(planter, hiding_places.base(planter), syntax))
    marker = next(marker for marker, where in planter.planted.items() if where == place)
    assert leaks.leaks(output, {marker: place}) == []


@pytest.mark.parametrize("sop_class", [b"2 SMITH", b"20240131101112", b"2\\J.DOE"])
def test_a_text_as_sop_class_is_refused(sop_class: bytes) -> None:
    planter = Planter()
    items = [item for item in hiding_places.base(planter) if item.tag != 0x00080016]
    source = leaks.native(planter, [*items, Item(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1." + sop_class)])
    with pytest.raises(BadInputError) as error:
        redacted(source)
    assert error.value.reason is Reason.UNSUPPORTED_SOP_CLASS


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.1.SMITH", "1.2.840.113619.5.2", "1.2.840.10008.1.2.1.7.20240131"]
)
def test_a_transfer_syntax_that_is_none_is_refused(syntax: str) -> None:
    planter = Planter()
    with pytest.raises(BadInputError) as error:
        redacted(leaks.native(planter, hiding_places.base(planter), syntax))
    assert error.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX


@pytest.mark.parametrize("tag", [0x00081150, 0x0008115A, 0x00080062])
@pytest.mark.parametrize("uid", [b"1.2.826.0.1.3680043.20240131.4711", b"2.25.329800735698586629295641978511506172918"])
def test_an_instance_in_the_place_of_a_class_is_remapped(tag: int, uid: bytes) -> None:
    planter = Planter()
    source = hiding_places.written(planter, Item(tag, "UI", uid), Item(0x00081199, "SQ", [[Item(tag, "UI", uid)]]))
    assert uid in source
    assert uid not in redacted(source)


def test_a_private_class_stays() -> None:
    planter = Planter()
    source = hiding_places.written(planter, Item(0x00081199, "SQ", [[Item(0x00081150, "UI", b"1.3.12.2.1107.5.9.1")]]))
    assert b"1.3.12.2.1107.5.9.1" in redacted(source)


@pytest.mark.parametrize("tag", [0x00100040, 0x00102203])
def test_a_retained_code_string_is_a_term(tag: int) -> None:
    planter = Planter()
    output = redacted(hiding_places.written(planter, Item(tag, "CS", b"SMITHERS JOHN")), "research")
    assert b"SMITHERS" not in output


_GRAY = np.arange(256, dtype=np.uint8).reshape(16, 16)
_Encode = Callable[[], bytes | bytearray]
_JPEG: dict[str, tuple[_Encode, Callable[[bytes], object]]] = {
    "1.2.840.10008.1.2.4.50": (lambda: imagecodecs.jpeg8_encode(_GRAY, level=90), imagecodecs.jpeg8_decode),
    "1.2.840.10008.1.2.4.51": (lambda: imagecodecs.jpeg8_encode(_GRAY, level=90), imagecodecs.jpeg8_decode),
    "1.2.840.10008.1.2.4.70": (
        lambda: imagecodecs.jpeg8_encode(_GRAY, lossless=True, predictor=1),
        imagecodecs.jpeg8_decode,
    ),
    "1.2.840.10008.1.2.4.80": (lambda: imagecodecs.jpegls_encode(_GRAY), imagecodecs.jpegls_decode),
}
_JPEG_2000: dict[str, tuple[_Encode, Callable[[bytes], object]]] = {
    "1.2.840.10008.1.2.4.90": (
        lambda: imagecodecs.jpeg2k_encode(_GRAY, codecformat="j2k", reversible=True),
        imagecodecs.jpeg2k_decode,
    ),
    **dict.fromkeys(
        ("1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"),
        (lambda: imagecodecs.htj2k_encode(_GRAY, reversible=True), imagecodecs.htj2k_decode),
    ),
}


@pytest.mark.parametrize("syntax", sorted([*_JPEG, *_JPEG_2000]))
def test_segments_that_no_decoder_needs_go(syntax: str) -> None:
    planter = Planter()
    encode, decode = (_JPEG | _JPEG_2000)[syntax]
    frame = bytes(encode())
    hide = hiding_places.with_marker_segments if syntax in _JPEG else hiding_places.with_unknown_jpeg_2000_segment
    source = leaks.encapsulated(planter, hiding_places.base(planter), syntax, hide(planter, frame))
    output = redacted(source)
    assert leaks.leaks(source, planter.planted)
    assert leaks.leaks(output, planter.planted) == []
    dataset = pydicom.dcmread(io.BytesIO(output))
    kept = next(generate_frames(dataset.PixelData, number_of_frames=1))
    np.testing.assert_array_equal(decode(kept.rstrip(b"\0")), decode(frame))


def test_a_basic_offset_table_is_written_anew() -> None:
    planter = Planter()
    frame = bytes(_JPEG["1.2.840.10008.1.2.4.50"][0]())
    source = leaks.encapsulated(planter, hiding_places.base(planter), "1.2.840.10008.1.2.4.50", frame)
    empty = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    marker = planter.text("basic offset table").ljust(16)
    head, _, rest = source.rpartition(empty)
    source = head + struct.pack("<HHL", 0xFFFE, 0xE000, len(marker)) + marker + rest
    assert leaks.leaks(redacted(source), planter.planted) == []


def _run_length_object(planter: Planter, frame: bytes, source: pydicom.Dataset) -> bytes:
    described = {item.tag: item for item in hiding_places.base(planter)}
    for tag in (0x00280010, 0x00280011):
        described[tag] = Item(tag, "US", int(source[tag].value).to_bytes(2, "little"))
    return leaks.encapsulated(planter, described.values(), RLELossless, frame)


def test_what_follows_the_runs_of_a_segment_goes() -> None:
    planter = Planter()
    image = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    image.compress(RLELossless)
    frame = next(generate_frames(image.PixelData, number_of_frames=1))
    source = _run_length_object(planter, hiding_places.with_run_length_tails(planter, frame), image)
    output = redacted(source)
    assert leaks.leaks(source, planter.planted)
    assert leaks.leaks(output, planter.planted) == []
    kept = pydicom.dcmread(io.BytesIO(output))
    np.testing.assert_array_equal(kept.pixel_array, image.pixel_array)
    again = redacted(output)
    assert next(generate_frames(pydicom.dcmread(io.BytesIO(again)).PixelData, number_of_frames=1)) == next(
        generate_frames(kept.PixelData, number_of_frames=1)
    )


def test_a_run_beyond_the_last_pixel_is_refused() -> None:
    planter = Planter()
    segment = bytes([99]) + planter.text("in the last run").ljust(100)
    frame = struct.pack("<2L", 1, 64).ljust(64, b"\0") + segment + b"\0"
    image = pydicom.Dataset()
    image.Rows = image.Columns = 2
    with pytest.raises(BadInputError) as error:
        redacted(_run_length_object(planter, frame, image))
    assert error.value.reason is Reason.CODEC_ERROR
