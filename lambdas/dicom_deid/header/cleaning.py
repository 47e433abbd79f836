"""What the redaction engine offers to the rules that look inside a data set (codes, reports, graphics, text)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dicom_deid.header.profiles import Profile
    from dicom_deid.part10.elements import DataSet, Element
    from dicom_deid.pseudonyms import Pseudonymiser


class Cleaner(Protocol):
    """One redaction under way: profile, pseudonyms, character set, and the general rules to recurse with."""

    @property
    def profile(self) -> Profile:
        """The profile in force."""

    @property
    def pseudonymiser(self) -> Pseudonymiser:
        """Keyed pseudonyms of the profile's domain."""

    @property
    def codecs(self) -> tuple[str, ...]:
        """The codecs of the character set in force."""

    def text(self, element: Element) -> list[str]:
        """The element's values, decoded by the character set in force, without padding; text after a NULL is gone."""

    def with_text(self, element: Element, values: Sequence[str]) -> Element:
        """The element with other values, encoded in the same character set; `encoded` is None."""

    def redact(self, dataset: DataSet) -> DataSet:
        """An item of a kept sequence, redacted by the general rules at any depth; itself where all of it stays."""

    def uid(self, uid: str) -> str:
        """The pseudonym of a UID, or the UID itself where it is structural or registered (or UIDs are retained)."""

    def shift(self, element: Element) -> Element | None:
        """A DA, DT or TM element by the profile's rule for patient-related dates; None where it is to be removed."""

    def warn(self, warning: str) -> None:
        """Report a stable code of what was repaired or refused."""

    def count(self, action: str) -> None:
        """Count one element under an action code, for the report."""
