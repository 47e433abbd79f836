"""The evidence bucket: records that are signed and written once, and never again."""

from __future__ import annotations

from services import objects, signing
from services.objects import ObjectVersion


def record(bucket: str, name: str, content: bytes, signing_key_id: str) -> None:
    """Write `name`.json and its detached signature `name`.sig (DER, ECDSA).

    A retry meets its own earlier write, and a bucket with Object Lock keeps the first: `content` must be the same then.
    """
    _write_once(ObjectVersion(bucket, f"{name}.json"), content, "application/json")
    _write_once(ObjectVersion(bucket, f"{name}.sig"), signing.sign(signing_key_id, content), "application/octet-stream")


def _write_once(target: ObjectVersion, content: bytes, content_type: str) -> None:
    try:
        objects.put_bytes(target, content, if_none_match=True, content_type=content_type)
    except objects.ConflictError:
        return
