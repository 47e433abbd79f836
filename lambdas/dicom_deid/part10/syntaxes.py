"""Transfer syntaxes (PS3.5 section 10, PS3.6 A): how each encodes its data set and pixel data."""

from __future__ import annotations

from typing import Final

from dicom_deid.part10.elements import Encoding
from dicom_deid.part10.standard_tables import UIDS

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"

_NATIVE: Final = {
    IMPLICIT_LITTLE: Encoding(implicit=True),
    EXPLICIT_LITTLE: Encoding(),
    DEFLATED: Encoding(deflated=True),
    EXPLICIT_BIG: Encoding(big_endian=True),
}


def encoding_of(transfer_syntax: str) -> Encoding:
    """The data set encoding; every encapsulated syntax is explicit little endian (PS3.5 A.4)."""
    return _NATIVE.get(transfer_syntax, Encoding())


def is_registered(transfer_syntax: str) -> bool:
    """Whether the standard registered it as a transfer syntax (PS3.6 A): anything else may be a text."""
    entry = UIDS.get(transfer_syntax)
    return entry is not None and entry[1] == "Transfer Syntax"


def is_native(transfer_syntax: str) -> bool:
    """Whether pixel data is not encapsulated."""
    return transfer_syntax in _NATIVE
