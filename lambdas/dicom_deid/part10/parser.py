"""Parse data elements from a buffer (PS3.5 section 7), with bounds on depth and count."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.dictionary import KNOWN_VRS, LONG_VRS, vr_of
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.limits import Limits

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
_VRS: Final = {vr.encode(): vr for vr in KNOWN_VRS}
_PLAIN_VRS: Final = {vr.encode(): vr for vr in KNOWN_VRS - LONG_VRS}
PIXEL_GROUP: Final = 0x7FE0


class IncompleteError(Exception):
    """The buffer ends inside an element; more bytes may help."""


class Parser:
    """Parses with one encoding; counts what it parsed against the limits."""

    def __init__(self, encoding: Encoding, limits: Limits) -> None:
        self._encoding, self._limits = encoding, limits
        order = ">" if encoding.big_endian else "<"
        self._tag, self._short, self._long = (
            struct.Struct(order + "HH"),
            struct.Struct(order + "H"),
            struct.Struct(order + "L"),
        )
        self._head_of_plain = struct.Struct(order + ("HHL" if encoding.implicit else "HH2sH"))
        self._count = 0

    def plain(
        self, buffer: bytes, position: int, end: int, found: DataSet, groups: tuple[int, int] = (1, PIXEL_GROUP - 1)
    ) -> int:
        """Append the run of plain elements that begins at `position` to `found`; where it ends.

        Plain is what needs no second look: a value of a known VR, no sequence, complete, of the groups from the first
        to the last given. Nine of ten elements of a header are; `element` reads the one on which a run ends.
        """
        unpack, append = self._head_of_plain.unpack_from, found.append
        lowest, highest = groups
        before = len(found)
        last = end - 8
        known = _PLAIN_VRS.get
        implicit = self._encoding.implicit
        for _ in range(self._limits.elements - self._count):
            if position > last:
                break
            if implicit:
                group, number, length = unpack(buffer, position)
                vr = _plain_vr(group << 16 | number)
            else:
                group, number, raw, length = unpack(buffer, position)
                vr = known(raw)
            value_at = position + 8
            after = value_at + length
            if vr is None or after > end or not lowest <= group <= highest:
                break
            append(Element(group << 16 | number, vr, buffer[value_at:after], None, buffer[position:after]))
            position = after
        self._count += len(found) - before
        return position

    def element(self, buffer: bytes, position: int, end: int, depth: int) -> tuple[Element, int]:
        """The element at `position` and where the next one begins.

        Raises
        ------
        IncompleteError
            When the element does not end before `end`.
        BadInputError
            ``parse-error`` or ``too-large``.
        """
        tag, vr, value_at, length = self._head(buffer, position, end)
        self._count += 1
        if self._count > self._limits.elements:
            raise BadInputError(Reason.TOO_LARGE, "more data elements than the limit")
        resolved = vr
        if vr == "UN" and not self._encoding.big_endian:
            resolved = vr_of(tag) or "UN"
        if length == UNDEFINED or resolved == "SQ":
            return self._sequence(buffer, position, end, depth, tag, vr, value_at, length)
        after = value_at + length
        if after > end:
            raise IncompleteError
        value = buffer[value_at:after]
        if resolved == "UN" and length >= 8 and value[:4] == b"\xfe\xff\x00\xe0" and not self._encoding.big_endian:
            items = self._disguised(value, depth)
            if items is not None:
                return Element(tag, "SQ", b"", items), after
        # An element that lacks its VR in an explicit encoding is written anew, with it.
        as_it_was = resolved == vr and self._has_vr(buffer, position, vr)
        return Element(tag, resolved, value, None, buffer[position:after] if as_it_was else None), after

    def _has_vr(self, buffer: bytes, position: int, vr: str) -> bool:
        """Whether the element's head is the one that its encoding asks for; bytes 4 and 5 hold the VR then."""
        return self._encoding.implicit or _VRS.get(buffer[position + 4 : position + 6]) == vr

    def pixel_element(
        self, buffer: bytes, position: int, tags: frozenset[int]
    ) -> tuple[int, str, int, int | None] | None:
        """(tag, VR, where its value begins, length or None) when the element at `position` is one of `tags`."""
        if len(buffer) - position < 8:
            raise IncompleteError
        group, number = self._tag.unpack_from(buffer, position)
        tag = group << 16 | number
        if tag not in tags:
            return None
        _, vr, value_at, length = self._head(buffer, position, len(buffer))
        return tag, vr, value_at, None if length == UNDEFINED else length

    def _head(self, buffer: bytes, position: int, end: int) -> tuple[int, str, int, int]:
        if end - position < 8:
            raise IncompleteError
        group, number = self._tag.unpack_from(buffer, position)
        tag: int = group << 16 | number
        if self._encoding.implicit or group == 0xFFFE:
            vr = vr_of(tag) or "UN"
            return tag, vr, position + 8, self._long.unpack_from(buffer, position + 4)[0]
        raw = buffer[position + 4 : position + 6]
        known = _VRS.get(raw)
        if known is None:
            if not (raw.isalpha() and raw.isupper()):
                return self._implicit_head(buffer, position, tag)
            known = "UN"  # PS3.5 6.2: a VR added later has a 32-bit length
        elif known not in LONG_VRS:
            return tag, known, position + 8, self._short.unpack_from(buffer, position + 6)[0]
        if end - position < 12:
            raise IncompleteError
        return tag, known, position + 12, self._long.unpack_from(buffer, position + 8)[0]

    def _implicit_head(self, buffer: bytes, position: int, tag: int) -> tuple[int, str, int, int]:
        """An element without VR in an explicit encoding: some writers embed implicit items; others are damaged.

        Raises
        ------
        BadInputError
            ``parse-error`` where the dictionary does not know the tag.
        """
        vr = vr_of(tag)
        if vr is None:
            raise BadInputError(Reason.PARSE_ERROR, f"no VR at tag ({tag >> 16:04X},{tag & 0xFFFF:04X})")
        return tag, vr, position + 8, self._long.unpack_from(buffer, position + 4)[0]

    def _sequence(
        self, buffer: bytes, position: int, end: int, depth: int, tag: int, vr: str, value_at: int, length: int
    ) -> tuple[Element, int]:
        if depth >= self._limits.depth:
            raise BadInputError(Reason.TOO_LARGE, "sequences are nested deeper than the limit")
        if length != UNDEFINED and value_at + length > end:
            raise IncompleteError
        inner = self
        if vr == "UN" and not self._encoding.implicit:
            # PS3.5 6.2.2: the items of a sequence of unknown VR are implicit little endian.
            inner = Parser(Encoding(implicit=True), self._limits)
            inner._count = self._count
        stop = end if length == UNDEFINED else value_at + length
        try:
            items, after = inner._items(buffer, value_at, stop, depth, delimited=length == UNDEFINED)
        except IncompleteError:
            if length == UNDEFINED:
                raise
            raise BadInputError(Reason.PARSE_ERROR, "an item ends after its sequence") from None
        self._count = max(self._count, inner._count)
        regular = (
            inner is self
            and self._has_vr(buffer, position, vr)
            and all(e.encoded is not None for item in items for e in item)
        )
        return Element(tag, "SQ", b"", items, buffer[position:after] if regular else None), after

    def _items(
        self, buffer: bytes, position: int, stop: int, depth: int, *, delimited: bool
    ) -> tuple[list[DataSet], int]:
        items: list[DataSet] = []
        while delimited or position < stop:
            if stop - position < 8:
                raise IncompleteError
            group, number = self._tag.unpack_from(buffer, position)
            tag = group << 16 | number
            length = self._long.unpack_from(buffer, position + 4)[0]
            position += 8
            if tag == SEQUENCE_END and delimited:
                return items, position
            if tag != ITEM:
                raise BadInputError(Reason.PARSE_ERROR, "a sequence holds something else than items")
            self._count += 1
            if self._count > self._limits.elements:
                raise BadInputError(Reason.TOO_LARGE, "more items than the limit")
            item, position = self._item(buffer, position, stop, length, depth)
            items.append(item)
        return items, position

    def _item(self, buffer: bytes, position: int, stop: int, length: int, depth: int) -> tuple[DataSet, int]:
        item: DataSet = []
        if length != UNDEFINED:
            item_end = position + length
            if item_end > stop:
                raise IncompleteError
            while (position := self.plain(buffer, position, item_end, item)) < item_end:
                element, position = self.element(buffer, position, item_end, depth + 1)
                item.append(element)
            return item, position
        while True:
            position = self.plain(buffer, position, stop, item)
            if stop - position < 8:
                raise IncompleteError
            group, number = self._tag.unpack_from(buffer, position)
            if group == 0xFFFE and number == 0xE00D:
                return item, position + 8
            element, position = self.element(buffer, position, stop, depth + 1)
            item.append(element)

    def _disguised(self, value: bytes, depth: int) -> list[DataSet] | None:
        """The items of a sequence whose VR was lost (UN with a defined length), or None when it is none."""
        for encoding in (Encoding(implicit=True), Encoding()):
            inner = Parser(encoding, self._limits)
            try:
                items, after = inner._items(value, 0, len(value), depth, delimited=False)
            except (IncompleteError, BadInputError):
                continue
            if after == len(value):
                return items
        return None


@lru_cache(maxsize=8192)
def _plain_vr(tag: int) -> str | None:
    """The VR of a tag of an implicit data set, where its value is no sequence and its VR known."""
    vr = vr_of(tag)
    return None if vr in ("SQ", "UN") else vr
