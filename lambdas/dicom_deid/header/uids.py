"""Which UIDs name a kind of thing and stay, and which name a thing and get a pseudonym."""

from __future__ import annotations

from typing import Final

_REGISTERED: Final = "1.2.840.10008."
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
    }
)
"""Elements that name a SOP class or a transfer syntax: removing or changing them breaks the object."""


def is_structural(tag: int, uid: str) -> bool:
    """Whether the UID stays: it is registered by the standard, or it names a class in its place."""
    return not uid or uid.startswith(_REGISTERED) or tag in STRUCTURAL
