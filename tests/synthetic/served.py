"""Any DICOM object behind real access points, without a run of the pipeline: published by PublishViews itself."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pydicom
from botocore.config import Config
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from dicom_deid.errors import DeidError
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from handlers import publish_views, redact_header
from handlers.output_keys import object_key
from local.access_points import SUFFIX, Function
from local.account import ACCESS, RAW
from local.environment import applied
from local.object_store import StoredObject
from local.serving import account
from services import views
from services.access_table import AccessTable
from services.catalog import CatalogEntry, Status

KEY = bytes(range(32))
PRESETS = ("basic", "minimal", "longitudinal", "research")
VIEWS = {name: {"profile": name, "domain": f"project/{name}"} for name in PRESETS}
"""One view of each preset, each in a domain of its own."""


def client(endpoint: str) -> Any:
    """A researcher's own S3 client, with credentials that mean nothing here."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="ap-southeast-2",
        aws_access_key_id="RESEARCHER",
        aws_secret_access_key="researcher",
        config=Config(max_pool_connections=60, retries={"total_max_attempts": 1}),
    )


@dataclass
class Served:
    """A running endpoint. `keys`: of each instance by its name, for each view."""

    endpoint: str
    folder: Path
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def table(self) -> AccessTable:
        return AccessTable(ACCESS)

    def client(self) -> Any:
        return client(self.endpoint)

    def get(self, view: str, name: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client().get_object(
            Bucket=f"{view}{SUFFIX}", Key=self.keys[name][view], **parameters
        )
        return answer | {"Content": answer["Body"].read()}

    def raw(self, name: str) -> Path:
        return self.folder / "raw" / name

    def clean(self, name: str) -> Path:
        return self.folder / "clean" / name


@contextmanager
def served(
    folder: Path,
    sources: Mapping[str, bytes | Path],
    shown: Mapping[str, Mapping[str, str]] = VIEWS,
    function: Function = redact_header.handle,
) -> Iterator[Served]:
    """The sources, each de-identified by the release profile and published in every view."""
    raw, clean = folder / "raw", folder / "clean"
    raw.mkdir()
    clean.mkdir()
    keys: dict[str, str] = {}
    for name, content in sources.items():
        path = raw / name
        path.write_bytes(content) if isinstance(content, bytes) else path.hardlink_to(content)
        with path.open("rb") as source, (clean / name).open("wb") as target:
            keys[name] = object_key(redact(source, target, profile_named("basic"), Pseudonymiser(KEY, "release")))
    # Behind each released version lies a newer upload, which nobody may be served before it is released.
    newer = folder / "newer"
    newer.write_bytes(b"an upload that was not released")
    versions = ((f"raw-{name}", raw / name) for name in sources)
    raw_objects = [StoredObject(_raw_key(version[4:]), path, version) for version, path in versions]
    raw_objects += [StoredObject(_raw_key(name), newer, f"newer-{name}") for name in sources]
    clean_objects = [StoredObject(keys[name], clean / name, f"clean-{name}") for name in sources]
    settings = {"DICOM_DEID_CATALOG_TABLE": "catalog", "DICOM_DEID_ACCESS": "object-lambda"}
    with account(raw_objects, clean_objects, shown, KEY, function=function) as endpoint, applied(settings):
        found = Served(endpoint, folder)
        for number, name in enumerate(sources):
            publish(found, entry(name, f"{number:032x}", keys[name]))
        yield found


def _raw_key(name: str) -> str:
    return f"CITIZEN^JAN/{name}"


def entry(name: str, instance_id: str, key: str, **changes: Any) -> CatalogEntry:
    """The catalog's entry of a source when PublishViews gets it."""
    known: dict[str, Any] = {
        "instance_id": instance_id,
        "bucket": RAW,
        "key": _raw_key(name),
        "version_id": f"raw-{name}",
        "etag": "",
        "size": 1,
        "status": Status.SAVED,
        "attempt": 1,
        "sequence": "",
        "created_at": "",
        "updated_at": "",
        "lock_version": 1,
        "tool": "",
        "output_key": key,
        "output_version": f"clean-{name}",
        "saved_at": "2026-01-02T03:04:05+00:00",
        "route": "header",
    }
    return CatalogEntry(**(known | changes))


def publish(found: Served, published: CatalogEntry) -> None:
    """Publish an instance in every view, by the code of PublishViews."""
    name = published.key.rpartition("/")[2]
    for view in views.parse(os.environ["DICOM_DEID_VIEWS"]):
        key = publish_views.publish(published, view, found.table)
        assert key is not None
        found.keys.setdefault(name, {})[view.name] = key


def syntaxes() -> dict[str, bytes]:
    """One file of each transfer syntax that pydicom ships and that streams, by a name; each an instance of its own."""
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    for path in sorted(Path(str(get_testdata_file("CT_small.dcm"))).parent.glob("*.dcm")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = pydicom.dcmread(path)
            syntax = str(dataset.file_meta.TransferSyntaxUID)
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{len(seen) + 1}")
            content = io.BytesIO()
            dataset.save_as(content)
            if syntax not in seen:
                redact(content, io.BytesIO(), profile_named("basic"), Pseudonymiser(KEY, "release"))
                found[path.stem] = content.getvalue()
                seen.add(syntax)
        except (DeidError, AttributeError, KeyError, TypeError, ValueError, InvalidDicomError):
            continue
    return found
