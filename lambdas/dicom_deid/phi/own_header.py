"""Burned-in text that repeats the instance's own header, in any order, case and spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from dicom_deid.phi.identity import HeaderIdentity, IdentityKind
from dicom_deid.phi.overlay import is_clinical
from dicom_deid.phi.own_dates import date_matches, spellings
from dicom_deid.phi.spelling import confusable, folded, similar

_NAMES: Final = frozenset({IdentityKind.PATIENT_NAME, IdentityKind.PERSON_NAME})
_NUMBERS: Final = frozenset({IdentityKind.PATIENT_ID, IdentityKind.IDENTIFIER, IdentityKind.PHONE, IdentityKind.DEVICE})
_TEXTS: Final = frozenset({IdentityKind.INSTITUTION, IdentityKind.ADDRESS})
_SEPARATORS: Final = re.compile(r"[\s^=,;./\\_()-]+")
_TITLES: Final = frozenset({"DR", "MR", "MRS", "MS", "PROF", "MISS", "MD", "PHD", "JR", "SR"})
_MARKER_WORDS: Final = 2
"""A side marker holds so many words: there an operator's code is one, even if it is an abbreviation too."""
_PARTIAL: Final = 5
"""This many characters of an identifier in a row are enough to recognise it."""


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Words (indices into the line) that repeat a header value of one kind."""

    words: tuple[int, ...]
    rule: str


@dataclass(frozen=True)
class OwnHeader:
    """One header's values, ready to be compared with lines of words."""

    identity: HeaderIdentity

    @cached_property
    def _name_parts(self) -> dict[str, str]:
        parts: dict[str, str] = {}
        for value in self.identity.values:
            if value.kind in _NAMES:
                for part in _SEPARATORS.split(value.text):
                    if len(folded(part)) >= 2 and folded(part) not in _TITLES:
                        parts.setdefault(part, value.kind.value)
        return parts

    @cached_property
    def _whole_codes(self) -> frozenset[str]:
        """Names that the header itself gives as two or three letters."""
        whole = (folded(value.text) for value in self.identity.values if value.kind in _NAMES)
        return frozenset(code for code in whole if 2 <= len(code) <= 3)

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Short forms of whole names, two or three letters: an operator's code, the initials of a person."""
        codes: dict[str, str] = {}
        for value in self.identity.values:
            if value.kind in _NAMES:
                parts = [folded(part) for part in _SEPARATORS.split(value.text)]
                parts = [part for part in parts if part and part not in _TITLES]
                letters = "".join(part[0] for part in parts)
                for code in (*parts, letters[:2], letters[:3], letters[1:2] + letters[:1]):
                    if 2 <= len(code) <= 3 and not is_clinical(code):
                        codes.setdefault(code, value.kind.value)
        return codes

    @cached_property
    def _dates(self) -> dict[str, str]:
        return spellings(self.identity.values)

    @cached_property
    def _initials(self) -> frozenset[str]:
        return frozenset(folded(part)[0] for part in self._name_parts)

    @cached_property
    def _numbers(self) -> list[tuple[str, str]]:
        return [
            (confusable(value.text), value.kind.value)
            for value in self.identity.values
            if value.kind in _NUMBERS and len(confusable(value.text)) >= 3
        ]

    @cached_property
    def _text_words(self) -> dict[str, str]:
        return {
            part: value.kind.value
            for value in self.identity.values
            if value.kind in _TEXTS
            for part in _SEPARATORS.split(value.text)
            if len(folded(part)) >= 3
        }

    def matches(self, line: Sequence[str]) -> Iterator[HeaderMatch]:
        """What of a line of words repeats the header. Initials beside a name go with it."""
        named = {index: rule for index, word in enumerate(line) if (rule := self._name_rule(word))}
        strong = {index for index in named if len(folded(line[index])) >= 3 and not is_clinical(line[index])}
        for index, rule in named.items():
            beside = {index - 1, index + 1} & set(named)
            if index in strong or beside:
                yield HeaderMatch((index,), rule)
        for index in strong:
            for other in (index - 1, index + 1):
                if 0 <= other < len(line) and self._is_initial(line[other]):
                    yield HeaderMatch((other,), named[index])
        for words, kind in date_matches(line, self._dates):
            yield HeaderMatch(words, kind)
        for index, word in enumerate(line):
            if word.strip(".,:;()").isupper() and folded(word) in self._codes:
                yield HeaderMatch((index,), self._codes[folded(word)])
            if len(line) <= _MARKER_WORDS and word.isupper() and folded(word) in self._whole_codes:
                yield HeaderMatch((index,), IdentityKind.PERSON_NAME.value)
            rule = self._number_rule(word)
            if rule:
                yield HeaderMatch((index,), rule)
        yield from self._text_matches(line)
        for index in range(len(line) - 1):
            if any(self._number_rule(word, partial=False) for word in line[index : index + 2]):
                continue
            rule = self._number_rule(line[index] + line[index + 1], partial=False)
            if rule and any(character.isdigit() for character in line[index] + line[index + 1]):
                yield HeaderMatch((index, index + 1), rule)

    def _name_rule(self, word: str) -> str | None:
        for piece in _SEPARATORS.split(word):
            for part, rule in self._name_parts.items():
                if similar(piece, part):
                    return rule
        whole = confusable(word)
        for part, rule in self._name_parts.items():
            # Words that OCR ran together still hold the name.
            if len(confusable(part)) >= 4 and confusable(part) in whole:
                return rule
        return None

    def _is_initial(self, word: str) -> bool:
        text = folded(word)
        return len(text) == 1 and text in self._initials

    def _number_rule(self, word: str, *, partial: bool = True) -> str | None:
        read = confusable(word)
        if len(read) < 3:
            return None
        for number, rule in self._numbers:
            if read == number or (len(number) >= 5 and number in read):
                return rule
            if partial and len(read) >= _PARTIAL and read in number:
                return rule
            if len(number) >= 6 and similar(read, number):
                return rule
        return None

    def _text_matches(self, line: Sequence[str]) -> Iterator[HeaderMatch]:
        """Words of institutions and addresses; those that are clinical or short only beside one that is neither."""
        found = {index: rule for index, word in enumerate(line) if (rule := self._text_rule(word))}
        strong = {index for index in found if len(folded(line[index])) >= 4 and not is_clinical(line[index])}
        for index, rule in found.items():
            if index in strong or {index - 1, index + 1} & strong:
                yield HeaderMatch((index,), rule)

    def _text_rule(self, word: str) -> str | None:
        for part, rule in self._text_words.items():
            if similar(word, part):
                return rule
        return None
