"""The certificate of one released instance: what was done and what was checked, free of PHI by construction.

Every field is a count, a code, a keyed reference or a digest; nothing of it is taken from the text of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import rfc8785
from pydantic import TypeAdapter

SCHEMA = "dicom-deid/certificate/1"


@dataclass(frozen=True, slots=True)
class OutputDigest:
    """The released bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ChangedFrame:
    """A frame that changed: `n` counts from 0; `before` and `after` are keyed digests of the encoded frame."""

    n: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CertifiedCheck:
    """One check of the verification and its result."""

    id: str
    result: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """One released instance (DESIGN 5).

    `instance_ref` and `source_ref` are keyed: without the custodian's key they cannot be linked to an object.
    `options` are the CID 7050 codes of the release profile. `decided_at` is ISO 8601, when the bytes were saved.
    """

    schema: str
    instance_ref: str
    tool: str
    edition: str
    profile_digest: str
    options: tuple[str, ...]
    source_ref: str
    output: OutputDigest
    frames: tuple[ChangedFrame, ...]
    boxes: int
    route: str
    reviewer: str | None
    checks: tuple[CertifiedCheck, ...]
    decided_at: str
    key_id: str

    def canonical(self) -> bytes:
        """RFC 8785 canonical JSON: the bytes that are signed."""
        return rfc8785.dumps(_CERTIFICATE.dump_python(self, mode="json"))

    @classmethod
    def parse(cls, content: bytes) -> Certificate:
        """The certificate from its JSON form.

        Raises
        ------
        pydantic.ValidationError
            When the content is not a certificate.
        """
        return _CERTIFICATE.validate_json(content)


_CERTIFICATE = cast("TypeAdapter[Certificate]", TypeAdapter(Certificate))
