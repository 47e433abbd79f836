"""References of content items to others by position (PS3.3 C.17.3.2.5), kept right where items are removed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find

_REFERENCE: Final = 0x0040DB73
"""Referenced Content Item Identifier: positions from the root, which is 1, down; the first item of a level is 1."""
_ROOT: Final = 1

_Path = tuple[int, ...]


def renumber(source: Sequence[DataSet], cleaned: Sequence[DataSet | None], content: int) -> list[DataSet]:
    """The items that stay, at every depth, with their references by position made right.

    Parameters
    ----------
    source
        The items as the file had them; positions count in these.
    cleaned
        The same items cleaned: None, or an empty item in a nested sequence, is one that went.
    content
        The tag of the sequence that nests items.
    """
    if not _refers(cleaned, content):
        return _close(cleaned, content)
    places: dict[_Path, _Path] = {}
    _number(cleaned, (_ROOT,), (_ROOT,), places, content)
    return _follow(_close(cleaned, content), places, content)


def _number(items: Sequence[DataSet | None], old: _Path, new: _Path, places: dict[_Path, _Path], content: int) -> None:
    places[old] = new
    position = 0
    for index, item in enumerate(items, start=1):
        if not item:
            continue
        position += 1
        nested = find(item, content)
        _number(nested.items or [] if nested else [], (*old, index), (*new, position), places, content)


def _close(items: Sequence[DataSet | None], content: int) -> list[DataSet]:
    closed: list[DataSet] = []
    for item in items:
        if item:
            closed.append([_closed(element, content) for element in item])
    return closed


def _closed(element: Element, content: int) -> Element:
    if element.tag != content or element.items is None:
        return element
    return Element(content, "SQ", b"", _close(element.items, content))


def _refers(items: Sequence[DataSet | None], content: int) -> bool:
    return any(
        element.tag == _REFERENCE or (element.tag == content and _refers(element.items or [], content))
        for item in items
        for element in item or []
    )


def _follow(items: Sequence[DataSet], places: dict[_Path, _Path], content: int) -> list[DataSet]:
    followed: list[DataSet] = []
    for item in items:
        renewed: DataSet = []
        for element in item:
            if element.tag == _REFERENCE:
                moved = _moved(element, places)
                if moved is None:
                    break
                renewed.append(moved)
            elif element.tag == content:
                renewed.append(Element(content, "SQ", b"", _follow(element.items or [], places, content)))
            else:
                renewed.append(element)
        else:
            followed.append(renewed)
    return followed


def _moved(element: Element, places: dict[_Path, _Path]) -> Element | None:
    """The reference to where its target is now; None where the target went or never was."""
    count = len(element.value) // 4
    for order in "<>":
        # The first position is always the root's, 1: it tells the byte order of the file.
        path = struct.unpack(f"{order}{count}L", element.value[: count * 4])
        if path[:1] == (_ROOT,):
            target = places.get(path)
            return Element(_REFERENCE, element.vr, struct.pack(f"{order}{len(target)}L", *target)) if target else None
    return None
