"""A test double of the engine: what `header.cleaning.Cleaner` promises, with rules that a test can predict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dicom_deid.header.codes import clean_code_item, is_code_item
from dicom_deid.header.profiles import Option, Profile
from dicom_deid.part10.elements import DataSet, Element
from dicom_deid.pseudonyms import Pseudonymiser

LATIN = "latin-1"


class PlainCleaner:
    """Keeps every element, remaps every UID, moves every date to 2000-01-01; codes by the real rule."""

    def __init__(self, *options: Option) -> None:
        self.profile = Profile(name="test", options=frozenset(options))
        self.pseudonymiser = Pseudonymiser(bytes(range(32)), "test")
        self.counts: Counter[str] = Counter()
        self.codecs = (LATIN,)
        self.warnings: set[str] = set()

    def text(self, element: Element) -> list[str]:
        """Values without padding."""
        return [value.strip(" ") for value in element.value.partition(b"\0")[0].decode(LATIN).split("\\")]

    def with_text(self, element: Element, values: Sequence[str]) -> Element:
        """Encoded as Latin-1."""
        return Element(element.tag, element.vr, "\\".join(values).encode(LATIN))

    def redact(self, dataset: DataSet) -> DataSet:
        """Codes cleaned, everything else as it was."""
        if is_code_item(dataset):
            return clean_code_item(dataset, self)
        return [
            Element(e.tag, e.vr, e.value, [self.redact(item) for item in e.items]) if e.items is not None else e
            for e in dataset
        ]

    def uid(self, uid: str) -> str:
        """The real pseudonym."""
        return self.pseudonymiser.uid(uid)

    def shift(self, element: Element) -> Element | None:
        """A date that tells that it was moved."""
        return self.with_text(element, ["20000101"])

    def warn(self, warning: str) -> None:
        """Remembered, for tests that look."""
        self.warnings.add(warning)

    def count(self, action: str) -> None:
        """Counted, for tests that look."""
        self.counts[action] += 1


def text(tag: int, vr: str, value: str) -> Element:
    """An element of text."""
    return Element(tag, vr, value.encode(LATIN))


def sequence(tag: int, *items: DataSet) -> Element:
    """A sequence of items."""
    return Element(tag, "SQ", b"", list(items))


def code(value: str, scheme: str, meaning: str) -> DataSet:
    """A coded entry."""
    return [text(0x00080100, "SH", value), text(0x00080102, "SH", scheme), text(0x00080104, "LO", meaning)]


def values(dataset: DataSet) -> dict[int, str]:
    """Tag to text of the elements that are no sequences."""
    return {element.tag: element.value.decode(LATIN) for element in dataset if element.items is None}
