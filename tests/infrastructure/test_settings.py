from __future__ import annotations

import pytest

from stacks.settings import PREFIX, SettingsError, file_context, from_context
from tests.infrastructure.templates import ROOT


def test_the_settings_of_cdk_json_are_valid() -> None:
    settings = from_context(file_context(ROOT / "cdk.json"))
    assert (settings.region, settings.unmatched_text, settings.pixel_analysis) == ("ap-southeast-2", "redact", "all")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("phi_treshold", "0.8", "phi_treshold"),
        ("phi_threshold", "1.5", "phi_threshold"),
        ("work_retention_days", "30", "work_retention_days must exceed"),
        ("work_retention_days", "63", "work_retention_days must exceed"),
        ("views", "{}", "at least one view"),
        ("views", '{"Research_1": {"profile": "basic", "domain": "d"}}', "a view's name"),
        ("uploaders", '["arn:aws:iam::111122223333:role/*"]', "uploaders"),
        ("access", "public", "access"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        from_context({f"{PREFIX}{name}": value})


def test_the_command_line_gives_strings() -> None:
    typed = {"review_timeout_days": "7", "malware_scan": "true", "log_retention_days": "365"}
    settings = from_context({f"{PREFIX}{name}": value for name, value in typed.items()})
    assert (settings.review_timeout_seconds, settings.malware_scan, settings.log_retention_days) == (604800, True, 365)
