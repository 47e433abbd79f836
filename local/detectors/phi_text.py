"""PHI in text on this machine: identifier formats and names, in the shape of Comprehend Medical DetectPHI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dicom_deid.phi.formats import find_formats
from local.detectors.persons import find_persons

_TYPES: Final[Mapping[str, str]] = {
    "date": "DATE",
    "age": "AGE",
    "age-and-sex": "AGE",
    "phone": "PHONE_OR_FAX",
    "e-mail": "EMAIL",
    "url": "URL",
    "postal-address": "ADDRESS",
    "state-and-postcode": "ADDRESS",
    "institution": "ADDRESS",
    "person": "NAME",
}


class LocalPhiDetector:
    """Formats and names; not the model that AWS runs, only its shape."""

    def detect_phi(self, text: str) -> Mapping[str, Any]:
        """Entities with half-open character offsets into `text`."""
        entities = [
            {
                "Id": number,
                "BeginOffset": begin,
                "EndOffset": end,
                "Score": score,
                "Text": text[begin:end],
                "Category": "PROTECTED_HEALTH_INFORMATION",
                "Type": kind,
                "Traits": [],
            }
            for number, (begin, end, kind, score) in enumerate(_entities(text))
        ]
        return {"Entities": entities, "ModelVersion": "local-1"}


def _entities(text: str) -> Iterator[tuple[int, int, str, float]]:
    begin = 0
    for line in text.split("\n"):
        for match in find_formats(line):
            yield begin + match.begin, begin + match.end, _TYPES.get(match.rule, "ID"), match.score
        for person in find_persons(line):
            yield begin + person.begin, begin + person.end, "NAME", person.score
        begin += len(line) + 1
