"""AWS KMS: sign a digest with the asymmetric key of the evidence."""

from __future__ import annotations

import hashlib

from services import clients
from services.faults import translated


def sign(key_id: str, content: bytes) -> bytes:
    """The DER-encoded ECDSA signature of the SHA-256 digest of `content` (KMS signs digests, at most 4,096 bytes)."""
    with translated("kms"):
        answer = clients.kms().sign(
            KeyId=key_id,
            Message=hashlib.sha256(content).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
    return answer["Signature"]


def public_key(key_id: str) -> bytes:
    """The DER-encoded public key (SubjectPublicKeyInfo), so that a certificate can be verified offline."""
    with translated("kms"):
        return clients.kms().get_public_key(KeyId=key_id)["PublicKey"]
