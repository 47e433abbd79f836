"""What moto 5.2.5 does otherwise than AWS, put right for the local run: one function a gap, nothing else."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from local.environment import REGION


@contextmanager
def patched() -> Iterator[None]:
    """All patches, for the life of one local account."""
    with ExitStack() as stack:
        for patching in _PATCHES:
            stack.enter_context(patching())
        yield


def keep_signing_key(key_id: str, private_key: ec.EllipticCurvePrivateKey) -> None:
    """Moto draws a key anew in every process, KMS keeps it; one public key verifies the certificates of all runs."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.kms.models import kms_backends

    made: Any = kms_backends[DEFAULT_ACCOUNT_ID][REGION].keys[key_id].private_key
    made.private_key = private_key


@contextmanager
def _real_handlers() -> Iterator[None]:
    """Moto runs functions in Docker, or answers a fixed text. Here the handler that deploys runs in this process."""
    from moto.awslambda.models import LambdaFunction

    def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
        module, _, name = function.handler.rpartition(".")
        handle = getattr(importlib.import_module(module), name)
        try:
            return json.dumps(handle(event, None)), False, ""
        except Exception as error:
            told = {"errorMessage": str(error), "errorType": type(error).__name__}
            return json.dumps(told), True, ""

    with patch.object(LambdaFunction, "_invoke_lambda", invoke):
        yield


@contextmanager
def _digest_signatures() -> Iterator[None]:
    """Moto signs a digest as if it were the message (MessageType DIGEST is ignored); nothing would verify offline."""
    from moto.kms.utils import ECDSAPrivateKey

    original = ECDSAPrivateKey.sign

    def sign(key: Any, message: bytes, signing_algorithm: str) -> bytes:
        if len(message) != hashes.SHA256.digest_size:
            return bytes(original(key, message, signing_algorithm))
        signed: bytes = key.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return signed

    with patch.object(ECDSAPrivateKey, "sign", sign):
        yield


@contextmanager
def _one_client_a_service() -> Iterator[None]:
    """Moto makes a new client for every task of an execution, which costs more than most tasks."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.utils import boto_client

    made = cache(
        lambda region, service: boto_client.boto_client_for(region=region, service=service, state_credentials=None)
    )

    def client_for(service: str, region: str, state_credentials: Any) -> Any:
        del state_credentials
        return made(region, service)

    with patch.object(lambda_eval_utils, "boto_client_for", client_for):
        yield


@contextmanager
def _one_parse_a_definition() -> Iterator[None]:
    """Moto parses the definition anew for every execution, a fifth of the whole time; the tree is only read."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

    original = AmazonStateLanguageParser.parse
    tree_of = cache(lambda definition: original(definition)[1])

    def parse(definition: str) -> tuple[Any, Any]:
        return Preprocessor().visit(tree_of(definition)), tree_of(definition)

    with patch.object(AmazonStateLanguageParser, "parse", staticmethod(parse)):
        yield


@contextmanager
def _versions_by_content() -> Iterator[None]:
    """Moto draws version ids at random; here they follow from key and content: two runs name instances alike."""
    from moto.s3.models import FakeKey

    original = FakeKey.__init__

    def init(key: Any, *args: Any, **named: Any) -> None:
        original(key, *args, **named)
        if key._version_id is not None and key._version_id != "null":
            digest = hashlib.sha256(key.name.encode() + b"\0" + key.etag.encode()).hexdigest()
            key._version_id = f"{digest[:16]}{key._version_id[:8] if named.get('multipart') else ''}"

    with patch.object(FakeKey, "__init__", init):
        yield


_PATCHES = (_real_handlers, _digest_signatures, _one_client_a_service, _one_parse_a_definition, _versions_by_content)
