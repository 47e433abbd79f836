"""One instance that waits for a person: its doubtful boxes, and the pictures to decide by. It holds patient data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from local.state import OutputFolder, write_if_changed


@dataclass(frozen=True, slots=True)
class Doubt:
    """A box that a person decides about. `index` is its place in the plan; `pictures` are its close-ups."""

    index: int
    why: str
    score: float
    frames: int
    whole: bool
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with every box on it, as a data URL, and the frames (counted from 1) that it stands for."""

    picture: str
    first_frame: int
    frames: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page shows of one instance."""

    instance_ref: str
    plan_sha256: str
    modality: str
    frames: int
    redacted: int
    doubts: tuple[Doubt, ...]
    pictures: tuple[Shown, ...]


_WAITING: Final = TypeAdapter(Waiting)


def keep(folder: OutputFolder, one: Waiting) -> None:
    """Store what the page shows of an instance, among what the next run needs."""
    write_if_changed(_path(folder, one.instance_ref), _WAITING.dump_json(one))


def kept(folder: OutputFolder, instance_ref: str) -> Waiting | None:
    """What was stored of an instance, if it was."""
    path = _path(folder, instance_ref)
    return _WAITING.validate_json(path.read_bytes()) if path.is_file() else None


def drop(folder: OutputFolder, instance_ref: str) -> None:
    """Forget the pictures of an instance that waits no longer."""
    _path(folder, instance_ref).unlink(missing_ok=True)


def _path(folder: OutputFolder, instance_ref: str) -> Path:
    return folder.state / "review" / f"{instance_ref}.json"
