"""checkov, where `python -m bench checkov` has made its environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bench import checkov
from tests.infrastructure.templates import MODES


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_finding_of_checkov_is_explained_on_its_resource(mode: Mapping[str, str]) -> None:
    if not checkov.is_installed():
        pytest.skip("checkov has no environment: python -m bench checkov makes one")
    assert [finding for finding in checkov.findings(mode) if not finding[3]] == []
