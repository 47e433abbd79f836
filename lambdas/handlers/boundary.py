"""Where Lambda meets a handler: events typed, errors named by their reason code, nothing of a file in any log.

The Lambda runtime reports an exception by its class name, and Step Functions matches on that name. So every error
leaves here as an exception whose class is named by its reason code: the state machine's ``Error`` is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dicom_deid.errors import DeidError, Reason, place_of
from handlers.telemetry import logger, measure

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer

_Event = TypeVar("_Event", bound=BaseModel)
Result = dict[str, Any]
Handler = Callable[[Mapping[str, Any], object], Result]


class HandlerSettings(BaseSettings):
    """The environment of a function, validated: ``DICOM_DEID_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="DICOM_DEID_", frozen=True, extra="ignore")


class AttemptEvent(BaseModel):
    """What every state receives: references, never content."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    attempt: int = Field(ge=1)


@cache
def _tracer() -> Tracer:
    """Nothing is patched: a trace of an S3 call would hold the raw key, which may hold a name.

    Made when first needed: its import costs as much as all others of the researchers' function, which has no steps.
    """
    from aws_lambda_powertools import Tracer

    return Tracer(service="dicom-deid", auto_patch=False)


@cache
def _error_class(reason: Reason) -> type[Exception]:
    return type(reason.value, (Exception,), {"__doc__": "An instance stopped; the class name is the reason code."})


def stop(reason: Reason, state: str) -> NoReturn:
    """Raise the exception that carries a reason code to the state machine."""
    raise _error_class(reason)(f"{reason.value} in {state}") from None


def step(event_type: type[_Event]) -> Callable[[Callable[[_Event], Result]], Handler]:
    """Make a Lambda handler of a function from a typed event to a reference.

    Parameters
    ----------
    event_type
        The model the event must satisfy; an event that does not is ``internal``: only our own states call us.
    """

    def decorate(run: Callable[[_Event], Result]) -> Handler:
        state = run.__module__.rpartition(".")[2]

        @wraps(run)
        def handle(event: Mapping[str, Any], context: object) -> Result:
            del context
            try:
                typed = event_type.model_validate(event)
            except ValidationError as error:
                _log_failure(state, Reason.INTERNAL, f"{error.error_count()} fields of the event are not valid")
                stop(Reason.INTERNAL, state)
            logger.thread_safe_append_keys(state=state, **typed.model_dump(include={"instance_id", "attempt"}))
            try:
                with _tracer().provider.in_subsegment(name=f"## {state}"):
                    result = _guarded(run, typed, state)
            finally:
                # Another invocation of this environment, or another thread of a local run, is another instance.
                logger.thread_safe_clear_keys()
            measure("Completed", state=state)
            return result

        return handle

    return decorate


def _guarded(run: Callable[[_Event], Result], event: _Event, state: str) -> Result:
    reason = Reason.INTERNAL
    try:
        return run(event)
    except DeidError as error:
        reason = error.reason
        _log_failure(state, reason, error.detail)
    except MemoryError:
        reason = Reason.TOO_LARGE
        _log_failure(state, reason, "memory ran out")
    except Exception as error:
        # The message of an unforeseen error may hold a value of the file: only its type and place are safe.
        _log_failure(state, reason, f"{type(error).__name__} at {place_of(error)}")
    stop(reason, state)


def _log_failure(state: str, reason: Reason, detail: str) -> None:
    logger.warning("stopped", extra={"reason": reason.value, "detail": detail})
    measure("Stopped", state=state, reason=reason.value)
