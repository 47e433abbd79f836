"""Take files through the pipeline and write what comes out, one instance after the other, resumable at any moment."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.phi.planning import apply_decision
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.records import Outcome, SourceRecord
from local.engine import Engine
from local.pictures import after_picture, before_pictures
from local.published import is_published, keep
from local.sources import SourceFile
from local.state import DONE, BoxRecord, InstanceRecord, OutputFolder, write_if_changed
from services.catalog import CatalogEntry, Status
from services.objects import ObjectGoneError

_WRITE_EVERY: Final = 2.0
"""Seconds between two writes of the records: what a killed process did since is done again, to the same bytes."""


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


@dataclass
class Batch:
    """One run over a source into an output folder."""

    engine: Engine
    output: OutputFolder
    with_source_images: bool = False
    jobs: int = 2
    watcher: Watcher = field(default_factory=Unwatched)
    _records: dict[str, InstanceRecord] = field(init=False)
    _written: float = 0.0

    def __post_init__(self) -> None:
        self._records = self.output.records()

    def run(self, files: Iterable[SourceFile]) -> dict[str, InstanceRecord]:
        """Every file that is not done yet; the records of all, also those of earlier runs."""
        waiting: list[tuple[str, bytes]] = []
        try:
            for file in files:
                try:
                    content = file.read()
                except BadInputError as error:
                    self._records[file.key] = InstanceRecord(
                        file.key, "", "", "QUARANTINED", error.reason.value, "Upload"
                    )
                    self.watcher.ended()
                    continue
                if self._is_done(self._records.get(file.key), content):
                    self.watcher.ended()
                    continue
                self.engine.upload(file.key, content)
                waiting.append((file.key, content))
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
        self._settle([(record.key, content)])
        self.output.write_records(self._records)
        return self._records[record.key]

    def _is_done(self, record: InstanceRecord | None, content: bytes) -> bool:
        if record is None or record.status not in DONE or record.sha256 != hashlib.sha256(content).hexdigest():
            return False
        views = self.engine.settings.views
        return record.status != "RELEASED" or views is None or is_published(self.output, record.instance_id, views)

    def _settle(self, waiting: list[tuple[str, bytes]]) -> None:
        self.engine.deliver()
        ended: list[CatalogEntry] = []
        for key, content in waiting:
            entry = self.engine.find(key)
            if entry is None:
                record = InstanceRecord(key, hashlib.sha256(content).hexdigest(), "", "IGNORED", Reason.NOT_DICOM.value)
            else:
                settled = self.engine.settle(entry.instance_id, watch=self.watcher.at)
                record = self._finish(settled, key, content)
                ended.append(settled)
            self._records[key] = record
            if time.monotonic() > self._written + _WRITE_EVERY:
                self.output.write_records(self._records)
                self._written = time.monotonic()
            self.watcher.ended()
        # Two files of one instance share what was saved, so nothing goes before all have ended.
        for entry in ended:
            self.engine.forget(entry)
        waiting.clear()

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
        if not source.examined:
            return
        if entry.status is Status.RELEASED:
            picture = after_picture(self.engine.released_bytes(entry), plan)
            write_if_changed(self.output.report / "pictures" / f"{record.instance_id}.jpg", picture)
        if self.with_source_images or entry.status is Status.IN_REVIEW:
            analysed = sorted({image.frames[0] for image in source.images})
            for name, before in before_pictures(content, plan, analysed):
                write_if_changed(self.output.picture(record.instance_id, name), before)

    def _release(self, record: InstanceRecord, entry: CatalogEntry, raw: bytes) -> InstanceRecord:
        content = self.engine.released_bytes(entry)
        path = self.output.released / (entry.output_key or "")
        before = self._records.get(record.key)
        is_own = before is not None and before.output == path.relative_to(self.output.root).as_posix()
        if path.exists() and path.read_bytes() != content and not is_own:
            reason = Reason.SOP_INSTANCE_CONFLICT.value
            return replace(record, status="QUARANTINED", reason=reason, state="SaveSanitized")
        write_if_changed(path, content)
        for kind, part in self.engine.certificate(entry).items():
            write_if_changed(self.output.certificates / f"{record.instance_id}.{kind}", part)
        keep(self.output, record.instance_id, raw)
        relative = path.relative_to(self.output.root).as_posix()
        return replace(record, output=relative, output_sha256=entry.output_sha256)

    def _review(self, record: InstanceRecord, content: bytes) -> None:
        reference = self.output.review / f"{record.instance_id}.json"
        if record.status != "IN_REVIEW":
            reference.unlink(missing_ok=True)
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
