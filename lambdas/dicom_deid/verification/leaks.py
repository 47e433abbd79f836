"""Check (1): no distinctive identifier of the source is in the finished bytes, in any usual spelling or encoding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from dicom_deid.phi.identity import HeaderIdentity, IdentityKind, IdentityValue
from dicom_deid.phi.overlay import is_clinical

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
_ENCODINGS: Final = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "euc_kr", "gb18030", "iso8859-5")
_MIN: Final = 4
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
    return frozenset(text for text in found if len(text) >= _MIN and text.lower() not in _GENERIC)


def leaks(stream: BinaryIO, strings: Iterable[str]) -> int:
    """How many of the strings occur in the stream, as words of their own, ignoring the case of ASCII letters.

    The stream is read once, block by block.
    """
    wanted = _patterns(strings)
    if wanted is None:
        return 0
    seen: set[bytes] = set()
    stream.seek(0)
    tail = b""
    while block := stream.read(_BLOCK):
        window = (tail + block).lower()
        seen.update(match[0] for match in wanted.finditer(window))
        tail = block[-_LONGEST:]
    return len(seen)


def _strings(value: IdentityValue) -> Iterator[str]:
    if value.kind in _NAMES:
        parts = [part for part in re.split(r"[\s^=,.]+", value.text) if part]
        yield from (part for part in parts if not is_clinical(part))
        if len(parts) > 1:
            yield "^".join(parts)
            yield " ".join(parts)
    elif value.kind in _WHOLE:
        text = value.text.strip()
        if any(character.isdigit() for character in text) and (len(text) > _MIN or not text.isdigit()):
            yield text
    elif value.kind in _WORDS:
        yield value.text.strip()


def _patterns(strings: Iterable[str]) -> re.Pattern[bytes] | None:
    encoded: set[bytes] = set()
    for text in strings:
        for encoding in _ENCODINGS:
            try:
                encoded.add(text.encode(encoding).lower())
            except UnicodeEncodeError:
                continue
    if not encoded:
        return None
    alternatives = b"|".join(re.escape(text) for text in sorted(encoded, key=lambda text: (-len(text), text)))
    return re.compile(rb"(?<![a-z0-9])(?:" + alternatives + rb")(?![a-z0-9])")
