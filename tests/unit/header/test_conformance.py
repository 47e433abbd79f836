from __future__ import annotations

import json

import pytest

from dicom_deid.header.conformance import markdown, statement
from dicom_deid.header.presets import DESCRIPTIONS, profile_named
from dicom_deid.header.profiles import Action, Profile
from dicom_deid.header.tables import EDITION


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS))
def test_the_statement_says_what_the_profile_does(name: str) -> None:
    profile = profile_named(name)
    content = json.loads(json.dumps(statement(profile)))
    assert content["edition"] == EDITION
    assert [code["value"] for code in content["profile"]["codes"]] == list(profile.codes)
    assert len(content["attributes"]) == 657
    actions = {row["tag"]: row["action"] for row in content["attributes"]}
    assert actions["(0010,0010)"] == profile.action_of(0x00100010)
    assert actions["(0010,0030)"] == "Z"


def test_dates_of_devices_are_stated_as_removed() -> None:
    rows = {row["tag"]: row["action"] for row in statement(profile_named("longitudinal"))["attributes"]}
    assert rows["(0018,1200)"] == "X"
    assert rows["(0008,0020)"] == Action.CLEAN_DATE


def test_only_what_keeps_more_is_beyond_safe_harbor() -> None:
    beyond = {name: statement(profile_named(name))["profile"]["beyond_safe_harbor"] for name in DESCRIPTIONS}
    assert beyond == {"basic": False, "minimal": False, "longitudinal": True, "research": True}
    assert "Not HIPAA Safe Harbor" in markdown(profile_named("research"))
    assert "Not HIPAA Safe Harbor" in markdown(Profile(name="own", overrides={0x00081030: Action.KEEP}))
