"""Take files through the pipeline and write what comes out, one instance after the other, resumable at any moment."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final, Protocol

from dicom_deid.errors import DeidError, Reason, ServiceUnavailableError
from dicom_deid.phi.planning import apply_decision
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Outcome, SourceRecord
from local.account import RAW
from local.engine import Engine
from local.pictures import after_picture, before_pictures
from local.published import is_published, keep
from local.review.gathering import waiting
from local.review.waiting import drop
from local.review.waiting import keep as keep_waiting
from local.signing_key import as_pem
from local.sources import SourceFile
from local.state import BoxRecord, InstanceRecord, OutputFolder, is_final, write_if_changed
from services.catalog import CatalogEntry, Status
from services.objects import ObjectGoneError

_WRITE_EVERY: Final = 2.0
"""Seconds between two writes of the records: what a killed process did since is done again, to the same bytes."""
_SHARE: Final = 20
"""Between two writes pass at least so many times what one takes: of 20,000 files, the records are some 35 MB."""

_STANDING: Final = frozenset({"RELEASED", "IN_REVIEW"})
"""What another file of the same name does not take the place of."""


class Watcher(Protocol):
    """Who is told how a run gets on."""

    def at(self, stage: str) -> None:
        """An instance is in this state."""

    def ended(self) -> None:
        """One more file ended."""


class Unwatched:
    """Tells nobody."""

    def at(self, stage: str) -> None:
        """Nothing."""

    def ended(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A file that was read and is under way."""

    key: str
    content: bytes
    sha256: str


