"""ICC profiles: colours stay, text goes."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from dicom_deid.header.icc import clean_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_tag(profile: bytes, signature: bytes, data: bytes) -> bytes:
    """The profile with one more tag at its end."""
    (count,) = struct.unpack_from(">L", profile, 128)
    entries = profile[132 : 132 + 12 * count]
    moved = b"".join(
        entries[n : n + 4]
        + struct.pack(
            ">LL", *(struct.unpack_from(">LL", entries, n + 4)[0] + 12, struct.unpack_from(">LL", entries, n + 4)[1])
        )
        for n in range(0, len(entries), 12)
    )
    body = profile[132 + 12 * count :]
    entry = signature + struct.pack(">LL", 132 + 12 * (count + 1) + len(body), len(data))
    return profile[:128] + struct.pack(">L", count + 1) + moved + entry + body + data


def lab(profile: bytes) -> bytes:
    """All colours of a test image, by the profile."""
    image = Image.frombytes("RGB", (64, 64), bytes(range(256)) * 48)
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("LAB"), outputMode="LAB")
    assert converted is not None
    return converted.tobytes()


def test_colours_stay() -> None:
    cleaned = clean_profile(SRGB)
    assert cleaned is not None
    assert lab(cleaned) == lab(SRGB)


@pytest.mark.parametrize("signature", [b"cprt", b"dmnd", b"desc", b"Smth", b"rXYZ"])
def test_no_text_stays_in_any_tag(signature: bytes) -> None:
    planted = with_tag(SRGB, signature, b"text\0\0\0\0John Smith 1945\0")
    cleaned = clean_profile(planted)
    assert cleaned is not None
    assert b"Smith" not in cleaned


def test_no_text_stays_in_the_header_or_behind_the_counts() -> None:
    marked = bytearray(SRGB)
    marked[4:8], marked[48:52], marked[80:84], marked[100:110] = b"JOHN", b"SMIT", b"H194", b"John Smith"
    planted = with_tag(bytes(marked) + b"John Smith", b"chad", b"sf32" + bytes(4) + bytes(36) + b"John Smith!!")
    cleaned = clean_profile(planted)
    assert cleaned is not None
    assert not [name for name in (b"JOHN", b"SMIT", b"H194", b"John", b"Smith") if name in cleaned]


def test_cleaning_twice_changes_nothing() -> None:
    cleaned = clean_profile(SRGB)
    assert cleaned is not None
    assert clean_profile(cleaned) == cleaned


def test_what_is_no_profile_goes() -> None:
    assert clean_profile(b"John Smith" * 40) is None
    assert clean_profile(b"") is None


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=len(SRGB)))
def test_hostile_profiles_are_refused_or_cleaned(noise: bytes, place: int) -> None:
    cleaned = clean_profile(SRGB[:place] + noise + SRGB[place + len(noise) :])
    assert cleaned is None or len(cleaned) <= 2 * len(SRGB) + 512


HEAD = {name: name + bytes(4) for name in (b"curv", b"para", b"mft1", b"mft2", b"XYZ ", b"sf32")}
COLOURS = bytes(range(1, 251))
TABLE = bytes(range(256)) * 6


@pytest.mark.parametrize(
    ("signature", "data"),
    [
        (b"kTRC", HEAD[b"curv"] + struct.pack(">L", 4) + COLOURS[:8]),
        (b"kTRC", HEAD[b"para"] + struct.pack(">HH", 0, 0) + COLOURS[:4]),
        (b"kTRC", HEAD[b"para"] + struct.pack(">HH", 4, 0) + COLOURS[:28]),
        (b"bkpt", HEAD[b"XYZ "] + COLOURS[:12]),
        (b"A2B1", HEAD[b"mft1"] + bytes([3, 1, 2, 0]) + COLOURS[:36] + TABLE[: 256 * 3 + 8 + 256]),
        (b"B2A1", HEAD[b"mft2"] + bytes([1, 3, 2, 0]) + COLOURS[:36] + struct.pack(">HH", 5, 4) + TABLE[: 2 * 23]),
    ],
    ids=lambda value: value[:4].decode("ascii") if len(value) > 4 else None,
)
def test_each_type_of_tag_keeps_as_much_as_its_counts_say(signature: bytes, data: bytes) -> None:
    cleaned = clean_profile(with_tag(SRGB, signature, data + b"John Smith!!"))
    assert cleaned is not None
    assert data[8:] in cleaned
    assert b"John" not in cleaned
    assert clean_profile(with_tag(SRGB, signature, data)) == cleaned
    cut = clean_profile(with_tag(SRGB, signature, data[:-1]))
    assert cut is not None
    assert data[8:-1] not in cut


@pytest.mark.parametrize("place", [12, 16, 20, 36])
def test_a_header_that_names_no_class_or_space_of_the_standard_is_none(place: int) -> None:
    assert clean_profile(SRGB[:place] + b"John" + SRGB[place + 4 :]) is None
