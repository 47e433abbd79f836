"""What a run keeps in its output folder, so that the next one goes on where it ended. All of it is the custodian's."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from dicom_deid import __version__
from dicom_deid.errors import ConfigurationError, Reason
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.phi.planning import WHOLE_FRAME
from dicom_deid.pseudonyms import load_key, new_key, write_key
from dicom_deid.records import ReviewDecision
from local.settings import EngineSettings

_FINAL: Final = frozenset({"RELEASED", "IN_REVIEW", "IGNORED"})
_DECIDED: Final = frozenset({Reason.REVIEW_REJECTED.value, Reason.REVIEW_EXPIRED.value})


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """One box in the report: frame pixels, what was done, and why; no text."""

    x0: int
    y0: int
    x1: int
    y1: int
    frames: int
    action: str
    score: float
    evidence: tuple[str, ...]
    first_frame: int = 0
    """The first of its frames, 0-based: there it can be seen."""

    @property
    def is_whole_frame(self) -> bool:
        """Whether it only asks for a look at everything."""
        return f"region: {WHOLE_FRAME}" in self.evidence


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """One source file as far as it came. `key` is its path below the source: it may hold a name."""

    key: str
    sha256: str
    instance_id: str
    status: str
    reason: str | None = None
    state: str | None = None
    output: str | None = None
    output_sha256: str | None = None
    plan_sha256: str | None = None
    route: str = ""
    modality: str = ""
    transfer_syntax: str = ""
    rows: int = 0
    columns: int = 0
    frames: int = 0
    images: int = 0
    boxes: tuple[BoxRecord, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    tool: str = __version__
    """The release of the tool that came so far."""


def is_final(record: InstanceRecord) -> bool:
    """Whether a second run passes over the instance.

    It takes up again what was deferred, what failed by a fault of the tool or the machine, and, after an update, what
    an earlier release refused and no person did.
    """
    if record.status != "QUARANTINED":
        return record.status in _FINAL
    is_ours = record.reason == Reason.INTERNAL.value or record.tool != __version__
    return record.reason in _DECIDED or not is_ours


_RECORDS: Final = TypeAdapter(dict[str, InstanceRecord])
_DECISIONS: Final = TypeAdapter(list[ReviewDecision])


@dataclass(frozen=True)
class OutputFolder:
    """The layout of an output folder (DESIGN 5)."""

    root: Path

    @property
    def released(self) -> Path:
        """The clean files."""
        return self.root / "released"

    @property
    def review(self) -> Path:
        """References of what waits for a person."""
        return self.root / "review"

    @property
    def certificates(self) -> Path:
        """Certificates, signatures and public keys."""
        return self.root / "certificates"

    @property
    def report(self) -> Path:
        """The report."""
        return self.root / "report"

    @property
    def custodian(self) -> Path:
        """Everything that holds patient data or leads to it (mode 0700)."""
        return self.root / "custodian"

    @property
    def state(self) -> Path:
        """What the next run needs."""
        return self.custodian / "state"

    def prepare(self) -> None:
        """Make the folders.

        Raises
        ------
        ConfigurationError
            When the folder holds something else than an earlier run, or cannot be closed to others.
        """
        if self.root.exists() and any(self.root.iterdir()) and not self.custodian.is_dir():
            raise ConfigurationError("the output folder is not empty and not of an earlier run")
        make_closed(self.custodian)
        for folder in (self.released, self.review, self.certificates, self.report, self.state):
            folder.mkdir(parents=True, exist_ok=True)

    def check_is_of_a_run(self) -> None:
        """Before anything is made in it: a command that goes on needs the folder of a run.

        Raises
        ------
        ConfigurationError
            When it is none.
        """
        if not (self.state / "settings.json").is_file():
            raise ConfigurationError("the folder is not the output of a run")

    def key(self, key_file: Path | None) -> bytes:
        """The master key: from the file, the environment, an earlier run, or a new one in ``custodian/key``.

        Raises
        ------
        ConfigurationError
            When the key given is not the one of the earlier run.
        """
        kept = self.custodian / "key"
        given = load_key(key_file)
        if given is None:
            if not kept.exists():
                write_key(kept, new_key())
            given = load_key(kept)
        assert given is not None
        return given

    def check_settings(self, settings: EngineSettings) -> None:
        """Remember the settings of the run; another run into the same folder must have the same.

        Raises
        ------
        ConfigurationError
            When key, profile or domain differ: the outputs would not belong together.
        """
        told = {
            "profile": settings.profile,
            "profile_digest": profile_named_or_read(settings.profile).digest,
            "domain": settings.domain,
            "ocr_engine": settings.ocr_engine,
            "phi_threshold": settings.phi_threshold,
            "unmatched_text": settings.unmatched_text,
            "views": settings.views,
            "key": settings.pseudonymiser().fingerprint,
        }
        path = self.state / "settings.json"
        if path.exists():
            before = json.loads(path.read_bytes())
            if any(before[name] != told[name] for name in ("profile_digest", "domain", "key")):
                raise ConfigurationError("the output folder was made with another key, profile or domain")
        write_if_changed(path, json.dumps(told, indent=1).encode())

    def last_settings(self, key: bytes) -> EngineSettings:
        """The settings of the run that made the folder.

        Raises
        ------
        ConfigurationError
            When there was none, or the key is not its key.
        """
        path = self.state / "settings.json"
        if not path.exists():
            raise ConfigurationError("the output folder is not of a run")
        told = json.loads(path.read_bytes())
        known = told.pop("key")
        told.pop("profile_digest")
        settings = EngineSettings(key=key, **told)
        if settings.pseudonymiser().fingerprint != known:
            raise ConfigurationError("the key is not the one of the run")
        return settings

    def records(self) -> dict[str, InstanceRecord]:
        """By source key, as the last run left them."""
        path = self.state / "instances.json"
        return _RECORDS.validate_json(path.read_bytes()) if path.exists() else {}

    def write_records(self, records: Mapping[str, InstanceRecord]) -> None:
        """Store the records and the two lists made of them."""
        ordered = {key: records[key] for key in sorted(records)}
        write_if_changed(self.state / "instances.json", _RECORDS.dump_json(ordered, indent=1))
        refused = [r for r in ordered.values() if r.status == "QUARANTINED"]
        rows = sorted((r.instance_id, r.reason or "", r.state or "") for r in refused)
        write_if_changed(self.root / "quarantine.csv", _csv(("instance_ref", "reason", "state"), rows))
        files = [
            (r.key, r.output or "", r.status.lower().replace("_", "-"), r.reason or "", r.instance_id)
            for r in ordered.values()
        ]
        columns = ("source", "output", "status", "reason", "instance_ref")
        write_if_changed(self.custodian / "files.csv", _csv(columns, files))

    def keep_raw(self, instance_id: str, content: bytes) -> None:
        """Keep the raw object of an instance that waits for a person, or whose views can be served."""
        write_if_changed(self.state / "raw" / instance_id, content)

    def raw(self, instance_id: str) -> bytes:
        """The raw object that was kept."""
        return (self.state / "raw" / instance_id).read_bytes()

    def drop_raw(self, instance_id: str) -> None:
        """Forget the raw object of an instance that was refused."""
        (self.state / "raw" / instance_id).unlink(missing_ok=True)

    def picture(self, instance_id: str, frame: str) -> Path:
        """A picture of a source for a person, named by its frame."""
        return self.custodian / "pictures" / f"{instance_id}-{frame}.png"

    def decisions(self, instance_id: str) -> list[ReviewDecision]:
        """What was decided about the instance so far."""
        path = self.state / "decisions" / f"{instance_id}.json"
        return _DECISIONS.validate_json(path.read_bytes()) if path.exists() else []

    def write_decisions(self, instance_id: str, decisions: list[ReviewDecision]) -> None:
        """Store the decisions about an instance."""
        write_if_changed(self.state / "decisions" / f"{instance_id}.json", _DECISIONS.dump_json(decisions, indent=1))


def make_closed(folder: Path) -> None:
    """Make a folder that its owner alone can open (mode 0700), or close the one that is there.

    Raises
    ------
    ConfigurationError
        Where the file system knows no such modes, as a Windows share: patient data would lie open.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    if folder.stat().st_mode & 0o077:
        raise ConfigurationError(
            "the file system of the output cannot close a folder to others: choose one on a disk of this machine"
        )


def write_if_changed(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and leave it alone where it is the same."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode()
