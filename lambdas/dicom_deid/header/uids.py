"""Which UIDs name a kind of thing and stay, and which name a thing and get a pseudonym."""

from __future__ import annotations

import re
from typing import Final

from dicom_deid.part10.standard_tables import UIDS

_REGISTERED: Final = "1.2.840.10008."
_FORM: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
STRUCTURAL: Final = frozenset(
    {
        0x00020002,
        0x00020010,
        0x00041510,
        0x00041512,
        0x0008001A,
        0x00080016,
        0x0008001B,
        0x00080062,
        0x00081150,
        0x0008115A,
        0x00083002,
        0x04000010,
    }
)
"""Elements that name a SOP class or a transfer syntax: removing or changing them breaks the object."""


_LONGEST_CLASS: Final = 40
_CLASS_FORM: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})*", re.ASCII)
"""Every SOP class and transfer syntax, those of vendors too: no room for a date, a serial number or a UUID."""


def is_structural(tag: int, uid: str) -> bool:
    """Whether the UID stays: the standard registered it, or it names a class in the place of one.

    A UID that merely begins like a registered one names an instance and is none of the standard's; what has not the
    form of a UID is a text.
    """
    if not uid:
        return True
    if tag in STRUCTURAL:
        return names_a_class(uid)
    return uid.startswith(_REGISTERED) and uid in UIDS


def names_a_class(uid: str) -> bool:
    """Whether the UID has the form of those that name SOP classes and transfer syntaxes."""
    return len(uid) <= _LONGEST_CLASS and _CLASS_FORM.fullmatch(uid) is not None


def is_uid(value: str) -> bool:
    """Whether it has the form of a UID (PS3.5 9.1)."""
    return len(value) <= 64 and _FORM.fullmatch(value) is not None
