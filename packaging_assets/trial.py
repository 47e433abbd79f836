"""Run by the Lambda's Python with an asset alone on its path: import handlers, make clients, code images.

``python3.13 -I -S -B trial.py <asset folder> <folder of images> <handler …>`` prints what worked as JSON, or fails.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

_LOADED_LATE = ("bitarray.util",)
"""What a handler imports only when an object needs it."""


def main(asset: str, images: str, handlers: list[str]) -> dict[str, object]:
    """Everything from the asset; returns counts."""
    sys.path.insert(0, asset)
    os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-2")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    for name in handlers:
        if not callable(importlib.import_module(f"handlers.{name}").handle):
            raise TypeError(name)
    for name in _LOADED_LATE:
        importlib.import_module(name)
    clients = importlib.import_module("services.clients")
    makers = [maker for maker in vars(clients).values() if hasattr(maker, "cache_info")]
    for maker in makers:
        maker()
    syntaxes = sorted(_code(path) for path in Path(images).iterdir()) if images else []
    outside = [module.__file__ for module in list(sys.modules.values()) if _is_foreign(module, asset)]
    if outside:
        raise ImportError(f"not from the asset: {outside[:3]}")
    return {"handlers": len(handlers), "clients": len(makers), "syntaxes": syntaxes, "python": sys.version.split()[0]}


def _is_foreign(module: object, asset: str) -> bool:
    place = getattr(module, "__file__", None)
    return bool(place) and "site-packages" in str(place) and not str(place).startswith(asset)


def _code(path: Path) -> str:
    """Black out a box on the first frame: decoded, encoded, and compared by the verification's own decoders."""
    from dicom_deid.geometry import Box
    from dicom_deid.pixels.redaction import redact
    from dicom_deid.verification.objects import open_object
    from dicom_deid.verification.pixels import compare

    boxes = {0: [Box(16, 16, 48, 48)]}
    with path.open("rb") as source, tempfile.TemporaryFile() as target:
        changed = redact(source, target, boxes).changed_frames
        source.seek(0)
        target.seek(0)
        found = compare(open_object(source), open_object(target), boxes)
        if 0 not in changed or not found or not all(frame.good for frame in found):
            raise ValueError(f"{path.name}: the box is not black, or the rest has changed")
    return path.stem


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3:])) + "\n")
