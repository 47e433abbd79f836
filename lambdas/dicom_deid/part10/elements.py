"""Data elements as the stream holds them: encoded values, decoded only where a rule must look inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Element:
    """One data element (PS3.5 section 7.1).

    `value` is the value field as encoded in the source's byte order, padding included; it is empty for a sequence,
    whose items are in `items` (each a list of elements in file order). `vr` is resolved: from the stream when explicit,
    from the dictionary when implicit, and never ``UN`` where the dictionary knows the tag. `encoded` is the whole
    element as the source held it, header included; it is None where anything was changed, and then the writer encodes
    the element anew. Never changed once built, though not frozen: a header has thousands of these.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: list[list[Element]] | None = None
    encoded: bytes | None = None

    @property
    def is_private(self) -> bool:
        """Whether the group is odd (PS3.5 7.8)."""
        return bool(self.tag & 0x00010000)


DataSet = list[Element]
"""The elements of one data set or item, ascending by tag as PS3.5 7.1 asks (a hostile file may differ)."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a data set is encoded (PS3.5 section 10): VR implicit or explicit, byte order, deflated or not."""

    implicit: bool = False
    big_endian: bool = False
    deflated: bool = False


@dataclass(frozen=True, slots=True)
class PixelElement:
    """The pixel data element of the top-level data set: (7FE0,0010), (7FE0,0008) or (7FE0,0009).

    `offset` is where its value field starts, in bytes of the (inflated) stream; `length` is the value's length, or
    None for the undefined length of encapsulated pixel data (PS3.5 A.4).
    """

    tag: int
    vr: str
    offset: int
    length: int | None


@dataclass(slots=True)
class Header:
    """Everything before the pixel data, parsed. `has_preamble` tells whether the Part 10 prefix was there.

    `meta` is the File Meta Information (explicit little endian); `dataset` holds the elements before the pixel data
    (all of them where there is none). `end` is where `dataset` ends in the (inflated) stream.
    """

    transfer_syntax: str
    encoding: Encoding
    has_preamble: bool
    meta: DataSet
    dataset: DataSet
    pixel: PixelElement | None
    end: int
    _by_tag: dict[int, Element] = field(default_factory=dict, init=False, repr=False, compare=False)

    def find(self, tag: int) -> Element | None:
        """The first element of that tag on the top level, or None."""
        if not self._by_tag:
            self._by_tag = {element.tag: element for element in reversed(self.dataset)}
        return self._by_tag.get(tag)

    def among(self, tags: Iterable[int]) -> list[Element]:
        """The first element of each of the tags that the top level has, in the order of `tags`."""
        self.find(0)
        present = self._by_tag
        return [present[tag] for tag in tags if tag in present]
