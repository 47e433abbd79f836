"""Every statement of every policy keeps the rules."""

from __future__ import annotations

import pytest

from tests.infrastructure.access.estate import MODES, estate
from tests.infrastructure.access.rules import complaints


@pytest.mark.parametrize("mode", MODES)
def test_every_statement_keeps_the_rules(mode: str) -> None:
    found = estate(mode)
    assert [line for name, policy in found.policies.items() for line in complaints(found, name, policy.document)] == []
