"""The AWS clients, one of each per process, with timeouts and retries set on purpose."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_comprehendmedical import ComprehendMedicalClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_textract import TextractClient

_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})
"""Short, because Step Functions retries the whole state with jitter; a Lambda is not paid to wait."""


@cache
def s3() -> S3Client:
    """Amazon S3."""
    return boto3.client("s3", config=_CONFIG)


@cache
def object_lambda() -> S3Client:
    """Amazon S3 for WriteGetObjectResponse.

    Its body is made while it is sent: it can be read neither beforehand, to sign it, nor a second time, to retry.
    """
    config = Config(s3={"payload_signing_enabled": False}, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client("s3", config=_CONFIG.merge(config))


@cache
def dynamodb() -> DynamoDBClient:
    """Amazon DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def stepfunctions() -> SFNClient:
    """AWS Step Functions."""
    return boto3.client("stepfunctions", config=_CONFIG)


@cache
def secretsmanager() -> SecretsManagerClient:
    """AWS Secrets Manager."""
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def kms() -> KMSClient:
    """AWS KMS."""
    return boto3.client("kms", config=_CONFIG)


@cache
def rekognition() -> RekognitionClient:
    """Amazon Rekognition."""
    return boto3.client("rekognition", config=_CONFIG)


@cache
def textract() -> TextractClient:
    """Amazon Textract."""
    return boto3.client("textract", config=_CONFIG)


@cache
def comprehendmedical() -> ComprehendMedicalClient:
    """Amazon Comprehend Medical."""
    return boto3.client("comprehendmedical", config=_CONFIG)


def forget() -> None:
    """Drop every client, for a process whose endpoint or credentials changed."""
    for make in (
        s3,
        object_lambda,
        dynamodb,
        stepfunctions,
        secretsmanager,
        kms,
        rekognition,
        textract,
        comprehendmedical,
    ):
        make.cache_clear()
