"""References by position: after any removal each one that stays points at the item that it pointed at."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.header.content_references import renumber
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.part10.reader import find

CONTENT, REFERENCE, NAME = 0x0040A730, 0x0040DB73, 0x0040A160

Tree = list["Node"]
Node = tuple[bool, "Tree"]
"""Whether the item stays, and its children."""

NODES: st.SearchStrategy[Node] = st.recursive(
    st.tuples(st.booleans(), st.just([])),
    lambda children: st.tuples(st.booleans(), st.lists(children, max_size=4)),
    max_leaves=20,
)


def build(tree: Tree, path: tuple[int, ...], targets: list[tuple[int, ...]]) -> tuple[list[DataSet], list[DataSet]]:
    """The items as the source has them and as they are cleaned; each is named by its place in the source."""
    source: list[DataSet] = []
    cleaned: list[DataSet] = []
    for index, (stays, children) in enumerate(tree, start=1):
        place = (*path, index)
        targets.append(place)
        inner_source, inner_cleaned = build(children, place, targets)
        name = Element(NAME, "UT", repr(place).encode())
        source.append([name, Element(CONTENT, "SQ", b"", inner_source)])
        cleaned.append([name, Element(CONTENT, "SQ", b"", inner_cleaned)] if stays else [])
    return source, cleaned


def refer(place: tuple[int, ...]) -> DataSet:
    return [Element(REFERENCE, "UL", struct.pack(f"<{len(place)}L", *place))]


def at(items: list[DataSet], path: tuple[int, ...]) -> DataSet:
    """The item at a position below the root."""
    item: DataSet = []
    for position in path[1:]:
        item = items[position - 1]
        nested = find(item, CONTENT)
        items = nested.items or [] if nested is not None else []
    return item


@given(st.lists(NODES, max_size=5), st.data())
def test_what_stays_points_where_it_pointed(tree: Tree, data: st.DataObject) -> None:
    targets: list[tuple[int, ...]] = []
    source, cleaned = build(tree, (1,), targets)
    wanted = data.draw(st.lists(st.sampled_from(targets), max_size=6)) if targets else []
    references = [refer(target) for target in wanted]
    # A target stays when it and all above it stay.
    stays = {place for place in targets if all(at(cleaned, place[:n]) for n in range(2, len(place) + 1))}
    kept = renumber([*source, *references], [*cleaned, *references], CONTENT)

    pointing = [find(item, REFERENCE) for item in kept if find(item, REFERENCE) is not None]
    assert len(pointing) == sum(place in stays for place in wanted)
    for reference, place in zip(pointing, (place for place in wanted if place in stays), strict=True):
        assert reference is not None
        path = struct.unpack(f"<{len(reference.value) // 4}L", reference.value)
        name = find(at(kept, path), NAME)
        assert name is not None
        assert name.value == repr(place).encode()


def test_a_reference_to_nowhere_goes() -> None:
    items = [refer((1, 9)), refer((7,)), refer(())]
    assert renumber(items, items, CONTENT) == []
