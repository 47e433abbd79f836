"""The named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dicom_deid.errors import ConfigurationError
from dicom_deid.header.profiles import Option, Profile

NOT_SAFE_HARBOR = "Not HIPAA Safe Harbor: it keeps shifted dates and patient characteristics for research."

DESCRIPTIONS: Mapping[str, str] = {
    "basic": "The Basic Application Level Confidentiality Profile of PS3.15, nothing retained but what it keeps.",
    "minimal": "Everything removed that may be: the Basic Profile, and descriptive text outside the table goes.",
    "longitudinal": "Basic, with dates shifted by a secret number of days per patient (113107). " + NOT_SAFE_HARBOR,
    "research": "Cleaned descriptors, reports and graphics; shifted dates, patient characteristics, device identity and"
    " known-safe private elements are kept. " + NOT_SAFE_HARBOR,
}

_OPTIONS: Mapping[str, frozenset[Option]] = {
    "basic": frozenset(),
    "minimal": frozenset(),
    "longitudinal": frozenset({Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}),
    "research": frozenset(
        {
            Option.CLEAN_DESCRIPTORS,
            Option.CLEAN_STRUCTURED_CONTENT,
            Option.CLEAN_GRAPHICS,
            Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
            Option.RETAIN_PATIENT_CHARACTERISTICS,
            Option.RETAIN_DEVICE_IDENTITY,
            Option.RETAIN_SAFE_PRIVATE,
        }
    ),
}


@cache
def profile_named(name: str) -> Profile:
    """The preset of that name.

    Raises
    ------
    ConfigurationError
        When there is none; the message lists them.
    """
    if name not in _OPTIONS:
        raise ConfigurationError(f"no such profile; there are {', '.join(sorted(_OPTIONS))}")
    return Profile(name=name, options=_OPTIONS[name], descriptors=name != "minimal")


def profile_named_or_read(choice: str) -> Profile:
    """A preset by its name, or the profile of a file: whatever ends in ``.yaml``, ``.yml`` or ``.toml``.

    Raises
    ------
    ConfigurationError
        When there is no such preset, or the file is not a profile.
    """
    path = Path(choice)
    if path.suffix in {".yaml", ".yml", ".toml"}:
        from dicom_deid.header.custom import profile_from

        return profile_from(path)
    return profile_named(choice)
