"""Answer service calls of botocore clients locally: the request leaves the client and the answer enters it as on AWS.

Requests were validated by botocore before they come here; answers are validated against the same service model, so a
detector cannot answer what the service could not.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.validate import ParamValidator

Answer = Mapping[str, Any]


class TextDetector(Protocol):
    """Reads text in images."""

    def detect_text(self, image: bytes) -> Answer:
        """The shape of Rekognition DetectText."""

    def detect_document_text(self, image: bytes) -> Answer:
        """The shape of Textract DetectDocumentText."""


class PhiDetector(Protocol):
    """Finds protected health information in text."""

    def detect_phi(self, text: str) -> Answer:
        """The shape of Comprehend Medical DetectPHI."""


class ServiceError(Exception):
    """What a stand-in raises to answer as the service does in trouble: an error code and a status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class _RawResponse:
    """The body of a response, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, *_: object, **__: object) -> bytes:
        content, self._content = self._content, b""
        return content

    def stream(self, *_: object, **__: object) -> Any:
        yield self.read()


def install(clients: Mapping[str, BaseClient], text: TextDetector, phi: PhiDetector) -> None:
    """Answer the three operations of these clients (by service name) with the detectors."""
    lock = threading.Lock()

    def rekognition(body: Mapping[str, Any]) -> Answer:
        with lock:
            return text.detect_text(_image(body["Image"], limit=5 * 1024 * 1024, service="rekognition"))

    def textract(body: Mapping[str, Any]) -> Answer:
        with lock:
            return text.detect_document_text(_image(body["Document"], limit=10 * 1024 * 1024, service="textract"))

    def comprehend(body: Mapping[str, Any]) -> Answer:
        content: str = body["Text"]
        if len(content.encode()) >= 20_000:
            raise ServiceError("TextSizeLimitExceededException", 400)
        return phi.detect_phi(content)

    _answer(clients["rekognition"], "DetectText", rekognition)
    _answer(clients["textract"], "DetectDocumentText", textract)
    _answer(clients["comprehendmedical"], "DetectPHI", comprehend)


def _image(document: Mapping[str, Any], *, limit: int, service: str) -> bytes:
    """The image, refused as the service refuses it: too many bytes, or no PNG or JPEG."""
    content = base64.b64decode(document["Bytes"])
    if len(content) > limit:
        raise ServiceError("ImageTooLargeException" if service == "rekognition" else "DocumentTooLargeException", 400)
    if not content.startswith((b"\x89PNG", b"\xff\xd8")):
        known = "InvalidImageFormatException" if service == "rekognition" else "UnsupportedDocumentException"
        raise ServiceError(known, 400)
    return content


def _answer(client: BaseClient, operation: str, make: Callable[[Mapping[str, Any]], Answer]) -> None:
    output: Any = client.meta.service_model.operation_model(operation).output_shape
    validator = ParamValidator()

    def respond(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        headers = HTTPHeaders()
        headers["x-amzn-RequestId"] = str(uuid.uuid4())
        headers["Content-Type"] = "application/x-amz-json-1.1"
        body: Any = request.body
        try:
            answer = make(json.loads(body))
        except ServiceError as error:
            content = json.dumps({"__type": error.code, "message": error.code}).encode()
            return AWSResponse(request.url, error.status, headers, _RawResponse(content))
        report = validator.validate(answer, output)
        if report.has_errors():
            raise TypeError(f"the stand-in of {operation} answers what the service model does not allow")
        return AWSResponse(request.url, 200, headers, _RawResponse(json.dumps(answer).encode()))

    service = client.meta.service_model.service_id.hyphenize()
    events: Any = client.meta.events
    events.register_first(f"before-send.{service}.{operation}", respond)