@dataclass
class Batch:
    """One run over a source into an output folder."""

    engine: Engine
    output: OutputFolder
    with_source_images: bool = False
    jobs: int = 2
    watcher: Watcher = field(default_factory=Unwatched)
    _records: dict[str, InstanceRecord] = field(init=False)
    _due: float = 0.0

    def __post_init__(self) -> None:
        self._records = self.output.records()

    def run(self, files: Iterable[SourceFile]) -> dict[str, InstanceRecord]:
        """Every file that is not done yet; the records of all, also those of earlier runs."""
        waiting: list[_Waiting] = []
        # A folder that was closed to an earlier run is listed by its files now, or stands among the files again.
        self._records = {slot: record for slot, record in self._records.items() if not slot.endswith("/")}
        try:
            for file in files:
                try:
                    content = file.read()
                except DeidError as error:
                    self._unread(file.key, error)
                    self.watcher.ended()
                    continue
                read = _Waiting(file.key, content, hashlib.sha256(content).hexdigest())
                if self._is_done(self._records.get(self._slot(read)), read.sha256):
                    self.watcher.ended()
                    continue
                self.engine.upload(read.key, content)
                waiting.append(read)
                if len(waiting) >= self.jobs:
                    self._settle(waiting)
            self._settle(waiting)
        finally:
            self.output.write_records(self._records)
        return self._records

    def decide(self, record: InstanceRecord) -> InstanceRecord:
        """Take an instance through the pipeline again, with the decisions that were made about it."""
        content = self.output.raw(record.instance_id)
        work = self.engine.first_work(record.instance_id)
        for decision in self.output.decisions(record.instance_id):
            work.write_decision(decision)
        self.engine.upload(record.key, content)
        again = _Waiting(record.key, content, record.sha256)
        slot = self._slot(again)
        self._settle([again])
        self.output.write_records(self._records)
        return self._records[slot]

    def _slot(self, file: _Waiting) -> str:
        """Where the record of a file stands: under its key, unless another source had a file of that name before.

        What was released or waits for a person is never forgotten for a file of the same name.
        """
        for number in count(1):
            slot = file.key if number == 1 else f"{file.key} ({number})"
            record = self._records.get(slot)
            if record is None:
                return slot
            if record.key == file.key and (record.sha256 == file.sha256 or record.status not in _STANDING):
                return slot
        raise AssertionError

    def _unread(self, key: str, error: DeidError) -> None:
        """Account for a file that could not be read: what an earlier run made of it stands."""
        before = self._records.get(key)
        if before is None or before.status not in _STANDING:
            status = "DEFERRED" if isinstance(error, ServiceUnavailableError) else "QUARANTINED"
            reference = self.engine.settings.pseudonymiser().instance_id(RAW, key, "")
            self._records[key] = InstanceRecord(key, "", reference, status, error.reason.value, "Upload")

    def _is_done(self, record: InstanceRecord | None, sha256: str) -> bool:
        if record is None or record.sha256 != sha256 or not is_final(record):
            return False
        views = self.engine.settings.views
        return record.status != "RELEASED" or views is None or is_published(self.output, record.instance_id, views)

    def _settle(self, waiting: list[_Waiting]) -> None:
        self.engine.deliver()
        ended: list[CatalogEntry] = []
        for file in waiting:
            entry = self.engine.find(file.key)
            if entry is None:
                reference = self.engine.settings.pseudonymiser().instance_id(RAW, file.key, file.sha256)
                record = InstanceRecord(file.key, file.sha256, reference, "IGNORED", Reason.NOT_DICOM.value)
            else:
                settled = self.engine.settle(entry.instance_id, watch=self.watcher.at)
                record = self._finish(settled, file.key, file.content)
                ended.append(settled)
            self._keep(self._slot(file), record)
            self._write_now_and_then()
            self.watcher.ended()
        # Two files of one instance share what was saved, so nothing goes before all have ended.
        for entry in ended:
            self.engine.forget(entry)
        waiting.clear()

    def _write_now_and_then(self) -> None:
        started = time.monotonic()
        if started > self._due:
            self.output.write_records(self._records)
            ended = time.monotonic()
            self._due = ended + max(_WRITE_EVERY, _SHARE * (ended - started))

    def _keep(self, slot: str, record: InstanceRecord) -> None:
        """Store a record; one of the same key whose released object it replaced goes."""
        if slot != record.key and record.output is not None:
            replaced = [s for s, r in self._records.items() if (r.key, r.output) == (record.key, record.output)]
            for other in replaced:
                del self._records[other]
            slot = replaced[0] if replaced else slot
        self._records[slot] = record

    def _finish(self, entry: CatalogEntry, key: str, content: bytes) -> InstanceRecord:
        record = InstanceRecord(
            key=key,
            sha256=hashlib.sha256(content).hexdigest(),
            instance_id=entry.instance_id,
            status=entry.status.value,
            reason=entry.reason,
            state=entry.state,
            plan_sha256=entry.plan_sha256,
        )
        if entry.status is not Status.IGNORED:
            record = self._described(record, entry, content)
        if entry.status is Status.RELEASED:
            record = self._release(record, entry, content)
        self._review(record, content)
        return record

    def _described(self, record: InstanceRecord, entry: CatalogEntry, content: bytes) -> InstanceRecord:
        """What the work area tells, as far as the attempt came."""
        work = self.engine.work(entry)
        record = replace(record, stages=self.engine.stages(entry))
        try:
            source = work.read_source()
            plan = work.read_plan()
        except ObjectGoneError:
            return record
        decision = work.read_decision(plan.sha256)
        if decision is not None and decision.outcome is Outcome.APPROVE:
            # A decision that is none of this plan was refused, and the record says so by its status.
            with suppress(ValueError):
                plan = apply_decision(plan, decision)
        verification = work.read_verification()
        checks = tuple((check.id, check.result.value) for check in verification.checks) if verification else ()
        self._pictures(record, source, plan, entry, content)
        return replace(
            record,
            route="pixels" if source.examined else "header",
            modality=source.modality,
            transfer_syntax=source.transfer_syntax,
            rows=source.rows,
            columns=source.columns,
            frames=source.frames,
            images=len(source.images),
            boxes=tuple(_boxes(plan)),
            checks=checks,
        )

    def _pictures(
        self, record: InstanceRecord, source: SourceRecord, plan: RedactionPlan, entry: CatalogEntry, content: bytes
    ) -> None:
        if entry.status is Status.IN_REVIEW:
            work = self.engine.work(entry)
            keep_waiting(
                self.output,
                waiting(
                    record.instance_id,
                    source,
                    plan,
                    lambda image: work.read_image(image.group, image.image, image.media_type),
                ),
            )
        if not source.examined:
            return
        if entry.status is Status.RELEASED:
            picture = after_picture(self.engine.released_bytes(entry), plan)
            write_if_changed(self.output.report / "pictures" / f"{record.instance_id}.jpg", picture)
        if self.with_source_images:
            analysed = sorted({image.frames[0] for image in source.images})
            for name, before in before_pictures(content, plan, analysed):
                write_if_changed(self.output.picture(record.instance_id, name), before)

    def _release(self, record: InstanceRecord, entry: CatalogEntry, raw: bytes) -> InstanceRecord:
        content = self.engine.released_bytes(entry)
        path = self.output.released / (entry.output_key or "")
        relative = path.relative_to(self.output.root).as_posix()
        is_taken = path.exists() and path.read_bytes() != content
        if is_taken and not any((r.key, r.output) == (record.key, relative) for r in self._records.values()):
            reason = Reason.SOP_INSTANCE_CONFLICT.value
            return replace(record, status="QUARANTINED", reason=reason, state="SaveSanitized")
        write_if_changed(path, content)
        for kind, part in self.engine.certificate(entry).items():
            write_if_changed(self.output.certificates / f"{record.instance_id}.{kind}", part)
        write_if_changed(self.output.certificates / "public-key.pem", as_pem(self.engine.public_key()))
        keep(self.output, record.instance_id, raw)
        return replace(record, output=relative, output_sha256=entry.output_sha256)

    def _review(self, record: InstanceRecord, content: bytes) -> None:
        reference = self.output.review / f"{record.instance_id}.json"
        if record.status != "IN_REVIEW":
            reference.unlink(missing_ok=True)
            drop(self.output, record.instance_id)
            if record.status != "RELEASED":
                self.output.drop_raw(record.instance_id)
            return
        self.output.keep_raw(record.instance_id, content)
        counts = Counter(box.action for box in record.boxes)
        told = {
            "instance_ref": record.instance_id,
            "plan_sha256": record.plan_sha256,
            "boxes": [
                {
                    "index": n,
                    "box": [b.x0, b.y0, b.x1, b.y1],
                    "frames": b.frames,
                    "first_frame": b.first_frame,
                    "action": b.action,
                    "score": b.score,
                    "evidence": b.evidence,
                }
                for n, b in enumerate(record.boxes)
            ],
            "counts": dict(sorted(counts.items())),
        }
        write_if_changed(reference, json.dumps(told, indent=1).encode())


def _boxes(plan: RedactionPlan) -> Iterator[BoxRecord]:
    for planned in plan.boxes:
        box = planned.box
        evidence = tuple(f"{item.kind.value}: {item.rule}" for item in planned.evidence)
        yield BoxRecord(
            box.x0,
            box.y0,
            box.x1,
            box.y1,
            len(planned.frames),
            planned.action.value,
            planned.score,
            evidence,
            planned.frames[0],
        )


def output_folder(path: Path) -> OutputFolder:
    """The prepared output folder at a path."""
    folder = OutputFolder(path.resolve())
    folder.prepare()
    return folder
