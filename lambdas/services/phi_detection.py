"""PHI in a text by Amazon Comprehend Medical DetectPHI."""

from __future__ import annotations

from dicom_deid.phi.reading import chunks
from dicom_deid.phi.words import PhiSpan
from services import clients
from services.faults import translated

MAX_BYTES = 19_000
"""DetectPHI takes less than 20,000 bytes of UTF-8 (service quota)."""


def detect_phi(text: str) -> tuple[PhiSpan, ...]:
    """The spans of `text` that the service calls protected health information.

    A long text goes in overlapping chunks under the service's limit; offsets are those of the whole text, and a span
    that two chunks report is given once with the higher score.
    """
    best: dict[tuple[int, int, str], float] = {}
    for chunk in chunks(text, max_bytes=MAX_BYTES):
        if not chunk.text.strip():
            continue
        with translated("comprehendmedical"):
            answer = clients.comprehendmedical().detect_phi(Text=chunk.text)
        for entity in answer["Entities"]:
            span = (chunk.begin + entity["BeginOffset"], chunk.begin + entity["EndOffset"], str(entity["Type"]))
            best[span] = max(best.get(span, 0.0), float(entity["Score"]))
    return tuple(PhiSpan(begin, end, kind, score) for (begin, end, kind), score in sorted(best.items()))
