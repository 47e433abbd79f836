"""The record of a release that was taken back, free of PHI by construction: references, a code, a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import rfc8785
from pydantic import TypeAdapter

SCHEMA = "dicom-deid/withdrawal/1"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One release that researchers can no longer read. Its certificate stays: it was true of what was released.

    `certificate` names it, ``certificates/<certificate>.json``; `reason` is a reason code, `withdrawn_at` ISO 8601.
    """

    schema: str
    instance_ref: str
    certificate: str
    reason: str
    withdrawn_at: str

    def canonical(self) -> bytes:
        """RFC 8785 canonical JSON: the bytes that are signed."""
        return rfc8785.dumps(_WITHDRAWAL.dump_python(self, mode="json"))

    @classmethod
    def parse(cls, content: bytes) -> Withdrawal:
        """The record from its JSON form.

        Raises
        ------
        pydantic.ValidationError
            When the content is no such record.
        """
        return _WITHDRAWAL.validate_json(content)


_WITHDRAWAL = cast("TypeAdapter[Withdrawal]", TypeAdapter(Withdrawal))
