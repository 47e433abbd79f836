"""Text of data elements by Specific Character Set (PS3.5 6.1), decoded only where a rule must look at it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from dicom_deid.header.values import SINGLE_VALUED

SPECIFIC_CHARACTER_SET: Final = 0x00080005
_BY_CHARACTER_SET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose characters Specific Character Set governs; all others are ASCII."""


_COMMON: Final[Mapping[bytes, tuple[str, ...]]] = {
    b"": ("iso8859",),
    b"ISO_IR 100": ("latin_1",),
    b"ISO_IR 192": ("UTF8",),
}
"""Values of nearly all objects, as `pydicom.charset` has them: it is imported for the others alone."""


@lru_cache(maxsize=64)
def encodings(value: bytes) -> tuple[str, ...]:
    """Python codecs for a value of (0008,0005); Latin-1 where it is not understood, which loses no byte.

    An unknown term is a text of the file: pydicom would log it.
    """
    common = _COMMON.get(value.strip(b"\0 "))
    if common is not None:
        return common
    if not is_known(value):
        return ("latin-1",)
    from pydicom.charset import convert_encodings

    terms = [part.strip() for part in value.decode("ascii", "replace").strip("\0 ").split("\\")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(convert_encodings(terms if len(terms) > 1 else terms[0]))
    except (LookupError, ValueError):
        return ("latin-1",)


def is_known(value: bytes) -> bool:
    """Whether it is a value of (0008,0005) that PS3.3 C.12.1.1.2 defines; anything else is a text."""
    if value.strip(b"\0 ") in _COMMON:
        return True
    from pydicom.charset import python_encoding

    return all(term.strip(" ") in python_encoding for term in value.decode("latin-1").strip("\0 ").split("\\"))


def decode(value: bytes, vr: str, codecs: Sequence[str]) -> list[str]:
    """The values of a text element, without padding; what follows a NULL is no part of a value."""
    raw = value.partition(b"\0")[0]
    if vr not in _BY_CHARACTER_SET or (raw.isascii() and b"\x1b" not in raw):
        text = raw.decode("latin-1")
    else:
        from pydicom.charset import decode_bytes

        delimiters = {ord(character) for character in ("\\^=" if vr == "PN" else "\\")}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                text = decode_bytes(raw, list(codecs), delimiters)
        except (LookupError, ValueError):
            text = raw.decode("latin-1")
    if "\\" not in text or vr in SINGLE_VALUED:
        return [text.strip(" ")]
    return [part.strip(" ") for part in text.split("\\")]


def encode(values: Sequence[str], codecs: Sequence[str]) -> bytes:
    """The values in the same character set; a character that it cannot hold becomes a question mark."""
    text = "\\".join(values)
    if text.isascii():
        return text.encode("ascii")
    from pydicom.charset import encode_string

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return encode_string(text, list(codecs))
        except (LookupError, ValueError):
            return text.encode("ascii", "replace")
