"""The released objects of an output folder behind an S3 endpoint on the loopback interface, one access point a view."""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from moto import mock_aws

from dicom_deid.errors import ConfigurationError
from handlers import redact_header
from local.access_points import SUFFIX, AccessPoints, Function, access_point_arn
from local.account import ACCESS, DEID, RAW, SECRET
from local.environment import REGION, applied
from local.object_store import Bucket, ObjectStore, StoredObject, listening
from local.published import kept
from local.state import OutputFolder
from services import clients, secrets
from services.access_table import AccessTable


@dataclass(frozen=True, slots=True)
class Served:
    """A running endpoint: its URL, and how many objects each view shows, by the name of its bucket."""

    endpoint: str
    objects: Mapping[str, int]


@contextmanager
def serving(folder: OutputFolder, key: bytes, port: int = 0) -> Iterator[Served]:
    """Serve what the last run into `folder` released, while the block runs.

    Raises
    ------
    ConfigurationError
        When the folder holds nothing to serve, or the key is not the one of the run.
    """
    views = folder.last_settings(key).views or {}
    items = [item for item in kept(folder) if item.view in views]
    if not items:
        raise ConfigurationError("the output folder holds nothing that can be served; run once more into it")
    raw = (StoredObject(i.raw_key, folder.state / "raw" / i.instance_id, i.raw_version) for i in items)
    clean = (StoredObject(i.deid_key, folder.released / i.deid_key, i.deid_version) for i in items)
    with account(raw, clean, views, key, port) as endpoint:
        table = AccessTable(ACCESS)
        for item in items:
            table.put(item)
        shown = {f"{view}{SUFFIX}": sum(1 for item in items if item.view == view) for view in sorted(views)}
        yield Served(endpoint, shown)


@contextmanager
def account(
    raw: Iterable[StoredObject],
    clean: Iterable[StoredObject],
    views: Mapping[str, Mapping[str, str]],
    key: bytes,
    port: int = 0,
    function: Function = redact_header.handle,
) -> Iterator[str]:
    """Raw and de-identified bucket over files, an empty access table, and the views' access points; the endpoint's URL.

    Both buckets answer to the function's own credentials alone, which are drawn for this process.
    """
    owner = f"FUNCTION{random.token_hex(12).upper()}"
    arns = {view: access_point_arn(view) for view in views}
    store = ObjectStore({RAW: Bucket(raw, owner), DEID: Bucket(clean, owner)}, AccessPoints(arns, function))
    named = {name: {**fields, "access_point_arn": arns[name]} for name, fields in views.items()}
    with (
        listening(store, port) as endpoint,
        applied(_environment(endpoint, owner, named)),
        mock_aws(config={"core": {"mock_credentials": False}}),
    ):
        clients.forget()
        secrets.forget()
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=key.hex())
        _create_table()
        try:
            yield endpoint
        finally:
            clients.forget()
            secrets.forget()


def _create_table() -> None:
    keys = (("view", "HASH"), ("view_key", "RANGE"))
    boto3.client("dynamodb").create_table(
        TableName=ACCESS,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def _environment(endpoint: str, owner: str, views: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": owner,
        "AWS_SECRET_ACCESS_KEY": random.token_hex(20),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": endpoint,
        # The endpoint has an address and no name that a route could be put before.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "DICOM_DEID_RAW_BUCKET": RAW,
        "DICOM_DEID_DEID_BUCKET": DEID,
        "DICOM_DEID_ACCESS_TABLE": ACCESS,
        "DICOM_DEID_SECRET_ID": SECRET,
        "DICOM_DEID_VIEWS": json.dumps(views),
    }
