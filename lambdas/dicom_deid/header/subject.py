"""Whose object it is: the subject whose dates move together, the UIDs of the output, and the keyed identifiers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from dicom_deid.header import charset, own_identifiers
from dicom_deid.header.own_identifiers import OwnIdentifiers
from dicom_deid.part10.elements import DataSet, Element, Header
from dicom_deid.pseudonyms import MADE_UP, Pseudonymiser

if TYPE_CHECKING:
    from dicom_deid.header.profiles import Profile

STUDY: Final = 0x0020000D
SERIES: Final = 0x0020000E
INSTANCE: Final = 0x00080018
CLASS: Final = 0x00080016
_OWN_UIDS: Final = (INSTANCE, STUDY, SERIES)
_ISSUER: Final = 0x00100021
_PATIENT_NAME: Final = 0x00100010
_PATIENT_ID: Final = 0x00100020
_ACCESSION: Final = 0x00080050
_STUDY_ID: Final = 0x00200010


class Subject:
    """The identity of one object as pseudonyms: what replaces its identifiers, and what names the output."""

    def __init__(self, header: Header, profile: Profile, pseudonymiser: Pseudonymiser) -> None:
        self._header, self._profile, self._pseudonymiser = header, profile, pseudonymiser
        specific = header.find(charset.SPECIFIC_CHARACTER_SET)
        self._codecs = charset.encodings(specific.value if specific else b"")
        patient = self._first(_PATIENT_ID)
        self.known = bool(patient)
        """Whether the object says whose it is; where it does not, its study is the subject."""
        self._sources = {tag: self._first(tag) for tag in (CLASS, *_OWN_UIDS)}
        self.key = self._within_authority(patient) if patient else f"study/{self._sources[STUDY]}"
        self._outputs = {tag: self._output(tag) for tag in _OWN_UIDS}

    def source_uid(self, tag: int) -> str:
        """A UID of the source's top level, without padding; empty where there is none."""
        return self._sources[tag]

    def output_uid(self, tag: int) -> str:
        """Its pseudonym, always: names and keys of outputs are pseudonymous even under Retain UIDs.

        An object that lacks its own UID gets one made from its content, so that no two objects share it.
        """
        return self._outputs[tag]

    @property
    def lacks_uid(self) -> bool:
        """Whether the object lacks one of the three UIDs that name it."""
        return not all(self._sources[tag] for tag in _OWN_UIDS)

    def _output(self, tag: int) -> str:
        source = self._sources[tag]
        if source:
            return self._pseudonymiser.uid(source)
        content = self._digest() if tag == INSTANCE else f"{self.key}/{self._sources[STUDY]}"
        return self._pseudonymiser.uid(f"{MADE_UP}{tag:08X}/{content}")

    def missing_uids(self) -> DataSet:
        """The three UIDs that name an object (Type 1 in every IOD), for an object that lacks them."""
        return [Element(tag, "UI", self.output_uid(tag).encode("ascii")) for tag in _OWN_UIDS if not self._sources[tag]]

    def identifiers(self) -> DataSet:
        """Keyed identifiers in place of those that were there (PS3.15 E.1: Z allows a dummy value).

        What was empty stays empty, what was absent stays absent. The study's identifier follows its UID, so that it
        does not repeat among patients.
        """
        found: DataSet = []
        for tag, vr, kind, source in (
            (_PATIENT_NAME, "PN", "patient", self.key),
            (_PATIENT_ID, "LO", "patient", self.key),
            (_ACCESSION, "SH", "accession", self._first(_ACCESSION)),
            (_STUDY_ID, "SH", "study", self._sources[STUDY]),
        ):
            element = self._header.find(tag)
            if element is None or tag in self._profile.overrides:
                continue
            value = self._pseudonymiser.identifier(source, kind) if element.value.strip(b"\0 ") else ""
            found.append(Element(tag, vr, value.encode("ascii")))
        return found

    def own_identifiers(self) -> OwnIdentifiers:
        """The names and numbers of the object's people, as whatever stays is searched for them."""
        return own_identifiers.stated_by(self._header, self._profile, self._codecs)

    def patient_pairs(self) -> tuple[tuple[str, str], ...]:
        """The patient's identifier and its pseudonym, for the custodian's mapping alone; none where there is none."""
        if not self.known or _PATIENT_ID in self._profile.overrides:
            return ()
        return ((self._first(_PATIENT_ID), self._pseudonymiser.identifier(self.key, "patient")),)

    def _within_authority(self, patient: str) -> str:
        """The patient's identifier, told apart by the issuers the profile names; any other issuer is the first one.

        Files of one patient may lack the issuer: it must not split the patient in two.
        """
        others = self._profile.issuers[1:]
        issuer = self._first(_ISSUER) if others else ""
        return f"{issuer}\0{patient}" if issuer in others else patient

    def _first(self, tag: int) -> str:
        element = self._header.find(tag)
        return charset.decode(element.value, element.vr, self._codecs)[0].strip() if element is not None else ""

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for element in self._header.dataset:
            digest.update(element.tag.to_bytes(4, "big") + (element.encoded or element.value))
        return digest.hexdigest()
