"""The environment of the functions, put in place and taken away again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

REGION: Final = "ap-southeast-2"


@contextmanager
def applied(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables; settings that a handler read before are forgotten, before and after."""
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_TRACE_DISABLED": "true"}
    before = {name: os.environ.get(name) for name in [*values, *quiet]}
    os.environ.update(values)
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    _forget_settings()
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old
        _forget_settings()


def _forget_settings() -> None:
    for name, module in list(sys.modules.items()):
        forget = getattr(getattr(module, "settings", None), "cache_clear", None)
        if name.startswith("handlers.") and forget is not None:
            forget()
