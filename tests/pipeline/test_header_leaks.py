"""Nothing of what was planted comes through, whatever the place, the syntax or the profile."""

from __future__ import annotations

import io
from collections.abc import Callable

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic import leaks
from tests.synthetic.leaks import Item, Planter

KEY = bytes(range(32))
NATIVE = [leaks.IMPLICIT, leaks.EXPLICIT, leaks.DEFLATED, leaks.BIG]


def redacted(source: bytes, profile: Profile | None = None, domain: str = "trial") -> bytes:
    target = io.BytesIO()
    redact(io.BytesIO(source), target, profile or profile_named("basic"), Pseudonymiser(KEY, domain))
    return target.getvalue()


def base(planter: Planter) -> list[Item]:
    return [*leaks.pixel_module(), *leaks.identity(planter)]


def full(planter: Planter) -> list[Item]:
    """Every place at once."""
    return [
        *base(planter),
        *leaks.odd_corners(planter),
        *leaks.private_blocks(planter),
        *leaks.table_attributes(planter),
        leaks.nested([*leaks.table_attributes(planter, depth=3), *leaks.private_blocks(planter)]),
    ]


@pytest.mark.parametrize("syntax", NATIVE)
def test_basic_leaves_no_marker_and_no_source_uid(syntax: str) -> None:
    planter = Planter()
    source = leaks.native(planter, full(planter), syntax)
    assert len(planter.planted) > 1500
    output = redacted(source)
    assert leaks.leaks(output, planter.planted) == []
    pydicom.dcmread(io.BytesIO(output))


@pytest.mark.parametrize("profile", ["minimal", "longitudinal", "research"])
def test_presets_keep_only_times_and_characteristics(profile: str) -> None:
    planter = Planter()
    source = leaks.native(planter, full(planter))
    # Modified Dates keeps times of day; the device and patient options keep what their columns say.
    retained = [] if profile == "minimal" else [" TM "]
    found = leaks.leaks(redacted(source, profile_named(profile)), planter.planted, retained)
    chosen = profile_named(profile)
    assert [where for where in found if not _is_retained(where, chosen)] == []


@pytest.mark.parametrize(
    "option", [option for option in Option if option not in {Option.CLEAN_PIXEL_DATA, Option.RETAIN_UIDS}]
)
def test_an_option_keeps_only_what_its_column_says(option: Option) -> None:
    planter = Planter()
    source = leaks.native(planter, full(planter))
    profile = Profile("one", frozenset({option}))
    found = leaks.leaks(redacted(source, profile), planter.planted)
    times = option is Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
    assert [w for w in found if not _is_retained(w, profile) and not (times and " TM " in w)] == []


_OPTIONS = sorted(set(Option) - {Option.RETAIN_UIDS})
_COMBINATIONS = st.sets(st.sampled_from(_OPTIONS)).filter(
    lambda chosen: not {Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES} <= chosen
)
_EVERYTHING = Planter()
_SOURCE = leaks.native(_EVERYTHING, full(_EVERYTHING))


@settings(max_examples=60, deadline=None)
@given(chosen=_COMBINATIONS)
def test_options_together_keep_only_what_their_columns_say(chosen: set[Option]) -> None:
    profile = Profile("some", frozenset(chosen))
    found = leaks.leaks(redacted(_SOURCE, profile), _EVERYTHING.planted)
    times = Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in chosen
    assert [w for w in found if not _is_retained(w, profile) and not (times and " TM " in w)] == []


def _is_retained(where: str, profile: Profile) -> bool:
    """Whether the table itself says K for the attribute under the profile (a marker in it is then what was asked)."""
    if not where.startswith("(") or " > " in where:
        return False
    tag = int(where[1:5] + where[6:10], 16)
    action = profile.action_of(tag)
    return action is not None and action.value == "K"


