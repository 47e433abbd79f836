"""The whole pipeline on the sample set: what is released is clean, what is not released says why."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from dicom_deid.evidence.certificate import Certificate
from dicom_deid.evidence.signature import is_genuine
from local.commands.decide import decide
from local.commands.run import run_batch
from local.samples import MARKERS, SAMPLES
from local.signing_key import signing_key
from tests.pipeline.conftest import KEY, SampleRun
from tests.synthetic import second_reading

WORDS = re.compile(
    r"citizen|wirrabee|mrn774|1902|1956|okonjo|amaka|karrawirra|45670|6081|6669|0503|5550", re.IGNORECASE
)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def released(run: SampleRun) -> Iterator[Path]:
    yield from sorted((run.output / "released").rglob("*.dcm"))


def test_every_sample_ends_as_it_must(sample_run: SampleRun) -> None:
    for sample in SAMPLES:
        record = sample_run.records[sample.name]
        assert (record.status, record.reason) == (sample.status, sample.reason), sample.name


def test_what_was_uploaded_adds_up(sample_run: SampleRun) -> None:
    ended = Counter(record.status for record in sample_run.records.values())
    assert ended["RELEASED"] + ended["IN_REVIEW"] + ended["DEFERRED"] + ended["QUARANTINED"] == len(SAMPLES)
    assert len(list(released(sample_run))) == ended["RELEASED"]


def test_no_planted_marker_is_in_the_released_bytes(sample_run: SampleRun) -> None:
    for path in released(sample_run):
        content = path.read_bytes().lower()
        for marker in MARKERS:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                assert marker.lower().encode(encoding) not in content, marker


def test_nothing_outside_the_custodians_folder_names_a_source(sample_run: SampleRun) -> None:
    for path in sample_run.output.rglob("*"):
        if path.is_file() and "custodian" not in path.parts:
            content = path.read_bytes().lower()
            assert b"citizen" not in content
            assert b"wirrabee" not in str(path).lower().encode()


def test_the_custodians_folder_is_closed_to_others(sample_run: SampleRun) -> None:
    assert (sample_run.output / "custodian").stat().st_mode & 0o077 == 0


@pytest.mark.system_tool("tesseract")
def test_a_second_ocr_reads_no_identity_in_the_released_pixels(sample_run: SampleRun) -> None:
    text = "\n".join(second_reading.read(path.read_bytes()) for path in released(sample_run))
    assert "LEFT" in text, "the second OCR reads what was to stay"
    assert not WORDS.search(text)


def test_clinical_text_outside_the_boxes_stays(sample_run: SampleRun) -> None:
    record = sample_run.records["CITIZEN_WIRRABEE/capture.dcm"]
    kept = [box for box in record.boxes if box.action == "keep" and box.y0 > 280]
    assert len(kept) >= 8


def test_every_released_file_opens_and_says_what_was_done(sample_run: SampleRun) -> None:
    boxes = {r.output: [b for b in r.boxes if b.action == "redact"] for r in sample_run.records.values()}
    assert any(boxes.values())
    for path in released(sample_run):
        dataset = pydicom.dcmread(path)
        assert dataset.PatientIdentityRemoved == "YES"
        assert dataset.BurnedInAnnotation == "NO"
        assert {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence} == {"113100", "113101"}
        boxed = boxes[path.relative_to(sample_run.output).as_posix()]
        assert dataset.get("DerivationDescription", "") == ("burned-in text removed" if boxed else "")
        assert path.stem == dataset.SOPInstanceUID
        assert path.parent.name == dataset.SeriesInstanceUID
        assert path.parent.parent.name == dataset.StudyInstanceUID


def test_each_released_instance_has_a_certificate_that_verifies_offline(sample_run: SampleRun) -> None:
    names = [r for r in sample_run.records.values() if r.status == "RELEASED"]
    key = load_pem_public_key((sample_run.output / "certificates" / "public-key.pem").read_bytes())
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public == signing_key(bytes.fromhex(KEY)).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert names
    for record in names:
        base = sample_run.output / "certificates" / record.instance_id
        content = base.with_suffix(".json").read_bytes()
        signature = base.with_suffix(".sig").read_bytes()
        assert is_genuine(content, signature, public)
        certificate = Certificate.parse(content)
        assert certificate.canonical() == content
        released_bytes = (sample_run.output / (record.output or "")).read_bytes()
        assert certificate.output.sha256 == hashlib.sha256(released_bytes).hexdigest()
        assert {check.result for check in certificate.checks} <= {"pass", "not-applicable"}


def test_the_quarantine_list_gives_reasons_and_references(sample_run: SampleRun) -> None:
    with (sample_run.output / "quarantine.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["reason"] for row in rows) == [
        "parse-error",
        "unsupported-sop-class",
        "unsupported-transfer-syntax",
    ]
    assert {row["state"] for row in rows} == {"ExtractFrames"}


def test_a_second_run_changes_no_byte_and_starts_no_execution(
    sample_run: SampleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(sample_run.output)
    uploads: list[str] = []
    monkeypatch.setattr("local.engine.Engine.upload", lambda self, key, content: uploads.append(key))
    run_batch(sample_run.samples, sample_run.output, key_file=sample_run.key_file)
    assert uploads == []
    assert digests(sample_run.output) == before


def test_the_doubtful_instance_is_released_with_its_box_once_a_person_approves(
    sample_run: SampleRun, tmp_path: Path
) -> None:
    output = tmp_path / "decided"
    shutil.copytree(sample_run.output, output)
    (reference,) = (output / "review").glob("*.json")
    told = json.loads(reference.read_text())
    assert [box["action"] for box in told["boxes"]].count("review") == 1
    decide(output, reference.stem[:10], approve=True, box=None, key_file=sample_run.key_file)
    records = json.loads((output / "custodian" / "state" / "instances.json").read_text())
    record = records["CITIZEN_WIRRABEE/doubtful.dcm"]
    assert record["status"] == "RELEASED"
    (box,) = [box for box in record["boxes"] if box["action"] == "redact"]
    pixels = pydicom.dcmread(output / record["output"]).pixel_array
    assert not pixels[box["y0"] : box["y1"], box["x0"] : box["x1"]].any()
    assert not list((output / "review").glob("*.json"))


def test_two_runs_with_one_key_agree_byte_for_byte(sample_run: SampleRun, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    for name in ("capture.dcm", "us_cine.dcm", "ct_slice.dcm"):
        shutil.copy(sample_run.samples / "CITIZEN_WIRRABEE" / name, chosen / name)
    run_batch(chosen, tmp_path / "again", key_file=sample_run.key_file)
    again, first = digests(tmp_path / "again" / "released"), digests(sample_run.output / "released")
    assert len(again) == 3
    assert again.items() <= first.items()
