"""A mocked account, with clients that know it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from services import clients

BUCKET = "bucket"


@pytest.fixture
def account() -> Iterator[str]:
    """Moto's S3 with one versioned bucket; the fixture gives its name."""
    with mock_aws():
        clients.forget()
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield BUCKET
    clients.forget()
