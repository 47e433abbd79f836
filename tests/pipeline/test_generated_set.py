"""The whole pipeline on generated objects of each modality: no identity in the bytes, none readable in the pixels."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from local.commands.run import run_batch
from local.state import InstanceRecord
from tests.pipeline.conftest import KEY
from tests.synthetic import second_reading
from tests.synthetic.burned_in import BurnedIn, generate
from tests.synthetic.burned_in_layouts import Kind
from tests.synthetic.burned_in_people import DEVELOPMENT

SEED, OBJECTS = 7, 9
WORD = re.compile(r"[a-z0-9]{4,}")
_IDENTIFYING = ("PatientName", "PatientID", "AccessionNumber", "ReferringPhysicianName", "InstitutionName")


@dataclass(frozen=True)
class GeneratedRun:
    """What was made, how it ended, and the released bytes by file name."""

    made: dict[str, BurnedIn]
    records: dict[str, InstanceRecord]
    released: dict[str, bytes]


@pytest.fixture(scope="module")
def generated_run(tmp_path_factory: pytest.TempPathFactory) -> GeneratedRun:
    root = tmp_path_factory.mktemp("generated")
    key_file = root / "key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    made = {f"{item.name}.dcm": item for item in (generate(SEED, n, DEVELOPMENT) for n in range(OBJECTS))}
    source, output = root / "in", root / "out"
    source.mkdir()
    for name, item in made.items():
        (source / name).write_bytes(item.content)
    with pytest.MonkeyPatch.context() as quiet:
        quiet.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")
        records = run_batch(source, output, key_file=key_file)
    released = {
        name: Path(output, record.output).read_bytes() for name, record in records.items() if record.output is not None
    }
    return GeneratedRun(made, records, released)


def words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def test_every_object_is_released_or_says_why(generated_run: GeneratedRun) -> None:
    ended = Counter(record.status for record in generated_run.records.values())
    assert ended.total() == OBJECTS
    assert set(ended) <= {"RELEASED", "IN_REVIEW"}
    assert ended["RELEASED"] == len(generated_run.released) >= OBJECTS * 2 // 3


def test_no_identity_of_the_header_is_in_the_released_bytes(generated_run: GeneratedRun) -> None:
    looked_for = 0
    for name, content in generated_run.released.items():
        stated = pydicom.dcmread(io.BytesIO(generated_run.made[name].content))
        markers = {
            part for tag in _IDENTIFYING for part in re.split(r"[\^ ]", str(stated.get(tag, ""))) if len(part) > 5
        }
        looked_for += len(markers)
        for marker in markers:
            assert marker.lower().encode() not in content.lower(), name
    assert looked_for > OBJECTS


@pytest.mark.system_tool("tesseract")
def test_a_second_ocr_reads_no_word_of_identity_in_the_released_pixels(generated_run: GeneratedRun) -> None:
    readable = 0
    for name, content in generated_run.released.items():
        made = generated_run.made[name]
        other = words(" ".join(word.text for word in made.words if word.kind is not Kind.PHI))
        identity = words(" ".join(word.text for word in made.words if word.kind is Kind.PHI)) - other
        readable += len(identity & words(second_reading.read(made.content)))
        left = identity & words(second_reading.read(content))
        assert not left, f"{len(left)} words of {name}"
    assert readable > 2 * OBJECTS, "the second OCR reads what was burned in"
