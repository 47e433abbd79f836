"""Graphic annotations of presentation states (PS3.3 C.10.5): drawings stay, words only as far as they are known.

Text may be typed (text objects, tick labels) or written by hand as open strokes; closed outlines, circles, ellipses and
points mark findings and hold no words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.values import dummy
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

ANNOTATIONS: Final = 0x00700001
_TEXT_OBJECTS: Final = 0x00700008
_GRAPHIC_OBJECTS: Final = 0x00700009
_COMPOUND_OBJECTS: Final = 0x00700209
_OBJECTS: Final = frozenset({_TEXT_OBJECTS, _GRAPHIC_OBJECTS, _COMPOUND_OBJECTS})
_TEXT: Final = 0x00700006
_GRAPHIC_DATA: Final = 0x00700022
_GRAPHIC_TYPE: Final = 0x00700023
_POINT_BYTES: Final = 8
_STROKE_POINTS: Final = 8
"""An open line of more points than an arrow, an angle or a spine needs may be handwriting."""


def clean_graphics(items: list[DataSet], cleaner: Cleaner) -> list[DataSet]:
    """The items of a Graphic Annotation Sequence under Clean Graphics (PS3.15 E.3.3).

    Text objects keep the words of the vocabulary and go where there are none; open strokes of many points go.
    An annotation without any object left goes.
    """
    cleaned = (_clean_annotation(item, cleaner) for item in items)
    return [item for item in cleaned if any(element.tag in _OBJECTS for element in item)]


def dummy_graphics(items: list[DataSet], cleaner: Cleaner) -> list[DataSet]:
    """One annotation that says nothing (action D): the first text object with a dummy text, else the first point."""
    for item in items:
        kept = cleaner.redact([element for element in item if element.tag not in _OBJECTS])
        texts = find(item, _TEXT_OBJECTS)
        if texts is not None and texts.items:
            text_object = _with_text(texts.items[0], dummy("ST").decode("ascii"), cleaner)
            return [_sorted([*kept, Element(_TEXT_OBJECTS, "SQ", b"", [text_object])])]
        graphics = find(item, _GRAPHIC_OBJECTS)
        if graphics is not None and graphics.items:
            return [_sorted([*kept, Element(_GRAPHIC_OBJECTS, "SQ", b"", [_point(graphics.items[0], cleaner)])])]
    return []


def _clean_annotation(item: DataSet, cleaner: Cleaner) -> DataSet:
    kept = cleaner.redact([element for element in item if element.tag not in _OBJECTS])
    for element in item:
        if element.tag not in _OBJECTS or not element.items:
            continue
        if element.tag == _TEXT_OBJECTS:
            objects = [cleaned for item in element.items if (cleaned := _clean_text_object(item, cleaner)) is not None]
        elif element.tag == _GRAPHIC_OBJECTS:
            objects = [cleaner.redact(item) for item in element.items if not _may_be_handwriting(item, cleaner)]
        else:
            objects = [cleaner.redact(item) for item in element.items]
        if objects:
            kept.append(Element(element.tag, "SQ", b"", objects))
    return _sorted(kept)


def _clean_text_object(item: DataSet, cleaner: Cleaner) -> DataSet | None:
    source = find(item, _TEXT)
    text = clean_text("\r\n".join(cleaner.text(source))) if source is not None and cleaner.profile.descriptors else ""
    cleaner.count("C" if text else "X")
    return _with_text(item, text, cleaner) if text else None


def _with_text(item: DataSet, text: str, cleaner: Cleaner) -> DataSet:
    source = find(item, _TEXT)
    others = cleaner.redact([element for element in item if element.tag != _TEXT])
    return _sorted([*others, cleaner.with_text(source or Element(_TEXT, "ST"), [text])])


def _may_be_handwriting(item: DataSet, cleaner: Cleaner) -> bool:
    """Whether the object is an open line of many points: it neither ends where it began nor is a closed shape."""
    kind = find(item, _GRAPHIC_TYPE)
    data = find(item, _GRAPHIC_DATA)
    if kind is None or data is None or (cleaner.text(kind) or [""])[0] in {"POINT", "CIRCLE", "ELLIPSE"}:
        return False
    value = data.value
    return len(value) > _STROKE_POINTS * _POINT_BYTES and value[:_POINT_BYTES] != value[-_POINT_BYTES:]


def _point(item: DataSet, cleaner: Cleaner) -> DataSet:
    """The first point of a graphic object, as an object of its own."""
    point: DataSet = []
    for element in cleaner.redact(item):
        if element.tag == _GRAPHIC_DATA:
            point.append(Element(_GRAPHIC_DATA, element.vr, element.value[:_POINT_BYTES]))
        elif element.tag == _GRAPHIC_TYPE:
            point.append(Element(_GRAPHIC_TYPE, "CS", b"POINT"))
        elif element.tag == 0x00700021:
            little = element.value[:1] != b"\0"
            point.append(Element(element.tag, element.vr, (1).to_bytes(2, "little" if little else "big")))
        elif element.tag in (0x00700020, 0x00700005):
            point.append(element)
    return point


def _sorted(dataset: DataSet) -> DataSet:
    return sorted(dataset, key=lambda element: element.tag)
