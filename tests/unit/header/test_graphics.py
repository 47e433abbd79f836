"""Graphic annotations: drawings stay, words only as far as they are known."""

from __future__ import annotations

import struct

from dicom_deid.header.graphics import clean_graphics, dummy_graphics
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find
from tests.unit.header.plain_cleaner import PlainCleaner, sequence, text, values

LAYER, TEXTS, SHAPES, TEXT, TYPE, DATA, POINTS = (
    0x00700002,
    0x00700008,
    0x00700009,
    0x00700006,
    0x00700023,
    0x00700022,
    0x00700021,
)


def annotation(*objects: Element) -> DataSet:
    return [text(LAYER, "CS", "LAYER1"), *objects]


def typed(*texts: str) -> Element:
    return sequence(TEXTS, *([text(TEXT, "ST", value)] for value in texts))


def drawn(kind: str, *points: tuple[float, float]) -> Element:
    data = struct.pack(f"<{2 * len(points)}f", *(value for point in points for value in point))
    count = Element(POINTS, "US", struct.pack("<H", len(points)))
    return sequence(SHAPES, [text(0x00700005, "CS", "PIXEL"), count, Element(DATA, "FL", data), text(TYPE, "CS", kind)])


def stroke(length: int) -> list[tuple[float, float]]:
    return [(float(n), float(n * n)) for n in range(length)]


def test_known_words_stay_and_a_text_without_any_goes() -> None:
    (kept,) = clean_graphics([annotation(typed("left lung 5mm, Dr Smith", "John Smith"))], PlainCleaner())
    texts = find(kept, TEXTS)
    assert texts is not None
    assert [values(item)[TEXT] for item in texts.items or []] == ["left lung 5mm"]


def test_an_annotation_without_any_object_left_goes() -> None:
    assert clean_graphics([annotation(typed("John Smith"))], PlainCleaner()) == []


def test_shapes_and_closed_outlines_stay() -> None:
    outline = [*stroke(30), (0.0, 0.0)]
    items = [annotation(drawn("CIRCLE", (1, 1), (2, 2))), annotation(drawn("POLYLINE", *outline))]
    assert clean_graphics(items, PlainCleaner()) == items


def test_an_arrow_stays_and_an_open_line_of_many_points_goes() -> None:
    assert clean_graphics([annotation(drawn("POLYLINE", *stroke(3)))], PlainCleaner())
    assert clean_graphics([annotation(drawn("INTERPOLATED", *stroke(60)))], PlainCleaner()) == []


def test_the_dummy_annotation_says_nothing() -> None:
    (kept,) = dummy_graphics([annotation(typed("John Smith")), annotation(typed("left lung"))], PlainCleaner())
    assert "Smith" not in repr(kept)
    assert "lung" not in repr(kept)
    assert "ANONYMIZED" in repr(kept)


def test_the_dummy_of_drawings_is_their_first_point() -> None:
    (kept,) = dummy_graphics([annotation(drawn("POLYLINE", *stroke(3)))], PlainCleaner())
    shapes = find(kept, SHAPES)
    assert shapes is not None
    assert shapes.items is not None
    (shape,) = shapes.items
    point = {element.tag: element.value for element in shape}
    assert point[TYPE] == b"POINT"
    assert point[DATA] == struct.pack("<2f", 0, 0)
    assert point[POINTS] == struct.pack("<H", 1)
