"""The boundary: reasons reach the state machine by name, and nothing of a file reaches a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from dicom_deid.errors import BadInputError, Reason, ServiceUnavailableError
from handlers import telemetry
from handlers.boundary import AttemptEvent, Handler, Result, step

SECRET = "CITIZEN^JAN"
EVENT = {"instance_id": "0" * 32, "attempt": 1}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handlers log, as CloudWatch would receive it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(telemetry.logger.registered_formatter)
    logger = logging.getLogger("dicom-deid")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def raising(error: BaseException) -> Handler:
    @step(AttemptEvent)
    def run(event: AttemptEvent) -> Result:
        raise error

    return run


@pytest.mark.parametrize("reason", [Reason.PARSE_ERROR, Reason.CODEC_ERROR, Reason.TOO_LARGE])
def test_the_error_name_is_the_reason_code(reason: Reason) -> None:
    with pytest.raises(Exception, match=reason.value) as caught:
        raising(BadInputError(reason, "tag (0010,0010)"))(EVENT, None)
    assert type(caught.value).__name__ == reason.value


def test_service_trouble_is_named_so_that_it_is_retried() -> None:
    with pytest.raises(Exception, match="service-unavailable") as caught:
        raising(ServiceUnavailableError("s3 answered SlowDown"))(EVENT, None)
    assert type(caught.value).__name__ == "service-unavailable"


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), KeyError(SECRET), UnicodeDecodeError("x", SECRET.encode(), 0, 1, SECRET)]
)
def test_an_unforeseen_error_keeps_its_message_to_itself(error: Exception, log: io.StringIO) -> None:
    with pytest.raises(Exception, match="internal") as caught:
        raising(error)(EVENT, None)
    assert type(caught.value).__name__ == "internal"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)
    told = log.getvalue()
    assert SECRET not in told
    assert type(error).__name__ in told
    assert "test_boundary.py" in told


def test_running_out_of_memory_is_too_large() -> None:
    with pytest.raises(Exception, match="too-large"):
        raising(MemoryError())(EVENT, None)


@pytest.mark.parametrize("event", [{}, {"instance_id": SECRET, "attempt": 1}, {"instance_id": "0" * 32, "attempt": 0}])
def test_an_event_of_another_shape_is_refused_and_not_logged(event: dict[str, object], log: io.StringIO) -> None:
    with pytest.raises(Exception, match="internal") as caught:
        raising(AssertionError("must not run"))(event, None)
    assert SECRET not in str(caught.value)
    assert SECRET not in log.getvalue()


def test_metrics_name_state_and_reason_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    with pytest.raises(Exception, match="codec-error"):
        raising(BadInputError(Reason.CODEC_ERROR, "frame 3"))(EVENT, None)
    metric = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert metric["reason"] == "codec-error"
    assert metric["Stopped"] == [1.0]
    assert set(metric) <= {"_aws", "service", "state", "reason", "Stopped", "function_name"}


def test_a_log_names_its_own_instance_and_no_earlier_one(log: io.StringIO) -> None:
    with pytest.raises(Exception, match="codec-error"):
        raising(BadInputError(Reason.CODEC_ERROR, "a frame"))(EVENT, None)
    telemetry.logger.warning("outside any invocation")
    inside, outside = (
        json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{") and "_aws" not in line
    )
    assert (inside["instance_id"], inside["attempt"]) == ("0" * 32, 1)
    assert not {"instance_id", "attempt", "state"} & set(outside)
