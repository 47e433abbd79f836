"""What a header redaction is told and what it tells: claims it may write, and counts of what it did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claims:
    """What the caller has made true of the pixels, and so may be written into the file (PS3.15 E.1, PS3.3 C.12.1.1).

    `pixels_cleaned`: every frame was examined and its burned-in identification removed: BurnedInAnnotation NO and
    (113101, DCM). `pixels_changed`: some was found, and (0008,2111) says so. `visual_features_cleaned`:
    RecognizableVisualFeatures NO and (113102, DCM).
    """

    pixels_cleaned: bool = False
    pixels_changed: bool = False
    visual_features_cleaned: bool = False


@dataclass(frozen=True, slots=True)
class HeaderReport:
    """What was done to one header. Counts and codes only: no value of the file.

    The three output UIDs are pseudonymous: they name the object in the de-identified zone.
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    profile_digest: str
    bytes_written: int
    actions: dict[str, int] = field(default_factory=dict)
    """How many elements each action code touched: {"X": 12, "Z": 3, "U": 9, …}."""
    warnings: tuple[str, ...] = ()
    """Stable codes of what was repaired or refused on the way, e.g. ``trailing-bytes-dropped``."""
