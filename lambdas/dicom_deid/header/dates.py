"""Dates under Retain Longitudinal Modified Dates (PS3.15 E.3.6): whole days, one secret number per subject."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_CLOCK: Final = r"(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_DA: Final = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})", re.ASCII)
_DT: Final = re.compile(rf"(\d{{4}})(\d{{2}})?(\d{{2}})?({_CLOCK})?([+-](?:0\d|1[0-4])[0-5]\d)?", re.ASCII)
_TM: Final = re.compile(_CLOCK, re.ASCII)
_OFFSET: Final = re.compile(r"[+-](?:0\d|1[0-4])[0-5]\d", re.ASCII)

VRS: Final = frozenset({"DA", "DT", "TM"})
OFFSET_FROM_UTC: Final = 0x00080201
"""Timezone Offset From UTC: a text of SH that the options for dates speak of."""
NOT_OF_THE_PATIENT: Final = frozenset(
    {
        0x00080106,  # Context Group Version
        0x00080107,  # Context Group Local Version
        0x00100030,  # Patient's Birth Date: Z under every option
        0x00181200,  # Date of Last Calibration
        0x00181201,  # Time of Last Calibration
        0x00181202,  # DateTime of Last Calibration
        0x00181203,  # Calibration DateTime
        0x00181204,  # Date of Manufacture
        0x00181205,  # Date of Installation
        0x0018700C,  # Date of Last Detector Calibration
        0x0018700E,  # Time of Last Detector Calibration
        0x0018A002,  # Contribution DateTime
        0x00440004,  # Approval Status DateTime
        0x0044000B,  # Product Expiration DateTime
        0x00686226,  # Effective DateTime of an implant template
        0x300E0004,  # Review Date
        0x300E0005,  # Review Time
    }
)
"""Dates of devices, products and approvals: shared or published, they would reveal the offset."""


def moved(value: str, vr: str, days: int) -> str | None:
    """A value of DA, DT or TM, or an offset from UTC (SH), moved by whole days; None where it is none of these.

    Times of day and offsets stay: whole days move nothing within a day.
    """
    if not value:
        return value
    if vr == "TM":
        return value if is_time(value) else None
    if vr == "SH":
        return value if is_offset(value) else None
    return shift_datetime(value, days) if vr == "DT" else shift_date(value, days)


def shift_date(value: str, days: int) -> str | None:
    """A DA value, or a range of two, moved by whole days; None where it is no date."""
    if "-" in value:
        ends = [part.strip() for part in value.split("-")]
        moved = [shift_date(part, days) if part else "" for part in ends]
        return None if len(ends) != 2 or None in moved else "-".join(part or "" for part in moved)
    match = _DA.fullmatch(value.strip())
    if not match:
        return None
    moved_day = _moved(int(match[1]), int(match[2]), int(match[3]), days)
    return None if moved_day is None else f"{moved_day.year:04d}{moved_day.month:02d}{moved_day.day:02d}"


def shift_datetime(value: str, days: int) -> str | None:
    """A DT value moved by whole days: time of day, fraction, offset and precision stay. None where it is none."""
    match = _DT.fullmatch(value.strip())
    if not match:
        return None
    year, month, day, clock, offset = match.groups()
    if clock and not day:
        return None
    moved = _moved(int(year), int(month or "1"), int(day or "1"), days)
    if moved is None:
        return None
    text = f"{moved.year:04d}"
    text += f"{moved.month:02d}" if month else ""
    text += f"{moved.day:02d}" if day else ""
    return text + (clock or "") + (offset or "")


def is_time(value: str) -> bool:
    """Whether it is a TM value, or a range of two."""
    parts = value.strip().split("-")
    return len(parts) <= 2 and all(not part or _TM.fullmatch(part) for part in parts)


def is_offset(value: str) -> bool:
    """Whether it is an offset from UTC as (0008,0201) has it."""
    return _OFFSET.fullmatch(value.strip()) is not None


def _moved(year: int, month: int, day: int, days: int) -> date | None:
    try:
        return date(year, month, day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
