"""The key that signs the certificates of local runs: drawn from the master key, so that it is the same in every run.

In AWS it is a KMS key that nobody can read. Here whoever holds ``custodian/key`` can sign.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

_INFO: Final = b"dicom-deid/1/signing/local"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (FIPS 186-5)."""
_BYTES: Final = 48
"""More than the order has, so that the remainder is without a bias that matters (FIPS 186-5, A.2.1)."""


def signing_key(master: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key on P-256 that belongs to a master key."""
    drawn = HKDF(hashes.SHA256(), _BYTES, salt=None, info=_INFO).derive(master)
    return ec.derive_private_key(int.from_bytes(drawn, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def as_pem(public_key: bytes) -> bytes:
    """A public key (DER, SubjectPublicKeyInfo) as OpenSSL reads it without being told its form."""
    return load_der_public_key(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
