"""PHI in text on this machine: identifier formats and a names list, in the shape of Comprehend Medical DetectPHI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dicom_deid.phi.formats import find_formats
from dicom_deid.phi.overlay import is_clinical

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
}
_AMBIGUOUS: Final = frozenset({"grace", "hope", "rose", "may", "mark", "page", "king", "price", "rich", "joy", "faith"})
"""Names that are ordinary words as well: the detector is in doubt about them."""
_NAME_WORD: Final = re.compile(r"[^\W\d_][^\W\d_'’-]+")


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
        for word in _NAME_WORD.finditer(line):
            if is_clinical(word[0]):
                continue
            if word[0].lower() in _AMBIGUOUS:
                yield begin + word.start(), begin + word.end(), "NAME", 0.55
            elif word[0].lower() in _names():
                yield begin + word.start(), begin + word.end(), "NAME", 0.9
        begin += len(line) + 1


@cache
def _names() -> frozenset[str]:
    content = (files("local.detectors") / "names.txt").read_text(encoding="utf-8")
    return frozenset(content.split())