@pytest.mark.parametrize("name", ["basic", "minimal", "longitudinal", "research"])
def test_text_that_the_table_does_not_list_is_denied(name: str) -> None:
    planter = Planter()
    source = leaks.native(planter, [*base(planter), *leaks.other_attributes(planter)])
    assert len(planter.planted) > 2000
    found = leaks.leaks(redacted(source, profile_named(name)), planter.planted)
    assert [where for where in found if not _is_retained(where, profile_named(name))] == []
    assert len(found) <= 8


def _corner_names() -> list[str]:
    planter = Planter()
    leaks.odd_corners(planter)
    leaks.private_blocks(planter)
    return list(planter.planted.values())


@pytest.mark.parametrize("place", _corner_names())
@pytest.mark.parametrize("profile", ["basic", "research"])
def test_blind_spot(place: str, profile: str) -> None:
    planter = Planter()
    items = [*leaks.odd_corners(planter), *leaks.private_blocks(planter)]
    source = leaks.native(planter, [*base(planter), *items])
    marker = next(marker for marker, where in planter.planted.items() if where == place)
    assert marker in source
    assert marker not in redacted(source, profile_named(profile))


def test_the_generator_would_notice_a_leak() -> None:
    planter = Planter()
    source = leaks.native(planter, full(planter), leaks.DEFLATED)
    assert len(leaks.leaks(source, planter.planted)) > 1500


def test_a_known_code_survives_beside_a_local_one() -> None:
    planter = Planter()
    output = redacted(leaks.native(planter, [*base(planter), *leaks.odd_corners(planter)]))
    dataset = pydicom.dcmread(io.BytesIO(output))
    assert dataset.AnatomicRegionSequence[0].CodeValue == "T-D3000"
    assert dataset.PrimaryAnatomicStructureSequence[0].CodingSchemeDesignator == "99DEID"


def test_a_bit_outside_bits_stored_is_refused() -> None:
    planter = Planter()
    pixels = bytearray(bytes(512))
    pixels[101] = 0x10
    source = leaks.native(planter, [*leaks.pixel_module(12), *leaks.identity(planter)], pixels=bytes(pixels))
    with pytest.raises(BadInputError) as error:
        redacted(source)
    assert error.value.reason is Reason.EMBEDDED_OVERLAY


_GRAY = np.arange(256, dtype=np.uint8).reshape(16, 16)
_Codec = tuple[Callable[[], bytes | bytearray], Callable[[bytes], object]]
_CODECS: dict[str, _Codec] = {
    "1.2.840.10008.1.2.4.50": (lambda: imagecodecs.jpeg8_encode(_GRAY, level=90), imagecodecs.jpeg8_decode),
    "1.2.840.10008.1.2.4.57": (
        lambda: imagecodecs.jpeg8_encode(_GRAY, lossless=True, predictor=1),
        imagecodecs.jpeg8_decode,
    ),
    "1.2.840.10008.1.2.4.70": (
        lambda: imagecodecs.jpeg8_encode(_GRAY, lossless=True, predictor=1),
        imagecodecs.jpeg8_decode,
    ),
    "1.2.840.10008.1.2.4.80": (lambda: imagecodecs.jpegls_encode(_GRAY), imagecodecs.jpegls_decode),
    "1.2.840.10008.1.2.4.81": (lambda: imagecodecs.jpegls_encode(_GRAY, level=2), imagecodecs.jpegls_decode),
    "1.2.840.10008.1.2.4.90": (
        lambda: imagecodecs.jpeg2k_encode(_GRAY, codecformat="j2k", reversible=True),
        imagecodecs.jpeg2k_decode,
    ),
    "1.2.840.10008.1.2.4.91": (
        lambda: imagecodecs.jpeg2k_encode(_GRAY, codecformat="j2k", level=40),
        imagecodecs.jpeg2k_decode,
    ),
    "1.2.840.10008.1.2.4.201": (lambda: imagecodecs.htj2k_encode(_GRAY, reversible=True), imagecodecs.htj2k_decode),
}


