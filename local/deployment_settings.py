"""The settings of a deployment, as a command on this machine reads them: from its cdk.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dicom_deid.errors import ConfigurationError

if TYPE_CHECKING:
    from stacks.settings import Settings


def deployment_settings(path: Path, **overrides: str | None) -> Settings:
    """The settings in a cdk.json, with those of `overrides` that are told in place of its own.

    Raises
    ------
    ConfigurationError
        When the file is no cdk.json, or its settings contradict each other.
    """
    from stacks.settings import PREFIX, SettingsError, file_context, from_context

    told = {f"{PREFIX}{name}": value for name, value in overrides.items() if value}
    try:
        return from_context(file_context(path) | told)
    except (SettingsError, KeyError, ValueError) as error:
        reason = str(error) if isinstance(error, SettingsError) else "it is no cdk.json with a context"
        raise ConfigurationError(f"{path.name}: {reason}") from None
