"""The released objects of an output folder behind an S3 endpoint on the loopback interface, one access point a view."""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import boto3
from moto import mock_aws

from dicom_deid.errors import ConfigurationError
from handlers import redact_header
from local.access_points import SUFFIX, AccessPoints, access_point_arn
from local.engine import ACCESS, DEID, RAW, SECRET
from local.environment import REGION, applied
from local.object_store import Bucket, ObjectStore, StoredObject, listening
from local.published import kept
from local.state import OutputFolder
from services import clients, secrets
from services.access_table import AccessItem, AccessTable


@dataclass(frozen=True, slots=True)
class Served:
    """A running endpoint: its URL, and how many objects each view shows, by the name of its bucket."""

    endpoint: str
    objects: Mapping[str, int]


@contextmanager
def serving(folder: OutputFolder, key: bytes, port: int = 0) -> Iterator[Served]:
    """Serve what the last run into `folder` released, while the block runs.

    Raw and released bucket answer to the function's own credentials alone, which are drawn for this process.

    Raises
    ------
    ConfigurationError
        When the folder holds nothing to serve, or the key is not the one of the run.
    """
    views = folder.last_settings(key).views or {}
    items = [item for item in kept(folder) if item.view in views]
    if not items:
        raise ConfigurationError("the output folder holds nothing that can be served; run once more into it")
    owner = f"FUNCTION{random.token_hex(12).upper()}"
    raw, clean = folder.state / "raw", folder.released
    buckets = {
        RAW: Bucket((StoredObject(i.raw_key, raw / i.instance_id, i.raw_version) for i in items), owner),
        DEID: Bucket((StoredObject(i.deid_key, clean / i.deid_key, i.deid_version) for i in items), owner),
    }
    arns = {view: access_point_arn(view) for view in views}
    with ExitStack() as stack:
        store = ObjectStore(buckets, AccessPoints(arns, redact_header.handle))
        endpoint = stack.enter_context(listening(store, port))
        named = {name: {**fields, "access_point_arn": arns[name]} for name, fields in views.items()}
        stack.enter_context(applied(_environment(endpoint, owner, named)))
        stack.enter_context(_account(key, items))
        shown = {f"{view}{SUFFIX}": sum(1 for item in items if item.view == view) for view in sorted(views)}
        yield Served(endpoint, shown)


@contextmanager
def _account(key: bytes, items: list[AccessItem]) -> Iterator[None]:
    """The access table and the secret, in process; S3 is the endpoint."""
    with mock_aws(config={"core": {"mock_credentials": False}}):
        clients.forget()
        secrets.forget()
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=key.hex())
        boto3.client("dynamodb").create_table(
            TableName=ACCESS,
            KeySchema=[
                {"AttributeName": "view", "KeyType": "HASH"},
                {"AttributeName": "view_key", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("view", "view_key")],
            BillingMode="PAY_PER_REQUEST",
        )
        table = AccessTable(ACCESS)
        for item in items:
            table.put(item)
        try:
            yield
        finally:
            clients.forget()
            secrets.forget()


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
