"""Why a box is in doubt, in the reader's words."""

from __future__ import annotations

from typing import Final

from dicom_deid.phi.findings import Evidence, EvidenceKind
from dicom_deid.phi.planning import WHOLE_FRAME

_KINDS: Final = {
    EvidenceKind.HEADER: "matches what the file's own header says",
    EvidenceKind.FORMAT: "has the form of an identifier or a date",
    EvidenceKind.COMPREHEND: "the language service takes it for something personal",
    EvidenceKind.NAME: "stands in a list of names, or beside a name",
    EvidenceKind.LABEL: "stands behind a label, or among lines about the patient",
    EvidenceKind.BARCODE: "a barcode: it may hold an identifier",
    EvidenceKind.VOCABULARY: "a clinical word",
    EvidenceKind.REGION: "looks like text that could not be read",
    EvidenceKind.VERIFICATION: "was still readable after the first redaction",
}
_RULES: Final = {
    WHOLE_FRAME: "please look at the whole picture",
    "truncated-text-detection": "it holds more text than the text service reads",
    "text-on-measurements": "it holds measurements, which are never blacked out, and text was found on them",
    "recognizable-face": "a face might be recognised",
    "slide-label": "it may show the label of a slide",
}


def why(evidence: tuple[Evidence, ...]) -> str:
    """One sentence without a text of the image; rules that have a sentence of their own stand for themselves."""
    told = [_RULES.get(item.rule) or f"{_KINDS[item.kind]} ({item.rule})" for item in evidence]
    return "; ".join(dict.fromkeys(told)) or "nothing explains this text"
