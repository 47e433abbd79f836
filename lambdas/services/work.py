"""The work area of one attempt: typed records, images and the candidate, all in the raw zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, TypeVar

from pydantic import TypeAdapter

from dicom_deid.phi.words import DetectedText
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import FindingsRecord, ReviewDecision, SourceRecord, VerificationRecord
from services import objects
from services.objects import ObjectVersion, Stored
from services.ranged import RangedReader, download

_Record = TypeVar("_Record")
_schema: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""Made once a type: building one costs more than reading most records."""


@dataclass(frozen=True, slots=True)
class WorkArea:
    """``<instance_id>/<attempt>/`` in the work bucket; locations are derived, never passed (DESIGN 5)."""

    bucket: str
    instance_id: str
    attempt: int

    def _at(self, name: str) -> ObjectVersion:
        return ObjectVersion(self.bucket, f"{self.instance_id}/{self.attempt}/{name}")

    def _write(self, name: str, kind: type[_Record], record: _Record) -> None:
        content = _schema(kind).dump_json(record)
        objects.put_bytes(self._at(name), content, content_type="application/json")

    def _read(self, name: str, kind: type[_Record]) -> _Record:
        found: _Record = _schema(kind).validate_json(objects.read_bytes(self._at(name)))
        return found

    def write_source(self, record: SourceRecord) -> None:
        """source.json."""
        self._write("source.json", SourceRecord, record)

    def read_source(self) -> SourceRecord:
        """source.json."""
        return self._read("source.json", SourceRecord)

    def write_image(self, group: int, image: int, content: bytes, media_type: str) -> None:
        """images/<group>/<image>.png (or .jpg)."""
        objects.put_bytes(self._at(_image_name(group, image, media_type)), content, content_type=media_type)

    def read_image(self, group: int, image: int, media_type: str) -> bytes:
        """images/<group>/<image>.png (or .jpg)."""
        return objects.read_bytes(self._at(_image_name(group, image, media_type)))

    def write_words(self, group: int, detected: tuple[DetectedText, ...]) -> None:
        """words/<group>.json."""
        self._write(f"words/{group}.json", tuple[DetectedText, ...], detected)

    def read_words(self, group: int) -> tuple[DetectedText, ...]:
        """words/<group>.json."""
        return self._read(f"words/{group}.json", tuple[DetectedText, ...])

    def write_findings(self, record: FindingsRecord) -> None:
        """findings/<group>.json."""
        self._write(f"findings/{record.group}.json", FindingsRecord, record)

    def read_findings(self, group: int) -> FindingsRecord:
        """findings/<group>.json."""
        return self._read(f"findings/{group}.json", FindingsRecord)

    def write_plan(self, plan: RedactionPlan) -> None:
        """plan.json, in its canonical form: the digest of the stored bytes is `plan.sha256`."""
        objects.put_bytes(self._at("plan.json"), plan.canonical(), content_type="application/json")

    def read_plan(self) -> RedactionPlan:
        """plan.json."""
        return RedactionPlan.parse(objects.read_bytes(self._at("plan.json")))

    def write_decision(self, decision: ReviewDecision) -> None:
        """decisions/<plan_sha256>.json: a decision is about one plan, and an attempt may ask about two."""
        self._write(f"decisions/{decision.plan_sha256}.json", ReviewDecision, decision)

    def read_decision(self, plan_sha256: str) -> ReviewDecision | None:
        """What a person decided about exactly this plan, or None."""
        try:
            return self._read(f"decisions/{plan_sha256}.json", ReviewDecision)
        except objects.ObjectGoneError:
            return None

    def take_decisions(self, attempt: int) -> None:
        """Copy the decisions of an earlier attempt of the same instance, so that nobody is asked twice."""
        earlier = f"{self.instance_id}/{attempt}/decisions/"
        for key in objects.keys_under(self.bucket, earlier):
            content = objects.read_bytes(ObjectVersion(self.bucket, key))
            name = f"decisions/{key.removeprefix(earlier)}"
            objects.put_bytes(self._at(name), content, content_type="application/json")

    def write_candidate(self, content: BinaryIO) -> Stored:
        """candidate.dcm."""
        return objects.put_file(self._at("candidate.dcm"), content)

    def open_candidate(self) -> RangedReader:
        """candidate.dcm, by ranges."""
        return RangedReader(self._at("candidate.dcm"))

    def download_candidate(self, target: BinaryIO) -> int:
        """Copy candidate.dcm into `target`; returns its bytes."""
        return download(self._at("candidate.dcm"), target)

    def write_verification(self, record: VerificationRecord) -> None:
        """verification.json."""
        self._write("verification.json", VerificationRecord, record)

    def read_verification(self) -> VerificationRecord | None:
        """verification.json, or None before the first look."""
        try:
            return self._read("verification.json", VerificationRecord)
        except objects.ObjectGoneError:
            return None


def _image_name(group: int, image: int, media_type: str) -> str:
    return f"images/{group}/{image}.{'jpg' if media_type == 'image/jpeg' else 'png'}"
