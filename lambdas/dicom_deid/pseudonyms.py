"""Keyed pseudonyms: UIDs, identifiers and date shifts that nobody can link or revert without the key.

Every value is an HMAC-SHA-256 under a key derived (HKDF, RFC 5869) for one purpose and one domain, so the same input
gives the same output across files, processes and machines, and nothing links two domains.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from dicom_deid.errors import ConfigurationError

KEY_BYTES: Final = 32
KEY_VARIABLE: Final = "DICOM_DEID_KEY"
MADE_UP: Final = "missing/"
"""How the source of a pseudonym begins where the object itself has no UID."""
_LETTERS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
"""RFC 4648's base32 letters to those without I, L, O and U, which are read for digits and words."""


def derive(master: bytes, purpose: str, domain: str) -> bytes:
    """HKDF-SHA256 with an empty salt: 32 bytes for ``dicom-deid/1/<purpose>/<domain>``."""
    extracted = hmac.digest(bytes(32), master, "sha256")
    info = f"dicom-deid/1/{purpose}/{domain}".encode()
    return hmac.digest(extracted, info + b"\x01", "sha256")


def new_key() -> bytes:
    """A fresh master key from the operating system's generator."""
    return secrets.token_bytes(KEY_BYTES)


def load_key(path: Path | None, environ: Mapping[str, str] = os.environ) -> bytes | None:
    """The master key from a file or from ``$DICOM_DEID_KEY``; None when neither is given.

    Raises
    ------
    ConfigurationError
        When the file can be read by others, or what is given is not 64 hexadecimal digits.
    """
    if path is not None:
        if not path.is_file():
            raise ConfigurationError("the key file does not exist")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigurationError("the key file must be readable by its owner alone (mode 0600)")
        text = path.read_text(encoding="ascii", errors="replace")
    elif KEY_VARIABLE in environ:
        text = environ[KEY_VARIABLE]
    else:
        return None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError("a key is 64 hexadecimal digits")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Store a key in a new file that only its owner can read.

    Raises
    ------
    FileExistsError
        When there is a file already: a key is never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(key.hex() + "\n")


class Pseudonymiser:
    """The pseudonyms of one domain under one master key.

    Parameters
    ----------
    master
        32 secret bytes.
    domain
        The project or view: two domains share nothing.

    Raises
    ------
    ConfigurationError
        When the key has another length or the domain is empty.
    """

    def __init__(self, master: bytes, domain: str) -> None:
        if len(master) != KEY_BYTES:
            raise ConfigurationError("a master key has 32 bytes")
        if not domain:
            raise ConfigurationError("a pseudonym domain needs a name")
        self._master, self.domain = master, domain
        self._keys = {purpose: derive(master, purpose, domain) for purpose in ("instance", "uid", "id", "date")}
        self._uids: dict[str, str] = {}
        self._identifiers: dict[tuple[str, str], str] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell keys apart and reveal nothing of them."""
        return hmac.new(self._master, b"fingerprint", "sha256").hexdigest()[:8]

    def uid(self, uid: str) -> str:
        """The ``2.25`` form (PS3.5 B.2) of a UUIDv8 (RFC 9562) made from the UID."""
        known = self._uids.get(uid)
        if known is None:
            number = int.from_bytes(hmac.digest(self._keys["uid"], uid.encode(), "sha256")[:16], "big")
            number = number & ~(0xF << 76) | 0x8 << 76
            number = number & ~(0x3 << 62) | 0x2 << 62
            known = self._uids[uid] = f"2.25.{number}"
        return known

    def uid_pairs(self) -> tuple[tuple[str, str], ...]:
        """Every UID of a source that got a pseudonym so far, with it: for the custodian's mapping alone."""
        return tuple(pair for pair in self._uids.items() if not pair[0].startswith(MADE_UP))

    def identifier(self, text: str, kind: str = "id", length: int = 16) -> str:
        """A pseudonym of at most 16 letters and digits for an identifier of that kind (fits SH)."""
        known = self._identifiers.get((kind, text))
        if known is None:
            digest = hmac.digest(self._keys["id"], f"{kind}\0{text}".encode(), "sha256")
            # 80 bits, the lowest ones first: a shorter pseudonym is the beginning of a longer one.
            known = base64.b32encode(digest[-10:]).translate(_LETTERS)[::-1].decode("ascii")
            self._identifiers[kind, text] = known
        return known[:length]

    def shift_days(self, subject: str, low: int = -3650, high: int = -1) -> int:
        """Whole days by which all dates of a subject move; between `low` and `high`, never 0.

        Raises
        ------
        ConfigurationError
            When the range is empty or holds nothing but 0.
        """
        choices = high - low + 1 - (low <= 0 <= high)
        if choices < 1:
            raise ConfigurationError("the range of date shifts is empty")
        number = int.from_bytes(hmac.digest(self._keys["date"], subject.encode(), "sha256"), "big")
        shift = low + number % choices
        return shift + 1 if low <= 0 <= shift else shift

    def instance_id(self, bucket: str, key: str, version_id: str) -> str:
        """32 hexadecimal digits that name one version of one raw object without telling its key."""
        content = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (bucket, key, version_id))
        return hmac.new(self._keys["instance"], content, "sha256").hexdigest()[:32]

    def reference(self, text: str) -> str:
        """A keyed reference to a digest, for evidence that must not be linkable without the key."""
        return hmac.new(self._keys["instance"], b"reference\0" + text.encode(), "sha256").hexdigest()
