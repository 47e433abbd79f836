"""What an object itself calls its people by, looked for in everything that is to stay.

A rule keeps what is of the right form: a record number entered as Series Number is a number, a surname entered as a
station's name is the text that Retain Device Identity keeps. The header says who the patient is, so that a value which
says it again is known for what it is, in whatever element and under whatever option.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import is_
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import combining, normalize

from dicom_deid.header import attributes, charset, codes, dates, outside
from dicom_deid.header.descriptors import clean_text
from dicom_deid.header.profiles import Action, Profile, basic_action
from dicom_deid.header.tables import attribute_rules
from dicom_deid.header.uids import is_structural
from dicom_deid.header.values import TEXT_VRS, dummy
from dicom_deid.header.vocabulary import WordKind, code_string_terms, kind_of
from dicom_deid.part10.elements import DataSet, Element, Header

if TYPE_CHECKING:
    from dicom_deid.header.cleaning import Cleaner

WARNING: Final = "own-identifier-repeated"
_NAMES: Final = frozenset(
    {0x00080090, 0x0008009C, 0x00081048, 0x00081050, 0x00081060, 0x00081070, 0x00100010, 0x00101001, 0x00101005}
    | {0x00101060, 0x00102297, 0x00321032, 0x00400006}
)
_NUMBERS: Final = frozenset(
    {0x00080050, 0x00100020, 0x00100030, 0x00101000, 0x00101050, 0x00101090, 0x00102154, 0x00102155, 0x00200010}
    | {0x00380010, 0x00401001, 0x00402016, 0x00402017}
)
"""Record, accession, insurance, order and telephone numbers, and the day of birth."""
_HARVESTED: Final = _NAMES | _NUMBERS
_SEQUENCES: Final = frozenset({0x00101002, 0x00400275})
"""Other Patient IDs, Request Attributes: each of their items names the same patient or order again."""
_STATING: Final = tuple(sorted(_HARVESTED | _SEQUENCES))
_WAVEFORMS, _WAVEFORM_DATA = 0x54000100, 0x54001010
_NOT_SEARCHED: Final = _HARVESTED | {_WAVEFORM_DATA}
"""What is left of those harvested is a pseudonym, or what an override keeps; samples are as good as pixels."""
_NAME_BREAK: Final = re.compile(r"[\s^=,.\\()]+")
_SIGNS: Final = re.compile(r"[\s+()./-]+")
_ESCAPE: Final = re.compile(rb"\x1b(?:[$(),.-]|\$\))[@-~]\Z")
"""An escape sequence, after which a word begins though it ends in a letter (PS3.5 6.1.2.5)."""
_ESCAPE_BYTES: Final = 4
_GENERIC: Final = frozenset({"anonymized", "anonymised", "anonymous", "hospital", "clinic", "name", "deidentified"})
"""Words in the place of a name that name nobody, beside those of the vocabulary."""
_SHORTEST_NAME, _SHORTEST_WORD, _SHORTEST_NUMBER, _SHORTEST_MIXED, _SHORTEST_IN_NUMBERS = 4, 3, 5, 4, 6
"""Characters from which on a name, one in a typed text, a number, an identifier of letters and digits, and anything in
a decimal or among the bytes of binary numbers is no coincidence."""
_MOST: Final = 64
_NAMES_TOO: Final = frozenset({WordKind.NEIGHBOUR, WordKind.SOLO})
_TYPED: Final = frozenset({0x0040A160, 0x00700006})
"""Text values of reports and of graphic annotations, typed as what Clean Descriptors cleans is."""
_DAY: Final = re.compile(rb"(?:19|20)[0-9]{6}")
"""A day as a component of a UID: that of the scan far more often than that of the birth, and they may be one."""
_SEARCHED: Final = (TEXT_VRS - dates.VRS) | outside.NUMERIC_VRS | {"OB", "OW", "UI"}
"""VRs that are looked into. Dates follow their own rules: a child is born on the day of its first image."""


class OwnIdentifiers(NamedTuple):
    """The names and numbers of a header's people that a profile does not keep, encoded, in lower case."""

    identifiers: tuple[bytes, ...]
    """What is no word of the vocabulary: it goes from everywhere."""
    words: tuple[bytes, ...]
    """Names that are words of the vocabulary too (``White``): they go from what somebody typed."""


