"""Comparing what OCR read with what a header says: one spelling for look-alike characters, and a bounded distance."""

from __future__ import annotations

import unicodedata

_LOOK_ALIKE = str.maketrans(
    {"0": "O", "1": "I", "L": "I", "|": "I", "!": "I", "5": "S", "$": "S", "8": "B", "6": "G", "2": "Z"}
)


def folded(text: str) -> str:
    """Upper case letters and digits only, without accents."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    return "".join(character for character in plain.upper() if character.isalnum())


def confusable(text: str) -> str:
    """The folded text with look-alikes made one: 0 and O, 1 and I and L, 5 and S, 8 and B, 6 and G, 2 and Z."""
    return folded(text).translate(_LOOK_ALIKE)


def within(a: str, b: str, distance: int) -> bool:
    """Whether the edit distance of two short strings is at most `distance`."""
    if abs(len(a) - len(b)) > distance:
        return False
    if a == b:
        return True
    previous = list(range(len(b) + 1))
    for row, left in enumerate(a, start=1):
        current = [row]
        for column, right in enumerate(b, start=1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (left != right)))
        if min(current) > distance:
            return False
        previous = current
    return previous[-1] <= distance


def similar(read: str, known: str) -> bool:
    """Whether a word that OCR read is a known word: look-alikes are equal, longer words may have an error or two."""
    a, b = confusable(read), confusable(known)
    if len(b) < 3 or len(a) < 3:
        return a == b and bool(a)
    allowed = 0 if len(b) < 5 else 1 if len(b) < 9 else 2
    return within(a, b, allowed)
