"""Detectors for a run in which no picture holds a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Silent:
    """Detectors that find nothing."""

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        return {"TextDetections": [], "TextModelVersion": "3.0"}

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        return {"DocumentMetadata": {"Pages": 1}, "Blocks": []}

    def detect_phi(self, text: str) -> Mapping[str, Any]:
        return {"Entities": []}
