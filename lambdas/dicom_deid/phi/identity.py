"""The identity an instance's own header states: what burned-in text is first compared with, and what must not leak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dicom_deid.header import charset
from dicom_deid.part10.elements import DataSet, Header
from dicom_deid.part10.reader import find


class IdentityKind(StrEnum):
    """What a header value identifies; names are matched in every order, dates in every format, identifiers in part."""

    PATIENT_NAME = "patient-name"
    PERSON_NAME = "person-name"
    PATIENT_ID = "patient-id"
    IDENTIFIER = "identifier"
    BIRTH_DATE = "birth-date"
    DATE = "date"
    TIME = "time"
    AGE = "age"
    SEX = "sex"
    INSTITUTION = "institution"
    ADDRESS = "address"
    PHONE = "phone"
    DEVICE = "device"
    DESCRIPTION = "description"
    UID = "uid"


@dataclass(frozen=True, slots=True)
class IdentityValue:
    """One value of the header, decoded by its character set. It is PHI: it stays in the raw zone (the work bucket)."""

    kind: IdentityKind
    tag: int
    text: str


@dataclass(frozen=True, slots=True)
class HeaderIdentity:
    """Every identifying value of one header."""

    values: tuple[IdentityValue, ...] = ()


KINDS: Final[Mapping[int, IdentityKind]] = {
    0x00080020: IdentityKind.DATE,
    0x00080021: IdentityKind.DATE,
    0x00080022: IdentityKind.DATE,
    0x00080023: IdentityKind.DATE,
    0x0008002A: IdentityKind.DATE,
    0x00080050: IdentityKind.IDENTIFIER,
    0x00080080: IdentityKind.INSTITUTION,
    0x00080081: IdentityKind.ADDRESS,
    0x00080090: IdentityKind.PERSON_NAME,
    0x0008009C: IdentityKind.PERSON_NAME,
    0x00081010: IdentityKind.DEVICE,
    0x00081040: IdentityKind.INSTITUTION,
    0x00081048: IdentityKind.PERSON_NAME,
    0x00081050: IdentityKind.PERSON_NAME,
    0x00081060: IdentityKind.PERSON_NAME,
    0x00081070: IdentityKind.PERSON_NAME,
    0x00100010: IdentityKind.PATIENT_NAME,
    0x00100020: IdentityKind.PATIENT_ID,
    0x00100030: IdentityKind.BIRTH_DATE,
    0x00100040: IdentityKind.SEX,
    0x00101000: IdentityKind.IDENTIFIER,
    0x00101001: IdentityKind.PATIENT_NAME,
    0x00101005: IdentityKind.PATIENT_NAME,
    0x00101010: IdentityKind.AGE,
    0x00101040: IdentityKind.ADDRESS,
    0x00101060: IdentityKind.PERSON_NAME,
    0x00101090: IdentityKind.IDENTIFIER,
    0x00102154: IdentityKind.PHONE,
    0x00102297: IdentityKind.PERSON_NAME,
    0x00181000: IdentityKind.DEVICE,
    0x00200010: IdentityKind.IDENTIFIER,
    0x00321032: IdentityKind.PERSON_NAME,
    0x00321033: IdentityKind.INSTITUTION,
    0x00380010: IdentityKind.IDENTIFIER,
    0x00400006: IdentityKind.PERSON_NAME,
    0x00401001: IdentityKind.IDENTIFIER,
    0x00402016: IdentityKind.IDENTIFIER,
    0x00402017: IdentityKind.IDENTIFIER,
    0x0040A123: IdentityKind.PERSON_NAME,
}
"""What each attribute identifies; of others, only names (VR PN) are harvested: whoever it is, it is a person."""


def harvest(header: Header) -> HeaderIdentity:
    """Every identifying value of the header, at any depth, decoded and without doubles, in order of appearance."""
    specific = find(header.dataset, charset.SPECIFIC_CHARACTER_SET)
    codecs = charset.encodings(specific.value if specific is not None else b"")
    return HeaderIdentity(tuple(dict.fromkeys(_values(header.dataset, codecs))))


def _values(dataset: DataSet, codecs: tuple[str, ...]) -> Iterator[IdentityValue]:
    for element in dataset:
        if element.items is not None:
            for item in element.items:
                yield from _values(item, codecs)
            continue
        kind = KINDS.get(element.tag, IdentityKind.PERSON_NAME if element.vr == "PN" else None)
        if kind is not None:
            for text in charset.decode(element.value, element.vr, codecs):
                if text:
                    yield IdentityValue(kind, element.tag, text)
