"""Data elements as the stream holds them: encoded values, decoded only where a rule must look inside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Element:
    """One data element (PS3.5 section 7.1).

    `value` is the value field as encoded in the source's byte order, padding included; it is empty for a sequence,
    whose items are in `items` (each a list of elements in file order). `vr` is resolved: from the stream when explicit,
    from the dictionary when implicit, and never ``UN`` where the dictionary knows the tag. `encoded` is the whole
    element as the source held it, header included; it is None once anything was changed, and then the writer encodes
    the element anew. Not frozen: a header has thousands of these and each is built once.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: list[list[Element]] | None = None
    encoded: bytes | None = None

    @property
    def is_private(self) -> bool:
        return bool(self.tag & 0x00010000)


DataSet = list[Element]
"""The elements of one data set or item, ascending by tag as PS3.5 7.1 asks (a hostile file may differ)."""
