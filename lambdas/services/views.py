"""The deployment's views: which profile and pseudonym domain each access point shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache

from dicom_deid import __version__
from dicom_deid.errors import ConfigurationError
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.profiles import EDITION, Profile


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at the released instances. `access_point_arn` is empty where views are materialised."""

    name: str
    profile: str
    domain: str
    access_point_arn: str = ""

    def rules(self) -> Profile:
        """The PS3.15 profile.

        Raises
        ------
        ConfigurationError
            When no preset has that name.
        """
        return profile_named_or_read(self.profile)

    def etag(self, raw_version: str, deid_version: str) -> str:
        """The strong ETag of one object in this view: everything that its bytes depend on."""
        parts = (self.name, self.rules().digest, self.domain, raw_version, deid_version, __version__, EDITION)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32] + "-1"


@cache
def parse(setting: str) -> tuple[View, ...]:
    """The views from their JSON setting: ``{"<name>": {"profile", "domain", "access_point_arn"}}``.

    Raises
    ------
    ConfigurationError
        When the setting has another shape.
    """
    try:
        named: dict[str, dict[str, str]] = json.loads(setting)
        return tuple(View(name=name, **fields) for name, fields in sorted(named.items()))
    except (AttributeError, TypeError, ValueError):
        raise ConfigurationError("the views must be an object of {profile, domain, access_point_arn} by name") from None
