"""The JPEG coefficient editor: only touched MCUs change, whatever the tables, sampling and restart intervals are."""

from __future__ import annotations

from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dicom_deid.errors import DeidError, Reason
from dicom_deid.geometry import Box
from dicom_deid.pixels.codecs.jpeg import black_out, touched_area
from dicom_deid.pixels.codecs.jpeg.huffman import codes, dc_codes, extended
from dicom_deid.pixels.codecs.jpeg.markers import parse

ROWS, COLUMNS = 75, 107
CHANCE = np.random.default_rng(5)
PICTURE = cv2.GaussianBlur(CHANCE.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8), (0, 0), 1.2)
GREY = np.ascontiguousarray(PICTURE[..., 0])
VARIANTS: dict[str, bytes] = {
    **{
        f"{subsampling}-{'optimised' if optimised else 'standard'}": bytes(
            imagecodecs.jpeg8_encode(PICTURE, level=85, subsampling=subsampling, optimize=optimised)
        )
        for subsampling in ("444", "422", "420", "411", "440")
        for optimised in (False, True)
    },
    "grey-standard": bytes(imagecodecs.jpeg8_encode(GREY, level=85)),
    "grey-optimised": bytes(imagecodecs.jpeg8_encode(GREY, level=60, optimize=True)),
    "flat-optimised": bytes(imagecodecs.jpeg8_encode(np.full_like(GREY, 77), level=85, optimize=True)),
    "12-bit": bytes(imagecodecs.jpeg8_encode(GREY.astype(np.uint16) * 16, level=85, bitspersample=12)),
    "restarts": cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_RST_INTERVAL, 3])[1].tobytes(),
}


def decoded(codestream: bytes) -> NDArray[Any]:
    as_coded = "rgb" if len(parse(codestream).components) == 3 else None
    return np.asarray(imagecodecs.jpeg8_decode(codestream, colorspace=as_coded, outcolorspace=as_coded))


def fill_for(codestream: bytes) -> tuple[int, ...]:
    stream = parse(codestream)
    middle = 1 << stream.precision - 1
    return (0, middle, middle)[: len(stream.components)]


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(-5, COLUMNS - 1),
    st.integers(-5, ROWS - 1),
    st.integers(6, 60),
    st.integers(6, 40),
)


@pytest.mark.parametrize("name", VARIANTS)
@given(found=st.lists(boxes, min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_nothing_outside_the_touched_area_changes_and_the_boxes_are_black(name: str, found: list[Box]) -> None:
    source = VARIANTS[name]
    edited = black_out(source, found, fill_for(source))
    before, after = decoded(source), decoded(edited)
    outside = np.ones(before.shape[:2], bool)
    for area in touched_area(source, found):
        outside[area.y0 : area.y1, area.x0 : area.x1] = False
    assert np.array_equal(before[outside], after[outside])
    for box in found:
        inner = box.grown(-2, -2).clipped(COLUMNS, ROWS)
        if inner is not None:
            inside = after[inner.y0 : inner.y1, inner.x0 : inner.x1].reshape(-1, len(parse(source).components))
            assert np.array_equal(inside, np.broadcast_to(fill_for(source), inside.shape))


def test_no_box_gives_the_same_bytes() -> None:
    for source in VARIANTS.values():
        assert black_out(source, [], (0, 128, 128)) == source


@pytest.mark.parametrize("fill", [0, 1, 100, 128, 254, 255])
def test_a_fill_is_met_to_within_one_quantizer_step(fill: int) -> None:
    source = VARIANTS["grey-standard"]
    after = decoded(black_out(source, [Box(16, 16, 40, 40)], (fill,)))[16:40, 16:40]
    assert len(np.unique(after)) == 1
    assert abs(int(after[0, 0]) - fill) <= 2


def test_missing_codes_are_added_and_none_of_the_old_ones_moves() -> None:
    table = next(iter(parse(VARIANTS["flat-optimised"]).scans[0].dc.values()))
    wider = extended(table, range(12))
    assert set(codes(wider)) >= set(range(12))
    assert codes(table).items() <= codes(wider).items()


@pytest.mark.parametrize("process", ["progressive", "lossless"])
def test_other_processes_are_refused_by_name(process: str) -> None:
    if process == "progressive":
        source = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    else:
        source = bytes(imagecodecs.jpeg8_encode(GREY, lossless=True, predictor=1, bitspersample=8))
    with pytest.raises(DeidError) as caught:
        black_out(source, [Box(0, 0, 9, 9)], (0, 128, 128))
    assert caught.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX


def reason_of(source: bytes) -> Reason | None:
    try:
        black_out(source, [Box(3, 3, 50, 40)], (0, 128, 128))
    except DeidError as error:
        return error.reason
    return None


DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["set", "insert", "delete"]),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@given(st.sampled_from(sorted(VARIANTS)), DAMAGE)
@settings(max_examples=150, deadline=None)
def test_any_damage_ends_in_a_codestream_or_a_typed_error(name: str, damage: list[tuple[float, str, bytes]]) -> None:
    broken = bytearray(VARIANTS[name])
    for place, kind, content in damage:
        at = int(place * len(broken))
        if kind == "set":
            broken[at : at + len(content)] = content
        elif kind == "insert":
            broken[at:at] = content
        else:
            del broken[at : at + len(content)]
    assert reason_of(bytes(broken)) in {None, Reason.CODEC_ERROR, Reason.UNSUPPORTED_TRANSFER_SYNTAX}


def test_a_difference_that_exceeds_a_window_is_read_and_written() -> None:
    """Black beside white without quantization takes a code of 9 bits and a value of 11 (T.81 table K.3)."""
    chess = np.where((np.indices((64, 64)) // 8).sum(axis=0) % 2, 255, 0).astype(np.uint8)
    source = bytes(imagecodecs.jpeg8_encode(chess, level=100, optimize=False))
    scan = parse(source).scans[0]
    assert -(11 << 8 | 9) in dc_codes(next(iter(scan.dc.values())))
    before, after = decoded(source), decoded(black_out(source, [Box(0, 0, 8, 8), Box(24, 16, 40, 24)], (255,)))
    mask = np.zeros((64, 64), bool)
    mask[:8, :8] = mask[16:24, 24:40] = True
    assert np.array_equal(before[~mask], after[~mask])
    assert (after[mask] == 255).all()


def test_a_black_box_on_one_restart_interval_leaves_the_others_bytes() -> None:
    source = VARIANTS["restarts"]
    edited = black_out(source, [Box(0, ROWS - 4, 4, ROWS)], (0, 128, 128))
    first = source.index(b"\xff\xd0")
    assert edited[edited.index(b"\xff\xda") :].startswith(source[source.index(b"\xff\xda") : first])