def stated_by(header: Header, profile: Profile, codecs: tuple[str, ...]) -> OwnIdentifiers:
    """What the header calls its people by."""
    stated = header.among(_STATING)
    for sequence in [element for element in stated if element.items]:
        stated += [element for item in sequence.items or [] for element in item if element.tag in _HARVESTED]
    overrides = profile.overrides
    if overrides:
        stated = [element for element in stated if overrides.get(element.tag) is not Action.KEEP]
    names_and_numbers = tuple([(element.tag in _NAMES, element.value) for element in stated])
    short = sum([len(value) for _, value in names_and_numbers]) <= _LONGEST
    return (_spelled_short if short else _spelled)(names_and_numbers, codecs)


def _spelled(stated: tuple[tuple[bool, bytes], ...], codecs: tuple[str, ...]) -> OwnIdentifiers:
    found: set[bytes] = set()
    words: set[bytes] = set()
    for is_name, value in stated:
        for text in charset.decode(value, "PN" if is_name else "LO", codecs):
            for spelling in _forms_of_name(text) if is_name else _forms_of_number(text):
                kind = kind_of(spelling) if is_name else None
                if kind in _NAMES_TOO and len(spelling) >= _SHORTEST_WORD:
                    words.add(spelling.lower().encode())
                elif not is_name or (kind is None and _is_distinctive(spelling)):
                    found.add(charset.encode([spelling], codecs).lower())
                    found.add(spelling.encode().lower())
    # The longest first: no file makes the search of a header long by calling its people by thousands of names.
    return OwnIdentifiers(tuple(sorted(found, key=_by_length)[:_MOST]), tuple(sorted(words, key=_by_length)[:_MOST]))


_LONGEST: Final = 512
_spelled_short: Final = lru_cache(maxsize=512)(_spelled)
"""The objects of a study call their people alike."""


def _by_length(text: bytes) -> tuple[int, bytes]:
    return -len(text), text