@pytest.mark.parametrize("syntax", sorted(_CODECS))
def test_comments_in_codestreams_go(syntax: str) -> None:
    planter = Planter()
    encode, decode = _CODECS[syntax]
    frame = bytes(encode())
    is_jpeg2000 = syntax >= "1.2.840.10008.1.2.4.90" or syntax.endswith(".201")
    commented = leaks.with_jpeg2000_comment(planter, frame) if is_jpeg2000 else leaks.with_jpeg_comments(planter, frame)
    source = leaks.encapsulated(planter, [*base(planter), *leaks.odd_corners(planter)], syntax, commented)
    output = redacted(source)
    assert leaks.leaks(source, planter.planted)
    assert leaks.leaks(output, planter.planted) == []
    dataset = pydicom.dcmread(io.BytesIO(output))
    kept = next(generate_frames(dataset.PixelData, number_of_frames=1))
    np.testing.assert_array_equal(decode(kept.rstrip(b"\0")), decode(frame))


def test_run_length_frames_pass_and_their_trailer_goes() -> None:
    planter = Planter()
    dataset = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    dataset.compress(RLELossless)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    module = [
        *(item for item in leaks.pixel_module() if item.tag not in {0x00280010, 0x00280011}),
        Item(0x00280010, "US", dataset.Rows.to_bytes(2, "little")),
        Item(0x00280011, "US", dataset.Columns.to_bytes(2, "little")),
    ]
    source = leaks.encapsulated(planter, [*module, *leaks.identity(planter)], RLELossless, frame)
    output = redacted(source)
    assert leaks.leaks(output, planter.planted) == []
    kept = pydicom.dcmread(io.BytesIO(output))
    np.testing.assert_array_equal(kept.pixel_array, dataset.pixel_array)


@pytest.mark.parametrize(
    ("character_set", "codec", "name"),
    [
        (b"ISO_IR 100", "latin-1", "Señor^Müllërñ"),
        (b"ISO_IR 192", "utf-8", "Жуковский^Ǆ山"),
        (b"ISO_IR 144", "iso8859-5", "Жуковский"),
        (b"GB18030", "gb18030", "王麗華"),
        (b"ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ"),
        (b"\\ISO 2022 IR 87", "iso2022_jp", "山田"),
        (b"\\ISO 2022 IR 149", "euc_kr", "김희중"),
    ],
)
@pytest.mark.parametrize("profile", ["basic", "research"])
def test_names_in_any_character_set_go(character_set: bytes, codec: str, name: str, profile: str) -> None:
    planter = Planter()
    encoded = (b"\x1b$)C" if codec == "euc_kr" else b"") + name.encode(codec)
    items = [
        *(item for item in leaks.pixel_module() if item.tag != 0x00080005),
        Item(0x00080005, "CS", character_set),
        Item(0x00081030, "LO", b"CT chest " + encoded),
        Item(0x00081070, "PN", encoded),
        Item(0x00283003, "LO", encoded),
        *(item for item in leaks.identity(planter) if item.tag != 0x00100010),
        Item(0x00100010, "PN", encoded),
    ]
    source = leaks.native(planter, items)
    assert name.encode(codec) in source
    output = redacted(source, profile_named(profile))
    assert name.encode(codec) not in output
    assert name.encode("utf-8") not in output
    assert leaks.leaks(output, planter.planted) == []


def test_two_runs_agree_and_two_domains_share_nothing() -> None:
    planter = Planter()
    source = leaks.native(planter, full(planter))
    first, again, other = redacted(source), redacted(source), redacted(source, domain="another")
    assert first == again
    left, right = (pydicom.dcmread(io.BytesIO(output)) for output in (first, other))
    pseudonyms = [
        {str(e.value) for e in d.iterall() if e.VR == "UI" and str(e.value).startswith("2.25.")} for d in (left, right)
    ]
    assert pseudonyms[0]
    assert not pseudonyms[0] & pseudonyms[1]
    assert left.PatientID != right.PatientID
