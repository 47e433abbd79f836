"""The identity an instance's own header states: what burned-in text is first compared with, and what must not leak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
