"""What a researcher gets through a real S3 client: the right bytes of the right view, in any range."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pydicom
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.access_points import SUFFIX
from tests.synthetic.served import PRESETS, Served, served, syntaxes


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    from handlers.telemetry import logger

    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return syntaxes()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served"), files) as found:
        yield found


def error_of(found: Served, view: str = "research", name: str = "ct", **parameters: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        found.get(view, name, **parameters)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_every_transfer_syntax_is_served_whole_and_readable(shown: Served, files: dict[str, bytes]) -> None:
    assert len(files) >= 12
    for name, source in files.items():
        before = pydicom.dcmread(io.BytesIO(source))
        answer = shown.get("research", name)
        after = pydicom.dcmread(io.BytesIO(answer["Content"]))
        deflated = before.file_meta.TransferSyntaxUID == pydicom.uid.DeflatedExplicitVRLittleEndian
        assert after.file_meta.TransferSyntaxUID == (
            pydicom.uid.ExplicitVRLittleEndian if deflated else before.file_meta.TransferSyntaxUID
        )
        assert after.PatientIdentityRemoved == "YES"
        assert (after.Rows, after.Columns) == (before.Rows, before.Columns)
        assert pydicom.dcmread(io.BytesIO(source)).SOPInstanceUID != after.SOPInstanceUID


def test_two_views_of_an_object_share_no_identifier(shown: Served, files: dict[str, bytes]) -> None:
    for name in files:
        seen: list[set[str]] = []
        for preset in PRESETS:
            dataset = pydicom.dcmread(io.BytesIO(shown.get(preset, name)["Content"]))
            values = {str(e.value) for e in dataset.iterall() if e.VR == "UI" and str(e.value).startswith("2.25.")}
            values |= {str(dataset[tag].value) for tag in ("PatientID", "PatientName", "StudyID") if tag in dataset}
            seen.append({value for value in values if value} | set(shown.keys[name][preset].split("/")[1:]))
        assert all(len(values) >= 3 for values in seen)
        for number, values in enumerate(seen):
            for others in seen[:number]:
                assert not values & others


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_is_the_slice_of_the_whole(shown: Served, files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    view = data.draw(st.sampled_from(PRESETS))
    whole = _whole(shown, view, name)
    start = data.draw(st.integers(0, len(whole) + 5))
    last = data.draw(st.integers(start, len(whole) + 50))
    forms = {
        f"bytes={start}-{last}": whole[start : last + 1],
        f"bytes={start}-": whole[start:],
        f"bytes=-{start}": whole[-start:] if start else b"",
    }
    form = data.draw(st.sampled_from(sorted(forms)))
    expected = forms[form]
    if not expected:
        assert error_of(shown, view, name, Range=form) == ("InvalidRange", 416)
        return
    answer = shown.get(view, name, Range=form)
    assert answer["Content"] == expected
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    begin = len(whole) - len(expected) if form[6] == "-" else start
    assert answer["ContentRange"] == f"bytes {begin}-{begin + len(expected) - 1}/{len(whole)}"


_WHOLE: dict[tuple[str, str], bytes] = {}


def _whole(shown: Served, view: str, name: str) -> bytes:
    if (view, name) not in _WHOLE:
        _WHOLE[view, name] = shown.get(view, name)["Content"]
    return _WHOLE[view, name]


def test_head_and_list_tell_what_get_gives(shown: Served, files: dict[str, bytes]) -> None:
    s3 = shown.client()
    for view in PRESETS:
        listed = {item["Key"]: item for item in s3.list_objects_v2(Bucket=f"{view}{SUFFIX}")["Contents"]}
        assert set(listed) == {shown.keys[name][view] for name in files}
        for name in files:
            key = shown.keys[name][view]
            head = s3.head_object(Bucket=f"{view}{SUFFIX}", Key=key)
            answer = shown.get(view, name)
            assert len(answer["Content"]) == answer["ContentLength"] == head["ContentLength"] == listed[key]["Size"]
            assert answer["ETag"] == head["ETag"] == listed[key]["ETag"]
            assert answer["LastModified"] == head["LastModified"] == listed[key]["LastModified"]


@pytest.mark.parametrize("offset", [0, 1, 131, 132, 5000, 20_000, 35_000])
def test_a_download_goes_on_from_any_offset(shown: Served, offset: int) -> None:
    whole = _whole(shown, "research", "CT_small")
    first = shown.get("research", "CT_small")
    rest = shown.get("research", "CT_small", Range=f"bytes={offset}-", IfMatch=first["ETag"])["Content"]
    assert whole[:offset] + rest == whole


def test_a_transfer_in_parallel_parts_gives_the_whole(shown: Served, tmp_path: Path) -> None:
    from boto3.s3.transfer import TransferConfig

    config = TransferConfig(multipart_threshold=10_000, multipart_chunksize=9_973, max_concurrency=4)
    target = tmp_path / "part.dcm"
    key = shown.keys["CT_small"]["research"]
    shown.client().download_file(f"research{SUFFIX}", key, str(target), Config=config)
    assert target.read_bytes() == _whole(shown, "research", "CT_small")


def test_fifty_clients_at_once_each_get_their_own(shown: Served, files: dict[str, bytes]) -> None:
    wanted = [(view, name) for name in files for view in PRESETS][:50]
    expected = {pair: hashlib.sha256(_whole(shown, *pair)).digest() for pair in wanted}

    def fetch(pair: tuple[str, str]) -> bool:
        return hashlib.sha256(shown.get(*pair)["Content"]).digest() == expected[pair]

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(fetch, wanted))


def aws(found: Served, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    environment = kept | {
        "AWS_ACCESS_KEY_ID": "RESEARCHER",
        "AWS_SECRET_ACCESS_KEY": "researcher",
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [str(AWS), "--endpoint-url", found.endpoint, "s3api", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_aws_cli_lists_and_gets(shown: Served, files: dict[str, bytes], tmp_path: Path) -> None:
    bucket, key = f"research{SUFFIX}", shown.keys["CT_small"]["research"]
    listed = json.loads(aws(shown, "list-objects-v2", "--bucket", bucket, "--page-size", "5"))
    assert len(listed["Contents"]) == len(files)
    target = tmp_path / "ct.dcm"
    aws(shown, "get-object", "--bucket", bucket, "--key", key, str(target))
    assert target.read_bytes() == _whole(shown, "research", "CT_small")
    aws(shown, "get-object", "--bucket", bucket, "--key", key, "--range", "bytes=132-999", str(target))
    assert target.read_bytes() == _whole(shown, "research", "CT_small")[132:1000]
    assert pydicom.dcmread(io.BytesIO(_whole(shown, "research", "CT_small"))).Modality == "CT"
