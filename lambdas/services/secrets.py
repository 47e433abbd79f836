"""AWS Secrets Manager: the master key of the pseudonyms."""

from __future__ import annotations

from functools import cache

from dicom_deid.errors import ConfigurationError
from dicom_deid.pseudonyms import Pseudonymiser
from services import clients
from services.faults import translated


@cache
def pseudonymiser(secret_id: str, domain: str) -> Pseudonymiser:
    """Keyed pseudonyms of `domain`. The secret is read once per process and never rotated.

    Raises
    ------
    ConfigurationError
        When the secret is not 64 hexadecimal digits.
    """
    return Pseudonymiser(_master(secret_id), domain)


@cache
def _master(secret_id: str) -> bytes:
    with translated("secretsmanager"):
        text = clients.secretsmanager().get_secret_value(SecretId=secret_id)["SecretString"].strip()
    try:
        master = bytes.fromhex(text)
    except ValueError:
        master = b""
    if len(master) != 32:
        raise ConfigurationError("the pseudonym secret must be 64 hexadecimal digits")
    return master


def forget() -> None:
    """Drop what was read, for a process that changes its key."""
    pseudonymiser.cache_clear()
    _master.cache_clear()
