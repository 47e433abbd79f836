"""What a run released, served by `dicom-deid serve`, and read as the documentation says."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from dicom_deid.errors import ConfigurationError
from local.commands.run import views_of
from local.published import kept
from local.samples import MARKERS
from local.serving import serving
from local.state import OutputFolder
from tests.pipeline.conftest import KEY, SampleRun
from tests.synthetic.served import client

ROOT = Path(__file__).parents[2]
RESEARCHER = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "ap-southeast-2"}


@pytest.fixture(scope="module")
def endpoint(sample_run: SampleRun) -> Iterator[str]:
    """The command itself, in a process of its own, ended by Ctrl+C."""
    command = "import sys; from local.cli import main; main()"
    arguments = ["serve", str(sample_run.output), "--port", "0", "--key-file", str(sample_run.key_file)]
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", command, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'lambdas'}:{ROOT}"},
    )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found is not None
    yield found.group()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    process.stdout.close()


def test_every_released_instance_is_listed_and_served_without_a_marker(endpoint: str, sample_run: SampleRun) -> None:
    released = [record for record in sample_run.records.values() if record.status == "RELEASED"]
    s3 = client(endpoint)
    listed = s3.list_objects_v2(Bucket="default--ol-s3")["Contents"]
    assert len(listed) == len(released) >= 5
    for item in listed:
        content = s3.get_object(Bucket="default--ol-s3", Key=item["Key"])["Body"].read()
        assert len(content) == item["Size"]
        assert not any(marker.encode() in content for marker in MARKERS)
        assert pydicom.dcmread(io.BytesIO(content)).PixelData


def test_the_notebook_lists_fetches_and_shows_an_image(endpoint: str) -> None:
    notebook = json.loads((ROOT / "examples" / "researcher.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells[-1].splitlines()[-1] == "picture"
    check = "print('shown', picture.size, picture.getextrema())"
    environment = RESEARCHER | {"DICOM_DEID_ENDPOINT": endpoint, "DICOM_DEID_BUCKET": "default--ol-s3"}
    run = subprocess.run(
        [sys.executable, "-c", "\n".join([*cells, check])],
        env=environment | {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    told = run.stdout.splitlines()
    assert sum(line.endswith(".dcm") for line in told) >= 5
    assert re.search(r"shown \(\d{2,}, \d{2,}\)", told[-1])


def test_the_documented_code_runs_with_another_bucket_and_nothing_else_changed(endpoint: str) -> None:
    text = (ROOT / "docs" / "researchers.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.+?)```", text, re.DOTALL)
    assert block is not None
    code = re.sub(r'"arn:aws:[^"]+"', '"default--ol-s3"', block.group(1)).replace('"research/"', '"default/"')
    run = subprocess.run(
        [sys.executable, "-c", code + "\nprint(image.PatientIdentityRemoved, item['Key'])"],
        env=RESEARCHER | {"AWS_ENDPOINT_URL_S3": endpoint, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("YES default/2.25.")


def test_the_documented_r_code_runs_with_another_bucket_and_nothing_else_changed(endpoint: str, tmp_path: Path) -> None:
    """R itself, where it is installed: reticulate brings it this very Python with its boto3."""
    environment = RESEARCHER | {"AWS_ENDPOINT_URL_S3": endpoint, "RETICULATE_PYTHON": sys.executable}
    environment |= {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if not _has_reticulate():
        pytest.skip("needs the Debian package r-cran-reticulate")
    text = (ROOT / "docs" / "researchers.md").read_text(encoding="utf-8")
    block = re.search(r"```r\n(library\(reticulate\).+?)```", text, re.DOTALL)
    assert block is not None
    code = re.sub(r'"arn:aws:[^"]+"', '"default--ol-s3"', block.group(1)).replace('"research/"', '"default/"')
    run = subprocess.run(
        ["Rscript", "-"],
        input=code,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    content = (tmp_path / "image.dcm").read_bytes()
    assert pydicom.dcmread(io.BytesIO(content)).PatientIdentityRemoved == "YES"
    assert run.stdout.split() == ["bytes", f"0-{min(len(content), 65536) - 1}/{len(content)}"]


def _has_reticulate() -> bool:
    if shutil.which("Rscript") is None:
        return False
    found = subprocess.run(["Rscript", "-e", "library(reticulate)"], capture_output=True, check=False, timeout=60)
    return found.returncode == 0


def test_raw_objects_are_kept_whole_for_the_custodian_alone(sample_run: SampleRun) -> None:
    folder = OutputFolder(sample_run.output)
    items = list(kept(folder))
    assert items
    for item in items:
        raw = folder.state / "raw" / item.instance_id
        source = (sample_run.samples / item.raw_key).read_bytes()
        assert hashlib.sha256(raw.read_bytes()).digest() == hashlib.sha256(source).digest()
        assert "custodian" in raw.parts


def test_another_key_serves_nothing(sample_run: SampleRun) -> None:
    with pytest.raises(ConfigurationError, match="key"), serving(OutputFolder(sample_run.output), bytes(32)):
        raise AssertionError("it was served")
    with serving(OutputFolder(sample_run.output), bytes.fromhex(KEY)) as served:
        assert served.objects


@pytest.mark.parametrize("text", ["research", "Research=basic:a", "a=basic", "a=none:b", "a=basic:", "-a=basic:b"])
def test_a_view_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        views_of([text])


def test_views_are_told_by_name_profile_and_domain() -> None:
    assert views_of(["a-1=basic:x/y", "b=research:z"]) == {
        "a-1": {"profile": "basic", "domain": "x/y"},
        "b": {"profile": "research", "domain": "z"},
    }
