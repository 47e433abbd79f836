"""The settings of a local run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dicom_deid.pseudonyms import Pseudonymiser


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the deployment's settings are in AWS. `views`: name -> {"profile", "domain", "access_point_arn"}."""

    key: bytes
    profile: str = "basic"
    domain: str = "local"
    ocr_engine: str = "rekognition"
    phi_threshold: float = 0.80
    unmatched_text: str = "redact"
    pixel_analysis: str = "all"
    views: Mapping[str, Mapping[str, str]] | None = None
    retry_attempts: int = 3

    def pseudonymiser(self) -> Pseudonymiser:
        """The pseudonyms of the release domain."""
        return Pseudonymiser(self.key, self.domain)
