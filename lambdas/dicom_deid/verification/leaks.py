"""Check (1): no distinctive identifier of the source is in the finished bytes, in any usual spelling or encoding."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from dicom_deid.phi.identity import HeaderIdentity, IdentityKind, IdentityValue
from dicom_deid.phi.overlay import is_clinical
from dicom_deid.verification.objects import ParsedObject

_NAMES: Final = frozenset({IdentityKind.PATIENT_NAME, IdentityKind.PERSON_NAME})
_WHOLE: Final = frozenset(
    {IdentityKind.PATIENT_ID, IdentityKind.IDENTIFIER, IdentityKind.PHONE, IdentityKind.DEVICE, IdentityKind.BIRTH_DATE}
)
_WORDS: Final = frozenset({IdentityKind.INSTITUTION, IdentityKind.ADDRESS})
# Words that name nobody, and manufacturers, which some sites enter as their institution.
_GENERIC: Final = frozenset(
    {"anonymized", "anonymised", "anonymous", "anon", "unknown", "none", "test", "patient", "name", "phantom"}
    | {"deidentified", "hospital", "clinic"}
    | {"siemens", "philips", "toshiba", "canon", "hitachi", "fujifilm", "agfa", "hologic", "carestream", "samsung"}
)
_UTF_16: Final = ("utf-16-le", "utf-16-be")
_ENCODINGS: Final = (
    *("utf-8", "latin-1", *_UTF_16, *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)), "tis-620"),
    *("shift_jis", "iso2022_jp_1", "euc_kr", "gb18030"),
)
"""Those of PS3.3 C.12.1.1.2 (Korean and simplified Chinese have the same bytes with escapes as without), and UTF-16."""
_TO_ASCII: Final = b"\x1b(B"
"""How Python ends a Japanese text; a file may go on otherwise (PS3.5 6.1.2.5.3)."""
_MIN: Final = 4
_SURE: Final = 8
"""So long a string does not occur by chance in pixel data, not even as one of 16-bit values."""
_BLOCK: Final = 4 * 1024 * 1024
_LONGEST: Final = 512


def distinctive(identity: HeaderIdentity, kept: frozenset[IdentityKind] = frozenset()) -> frozenset[str]:
    """The strings that must not be found: name parts, identifiers and addresses that no common word equals.

    `kept` are kinds that the profile keeps on purpose.
    """
    found: set[str] = set()
    for value in identity.values:
        if value.kind not in kept:
            found.update(_strings(value))
    return frozenset(text for text in found if len(text.encode()) >= _MIN and text.lower() not in _GENERIC)


def leaks(parsed: ParsedObject, strings: Collection[str]) -> int:
    """How many of the strings occur in the object, as words of their own, ignoring the case of ASCII letters.

    A deflated object is searched inflated. Pixel data is as good as random, and any four letters stand somewhere in a
    gigabyte of it: there, only strings of at least eight bytes count; what precedes the entropy-coded data of a frame,
    and what follows it, is searched for all of them.
    """
    every, long = _pattern(strings, _MIN), _pattern(strings, _SURE)
    seen: set[bytes] = set()
    parsed.stream.seek(0)
    seen.update(_found(every, parsed.stream.read(parsed.pixel_offset)))
    tail = b""
    while block := parsed.stream.read(_BLOCK):
        seen.update(_found(long, tail + block))
        tail = block[-_LONGEST:]
    if every is not None and parsed.transfer_syntax.is_encapsulated and parsed.has_pixels:
        for frame in parsed.encoded_frames():
            seen.update(_found(every, _around_the_code(frame)))
    return len(seen)


def _found(pattern: re.Pattern[bytes] | None, content: bytes) -> Iterator[bytes]:
    return (match[0] for match in pattern.finditer(content.lower())) if pattern is not None else iter(())


def _around_the_code(frame: bytes) -> bytes:
    """What of a frame is not entropy-coded: before its first scan or tile, and behind its end (T.81 B.1, T.800 A.2)."""
    scan = {b"\xff\xd8": b"\xff\xda", b"\xff\x4f": b"\xff\x90"}.get(frame[:2])
    if scan is None:
        return b""
    begin, end = frame.find(scan), frame.rfind(b"\xff\xd9")
    return frame[: begin if begin >= 0 else None] + b"\0" + frame[end + 2 :]


def _strings(value: IdentityValue) -> Iterator[str]:
    if value.kind in _NAMES:
        for group in value.text.split("="):
            parts = [part for part in re.split(r"[\s^,.]+", group) if part]
            yield from (part for part in parts if not is_clinical(part))
            if len(parts) > 1:
                yield "^".join(parts)
                yield " ".join(parts)
                if not group.isascii():
                    # Names of one and two characters are written together.
                    yield "".join(parts)
    elif value.kind in _WHOLE:
        text = value.text.strip()
        if any(character.isdigit() for character in text) and (len(text) > _MIN or not text.isdigit()):
            yield text
    elif value.kind in _WORDS:
        yield value.text.strip()


def _pattern(strings: Iterable[str], least: int) -> re.Pattern[bytes] | None:
    """The strings in every encoding in which they have that many bytes; of 16-bit characters, that many."""
    words: set[bytes] = set()
    parts: set[bytes] = set()
    for text in strings:
        # The case of ASCII letters is ignored anyway. Scripts without blanks have no words to end.
        found = words if text[0].isascii() and text[-1].isascii() else parts
        for spelling in {text, text.upper(), text.lower()}:
            for encoding in _ENCODINGS:
                try:
                    encoded = spelling.encode(encoding).removesuffix(_TO_ASCII).lower()
                except UnicodeEncodeError:
                    continue
                if (len(text) if encoding in _UTF_16 else len(encoded)) >= least:
                    found.add(encoded)
    alternatives = []
    if words:
        alternatives.append(rb"(?<![a-z0-9])" + _any_of(words) + rb"(?![a-z0-9])")
    if parts:
        alternatives.append(_any_of(parts))
    return re.compile(b"|".join(alternatives)) if alternatives else None


def _any_of(texts: Iterable[bytes]) -> bytes:
    return b"(?:" + b"|".join(re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text))) + b")"
