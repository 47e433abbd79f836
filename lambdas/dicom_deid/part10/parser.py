"""Parse data elements from a buffer (PS3.5 section 7), with bounds on depth and count."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.part10.dictionary import KNOWN_VRS, LONG_VRS, vr_of
from dicom_deid.part10.elements import DataSet, Element, Encoding
from dicom_deid.part10.limits import Limits

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
_LONGEST_SEEN: Final = 72
_MOST_SEEN: Final = 8192
_ITEM_GROUP, _ITEM_NUMBER = ITEM >> 16, ITEM & 0xFFFF
_Unpack = Callable[[bytes, int], tuple[Any, ...]]
_VRS: Final = {vr.encode(): vr for vr in KNOWN_VRS}
_RESERVED: Final = bytes(2)
_PLAIN_VRS: Final = {vr.encode(): vr for vr in KNOWN_VRS - LONG_VRS}
PIXEL_GROUP: Final = 0x7FE0
_PIXEL_DATA: Final = 0x7FE00010


class IncompleteError(Exception):
    """The buffer ends inside an element; more bytes may help, and at least `missing` are needed."""

    def __init__(self, missing: int = 1) -> None:
        super().__init__()
        self.missing = missing


class _Layout(NamedTuple):
    """Unpackers of the fields of an element's head, in one byte order; and the plain elements met in it.

    Elements are not changed once they were built, and the objects of a series repeat most of theirs: equal ones are
    built once.
    """

    tag: _Unpack
    short: _Unpack
    long: _Unpack
    implicit: _Unpack
    explicit: _Unpack
    seen_implicit: dict[bytes, Element]
    seen_explicit: dict[bytes, Element]

    @classmethod
    def of(cls, order: str) -> _Layout:
        tag, short, long, implicit, explicit = (
            struct.Struct(order + fields).unpack_from for fields in ("HH", "H", "L", "HHL", "HH2sH")
        )
        return cls(tag, short, long, implicit, explicit, {}, {})


_LAYOUTS: Final = (_Layout.of("<"), _Layout.of(">"))


class Parser:
    """Parses with one encoding; counts what it parsed against the limits."""

    def __init__(self, encoding: Encoding, limits: Limits) -> None:
        self._encoding, self._limits = encoding, limits
        self._layout = _LAYOUTS[encoding.big_endian]
        self.count = 0
        """Elements and items that were parsed."""
        self._without_encoding = 0

    def plain(
        self, buffer: bytes, position: int, end: int, found: DataSet, groups: tuple[int, int] = (1, PIXEL_GROUP - 1)
    ) -> int:
        """Append the run of plain elements that begins at `position` to `found`; where it ends.

        Plain is what needs no second look: a value of a known VR, no sequence, complete, of the groups from the first
        to the last given. Nine of ten elements of a header are; `element` reads the one on which a run ends.
        """
        append = found.append
        lowest, highest = groups
        before, last = len(found), end - 8
        room = range(self._limits.elements - self.count)
        if self._encoding.implicit:
            unpack, seen = self._layout.implicit, self._layout.seen_implicit
            for _ in room:
                if position > last:
                    break
                group, number, length = unpack(buffer, position)
                vr = _plain_vr(group << 16 | number)
                after = position + 8 + length
                if vr is None or after > end or not lowest <= group <= highest:
                    break
                encoded = buffer[position:after]
                append(seen.get(encoded) or _plain_element(group << 16 | number, vr, encoded, seen))
                position = after
        else:
            unpack, seen, known = self._layout.explicit, self._layout.seen_explicit, _PLAIN_VRS.get
            for _ in room:
                if position > last:
                    break
                group, number, code, length = unpack(buffer, position)
                vr = known(code)
                after = position + 8 + length
                if vr is None or after > end or not lowest <= group <= highest:
                    break
                encoded = buffer[position:after]
                append(seen.get(encoded) or _plain_element(group << 16 | number, vr, encoded, seen))
                position = after
        self.count += len(found) - before
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
        self.count += 1
        if self.count > self._limits.elements:
            raise BadInputError(Reason.TOO_LARGE, "more data elements than the limit")
        resolved = vr
        if vr == "UN" and not self._encoding.big_endian:
            resolved = vr_of(tag) or "UN"
        if length == UNDEFINED and tag == _PIXEL_DATA:
            return self._fragments(buffer, tag, resolved, value_at, end)
        if length == UNDEFINED or resolved == "SQ":
            return self._sequence(buffer, position, end, depth, tag, vr, value_at, length)
        after = value_at + length
        if after > end:
            raise IncompleteError(after - end)
        value = buffer[value_at:after]
        if resolved == "UN" and length >= 8 and value[:4] == b"\xfe\xff\x00\xe0" and not self._encoding.big_endian:
            items = self._disguised(value, depth)
            if items is not None:
                self._without_encoding += 1
                return Element(tag, "SQ", b"", items), after
        # An element that lacks its VR in an explicit encoding is written anew, with it.
        as_it_was = resolved == vr and self._has_vr(buffer, position, vr)
        if not as_it_was:
            self._without_encoding += 1
            return Element(tag, resolved, value), after
        return Element(tag, resolved, value, None, buffer[position:after]), after

    def _has_vr(self, buffer: bytes, position: int, vr: str) -> bool:
        """Whether the element's head is as its encoding asks for: the VR is there, the reserved field is empty."""
        if self._encoding.implicit:
            return True
        code = buffer[position + 4 : position + 6]
        return _VRS.get(code) == vr and (code in _PLAIN_VRS or buffer[position + 6 : position + 8] == _RESERVED)

    def pixel_element(
        self, buffer: bytes, position: int, tags: frozenset[int]
    ) -> tuple[int, str, int, int | None] | None:
        """(tag, VR, where its value begins, length or None) when the element at `position` is one of `tags`."""
        if len(buffer) - position < 8:
            raise IncompleteError
        group, number = self._layout.tag(buffer, position)
        tag = group << 16 | number
        if tag not in tags:
            return None
        _, vr, value_at, length = self._head(buffer, position, len(buffer))
        return tag, vr, value_at, None if length == UNDEFINED else length

    def _head(self, buffer: bytes, position: int, end: int) -> tuple[int, str, int, int]:
        if end - position < 8:
            raise IncompleteError
        group, number = self._layout.tag(buffer, position)
        tag: int = group << 16 | number
        if self._encoding.implicit or group == 0xFFFE:
            vr = vr_of(tag) or "UN"
            return tag, vr, position + 8, self._layout.long(buffer, position + 4)[0]
        raw = buffer[position + 4 : position + 6]
        known = _VRS.get(raw)
        if known is None:
            if not (raw.isalpha() and raw.isupper()):
                return self._implicit_head(buffer, position, tag)
            known = "UN"  # PS3.5 6.2: a VR added later has a 32-bit length
        elif known not in LONG_VRS:
            return tag, known, position + 8, self._layout.short(buffer, position + 6)[0]
        if end - position < 12:
            raise IncompleteError
        return tag, known, position + 12, self._layout.long(buffer, position + 8)[0]

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
        return tag, vr, position + 8, self._layout.long(buffer, position + 4)[0]

    def _fragments(self, buffer: bytes, tag: int, vr: str, position: int, end: int) -> tuple[Element, int]:
        """Encapsulated pixels inside an item, as an icon has them (PS3.5 A.4): to be written anew if at all.

        Raises
        ------
        IncompleteError
            When they do not end before `end`.
        BadInputError
            ``parse-error`` where they are no fragments, ``too-large`` where there are too many.
        """
        start = position
        while True:
            if end - position < 8:
                raise IncompleteError
            group, number, length = self._layout.implicit(buffer, position)
            if group << 16 | number == SEQUENCE_END:
                self._without_encoding += 1
                return Element(tag, vr, buffer[start:position]), position + 8
            if group << 16 | number != ITEM or length == UNDEFINED:
                raise BadInputError(Reason.PARSE_ERROR, "pixel data holds something else than fragments")
            self.count += 1
            if self.count > self._limits.elements:
                raise BadInputError(Reason.TOO_LARGE, "more fragments than the limit")
            position += 8 + length
            if position > end:
                raise IncompleteError(position - end)

    def _sequence(
        self, buffer: bytes, position: int, end: int, depth: int, tag: int, vr: str, value_at: int, length: int
    ) -> tuple[Element, int]:
        if depth >= self._limits.depth:
            raise BadInputError(Reason.TOO_LARGE, "sequences are nested deeper than the limit")
        if length != UNDEFINED and value_at + length > end:
            raise IncompleteError(value_at + length - end)
        stop = end if length == UNDEFINED else value_at + length
        before = self._without_encoding
        if vr == "UN" and not self._encoding.implicit:
            # PS3.5 6.2.2: the items of a sequence of unknown VR are implicit little endian.
            inner = Parser(Encoding(implicit=True), self._limits)
            inner.count = self.count
            self._without_encoding += 1
        else:
            inner = self
            self._without_encoding += not self._has_vr(buffer, position, vr)
        try:
            items, after = inner._items(buffer, value_at, stop, depth, delimited=length == UNDEFINED)
        except IncompleteError:
            if length == UNDEFINED:
                raise
            raise BadInputError(Reason.PARSE_ERROR, "an item ends after its sequence") from None
        self.count = max(self.count, inner.count)
        return Element(
            tag, "SQ", b"", items, buffer[position:after] if self._without_encoding == before else None
        ), after

    def _items(
        self, buffer: bytes, position: int, stop: int, depth: int, *, delimited: bool
    ) -> tuple[list[DataSet], int]:
        items: list[DataSet] = []
        unpack = self._layout.implicit
        while delimited or position < stop:
            if stop - position < 8:
                raise IncompleteError
            group, number, length = unpack(buffer, position)
            position += 8
            if group != _ITEM_GROUP or number != _ITEM_NUMBER:
                if delimited and group << 16 | number == SEQUENCE_END:
                    self._without_encoding += length != 0
                    return items, position
                raise BadInputError(Reason.PARSE_ERROR, "a sequence holds something else than items")
            self.count += 1
            if self.count > self._limits.elements:
                raise BadInputError(Reason.TOO_LARGE, "more items than the limit")
            item: DataSet = []
            items.append(item)
            if length == UNDEFINED:
                position = self._delimited_item(buffer, position, stop, depth, item)
                continue
            item_end = position + length
            if item_end > stop:
                raise IncompleteError(item_end - stop)
            while (position := self.plain(buffer, position, item_end, item)) < item_end:
                element, position = self.element(buffer, position, item_end, depth + 1)
                item.append(element)
        return items, position

    def _delimited_item(self, buffer: bytes, position: int, stop: int, depth: int, item: DataSet) -> int:
        """Append the elements of an item of undefined length to `item`; where it ends."""
        while True:
            position = self.plain(buffer, position, stop, item)
            if stop - position < 8:
                raise IncompleteError
            group, number, length = self._layout.implicit(buffer, position)
            if group << 16 | number == ITEM_END:
                # The length of a delimiter is zero (PS3.5 7.5.1); a sequence that has something there is written anew.
                self._without_encoding += length != 0
                return position + 8
            element, position = self.element(buffer, position, stop, depth + 1)
            item.append(element)

    def _disguised(self, value: bytes, depth: int) -> list[DataSet] | None:
        """The items of a sequence whose VR was lost (UN with a defined length), or None when it is none."""
        if depth >= self._limits.depth:
            return None
        for encoding in (Encoding(implicit=True), Encoding()):
            # Attempts that fail count, too: what is nested in them would double the work at each level.
            inner = Parser(encoding, self._limits)
            inner.count = self.count
            try:
                items, after = inner._items(value, 0, len(value), depth + 1, delimited=False)
            except IncompleteError:
                continue
            except BadInputError:
                if inner.count > self._limits.elements:
                    raise
                continue
            finally:
                self.count = inner.count
            if after == len(value):
                return items
        return None


@lru_cache(maxsize=8192)
def _plain_vr(tag: int) -> str | None:
    """The VR of a tag of an implicit data set, where its value is no sequence and its VR known."""
    vr = vr_of(tag)
    return None if vr in ("SQ", "UN") else vr


def _plain_element(tag: int, vr: str, encoded: bytes, seen: dict[bytes, Element]) -> Element:
    """An element of eight bytes and its value, remembered where it is short: no file fills the memory."""
    element = Element(tag, vr, encoded[8:], None, encoded)
    if len(encoded) <= _LONGEST_SEEN:
        if len(seen) >= _MOST_SEEN:
            seen.clear()
        seen[encoded] = element
    return element
