"""Check a certificate offline: its bytes, its detached signature, the public key, and nothing else."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from dicom_deid.errors import ConfigurationError


def is_genuine(content: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether `signature` (DER, ECDSA with SHA-256) was made over `content` by the owner of `public_key` (DER).

    Raises
    ------
    ConfigurationError
        When the key is not an elliptic-curve public key.
    """
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigurationError("the public key of the evidence must be an elliptic-curve key")
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