def _is_distinctive(part: str) -> bool:
    """Whether a part of a name, no word of the vocabulary, names somebody."""
    enough = len(part) >= (_SHORTEST_NAME if part.isascii() else _SHORTEST_NAME // 2)
    return enough and not (part.lower() in _GENERIC or part.upper() in code_string_terms() or part.isdigit())


def _forms_of_name(text: str) -> Iterator[str]:
    for part in _NAME_BREAK.split(text):
        plain = "".join(letter for letter in normalize("NFKD", part) if not combining(letter))
        yield from {part, plain, plain.replace("'", "").replace("-", ""), *plain.split("-")}


def _forms_of_number(text: str) -> Iterator[str]:
    for form in {text, _SIGNS.sub("", text), _SIGNS.sub("", text).lstrip("0")}:
        digits = sum(character.isdigit() for character in form)
        if digits and len(form) >= (_SHORTEST_NUMBER if form.isdigit() else _SHORTEST_MIXED):
            yield form


def without(dataset: DataSet, own: OwnIdentifiers, cleaner: Cleaner) -> DataSet:
    """The redacted data set without whatever repeats one of them; itself where nothing does.

    An element of the table takes the Basic Profile's action, a private one goes, any other is emptied, or filled where
    it may not be empty. A typed text loses the word alone where it is one that others are called by, too.
    """
    if not (own.identifiers or own.words):
        return dataset
    content = b"\0".join(_contents(dataset)).lower()
    for spelling in (*own.identifiers, *own.words):
        if spelling in content:
            return _Search(own, cleaner).without(dataset)
    return dataset


def _contents(dataset: DataSet) -> list[bytes]:
    contents = [element.value for element in dataset if element.tag != _WAVEFORM_DATA]
    for sequence in [element for element in dataset if element.items]:
        if sequence.encoded is not None and sequence.tag != _WAVEFORMS:
            contents.append(sequence.encoded)
        else:
            for item in sequence.items or []:
                contents += _contents(item)
    return contents


class _Search:
    """Goes through a data set in which something was found."""

    def __init__(self, own: OwnIdentifiers, cleaner: Cleaner) -> None:
        self._own, self._cleaner = own, cleaner
        words = "|".join(re.escape(word.decode("ascii")) for word in own.words)
        self._words = re.compile(rf" *(?<![a-z0-9])(?:{words})(?![a-z0-9])" if words else "(?!)", re.IGNORECASE)

    def without(self, dataset: DataSet) -> DataSet:
        """The data set, or an item; itself where nothing is found in it."""
        if codes.is_code_item(dataset) and any(e.tag in codes.PARTS and self._repeats(e) for e in dataset):
            self._cleaner.warn(WARNING)
            dataset = codes.keyed(dataset, self._cleaner)
        kept = [element for source in dataset if (element := self._treated(source)) is not None]
        return dataset if len(kept) == len(dataset) and all(map(is_, kept, dataset)) else kept

    def _treated(self, element: Element) -> Element | None:
        if element.items is not None:
            items = [self.without(item) for item in element.items]
            return element if all(map(is_, items, element.items)) else Element(element.tag, "SQ", b"", items)
        if self._repeats(element):
            self._cleaner.warn(WARNING)
            self._cleaner.count(Action.DUMMY)
            return None if element.is_private else _replaced(element, self._cleaner)
        typed = element.tag in _TYPED or self._cleaner.profile.action_of(element.tag) is Action.CLEAN_TEXT
        return self._without_words(element) if typed and element.vr in TEXT_VRS else element

    def _repeats(self, element: Element) -> bool:
        if element.vr not in _SEARCHED or element.tag in _NOT_SEARCHED:
            return False
        own, content = self._own.identifiers, element.value.lower()
        if element.vr == "UI":
            own = tuple(text for text in own if not _DAY.fullmatch(text))
            content = b"\\".join(uid for uid in content.split(b"\\") if not _is_known(element.tag, uid))
        elif element.vr == "DS" or element.vr not in TEXT_VRS:
            own = tuple(text for text in own if len(text) >= _SHORTEST_IN_NUMBERS)
        if element.vr == "DS":
            # A record number is a whole number; that a fraction has its digits is a coincidence (0.661468 mm).
            return any(value.strip(b" \0") in own for value in content.split(b"\\") if b"." not in value)
        return any(_stands_alone(text, content) for text in own)

    def _without_words(self, element: Element) -> Element | None:
        texts = self._cleaner.text(element)
        left = [clean_text(self._words.sub("", text)) if self._words.search(text) else text for text in texts]
        if left == texts:
            return element
        self._cleaner.warn(WARNING)
        self._cleaner.count(Action.CLEAN_TEXT)
        return self._cleaner.with_text(element, left) if any(left) else _replaced(element, self._cleaner)


def _is_known(tag: int, uid: bytes) -> bool:
    return is_structural(tag, uid.strip(b" \0").decode("ascii", "replace"))


def _stands_alone(text: bytes, content: bytes) -> bool:
    """Whether a text stands in the content as it is: no letter goes on with its letters, no digit with its digits."""
    place = content.find(text)
    while place >= 0:
        before, end = content[max(0, place - _ESCAPE_BYTES) : place], place + len(text)
        begins = not _goes_on(before[-1:], text[:1]) or _ESCAPE.search(before)
        if begins and not _goes_on(text[-1:], content[end : end + 1]):
            return True
        place = content.find(text, place + 1)
    return False


def _goes_on(first: bytes, second: bytes) -> bool:
    return (first.isdigit() and second.isdigit()) or (first.isalpha() and second.isalpha())


def _replaced(element: Element, cleaner: Cleaner) -> Element | None:
    tag, vr = element.tag, element.vr
    if vr == "UI":
        uids = cleaner.text(element)
        return cleaner.with_text(element, [u if is_structural(tag, u) else cleaner.pseudonymiser.uid(u) for u in uids])
    if f"{tag:08X}" in attribute_rules():
        return attributes.BY_ACTION[basic_action(tag)](element, cleaner)
    filler = outside.filler_for(tag)
    if filler is outside.Filler.KEYED:
        return cleaner.with_text(element, [attributes.label(text, cleaner) for text in cleaner.text(element)])
    return Element(tag, vr, dummy(vr) if filler is outside.Filler.DUMMY else b"")
