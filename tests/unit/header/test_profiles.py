from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from dicom_deid.errors import ConfigurationError
from dicom_deid.header.custom import profile_from
from dicom_deid.header.presets import DESCRIPTIONS, profile_named, profile_named_or_read
from dicom_deid.header.profiles import Action, Option, Profile
from dicom_deid.header.rules import rules_of
from dicom_deid.header.tables import attribute_rules

REFERENCED_STUDY_AND_STEP = {0x00081110, 0x00081111}
FULL, MODIFIED = Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES


def test_every_legal_combination_of_options_is_a_profile() -> None:
    for size in range(len(Option) + 1):
        for options in combinations(Option, size):
            if {FULL, MODIFIED} <= set(options):
                continue
            assert Profile(options=frozenset(options)).codes == ("113100", *sorted(options))


def test_full_and_modified_dates_exclude_each_other() -> None:
    with pytest.raises(ConfigurationError, match=r"113106.*113107"):
        Profile(options=frozenset({FULL, MODIFIED}))


def test_cleaning_is_stronger_than_keeping() -> None:
    rules = [
        r
        for r in attribute_rules().values()
        if (r.options.get("device"), r.options.get("modified_dates")) == ("K", "C")
    ]
    assert rules
    profile = Profile(options=frozenset({Option.RETAIN_DEVICE_IDENTITY, MODIFIED}))
    assert {profile.action_of(int(rule.tag, 16)) for rule in rules} == {Action.CLEAN_DATE}


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("X", "X"),
        ("Z", "Z"),
        ("D", "D"),
        ("U", "U"),
        ("X/Z", "Z"),
        ("X/D", "D"),
        ("X/Z/D", "D"),
        ("Z/D", "D"),
        ("X/Z/U*", "X/Z/U*"),
    ],
)
def test_combined_codes(code: str, action: str) -> None:
    rules = [rule for rule in attribute_rules().values() if re.fullmatch("[0-9A-F]{8}", rule.tag)]
    tags = {int(rule.tag, 16) for rule in rules if rule.basic == code} - REFERENCED_STUDY_AND_STEP
    assert tags
    assert {(Profile().action_of(tag) or Action.KEEP).value for tag in tags} == {action}


@pytest.mark.parametrize("tag", sorted(REFERENCED_STUDY_AND_STEP))
def test_references_to_study_and_procedure_step_are_remapped(tag: int) -> None:
    assert Profile().action_of(tag) is Action.RECURSE


def test_the_digest_follows_all_that_outputs_depend_on() -> None:
    profiles = [
        Profile(),
        Profile(options=frozenset({MODIFIED})),
        Profile(date_shift=(-10, -1)),
        Profile(overrides={0x00081030: Action.REMOVE}),
        Profile(issuers=("A",)),
        Profile(descriptors=False),
    ]
    assert len({profile.digest for profile in profiles}) == len(profiles)
    assert Profile(name="another").digest == Profile().digest


def test_dates_move_back_by_a_day_at_least_and_by_ten_years_at_most() -> None:
    assert Profile().date_shift == (-3650, -1)
    with pytest.raises(ConfigurationError, match="date_shift"):
        Profile(date_shift=(-1, -2))


def test_presets() -> None:
    assert set(DESCRIPTIONS) >= {"basic", "minimal", "research"}
    research = profile_named("research")
    assert research.codes == ("113100", "113103", "113104", "113105", "113107", "113108", "113109", "113111")
    assert "not HIPAA Safe Harbor".lower() in DESCRIPTIONS["research"].lower()
    with pytest.raises(ConfigurationError, match="research"):
        profile_named("reserch")


YAML = """\
name: trial-17
base: research
without: [113111]
overrides:
  "(0008,1030)": X
  "00400280": K
date_shift: [-400, -30]
issuers: [HOSPITAL]
"""
TOML = """\
name = "trial-17"
base = "research"
without = [113111]
date_shift = [-400, -30]
issuers = ["HOSPITAL"]
[overrides]
"(0008,1030)" = "X"
"00400280" = "K"
"""


@pytest.mark.parametrize(("name", "text"), [("p.yaml", YAML), ("p.toml", TOML)])
def test_a_profile_of_one_s_own(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    profile = profile_named_or_read(str(path))
    assert profile.name == "trial-17"
    assert profile.options == profile_named("research").options - {Option.RETAIN_SAFE_PRIVATE}
    assert profile.overrides == {0x00081030: Action.REMOVE, 0x00400280: Action.KEEP}
    assert (profile.date_shift, profile.issuers) == ((-400, -30), ("HOSPITAL",))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("name: x\nbose: research\n", 2, "bose"),
        ("name: x\nbase: reserch\n", 2, "base"),
        ("name: X Y\n", 1, "name"),
        ("base: basic\n\noptions: [113199]\n", 3, "options"),
        ("base: basic\noptions: 113105\n", 2, "options"),
        ("overrides:\n  '(0008,1030)': X\n  '(0008,103)': X\n", 3, "(0008,103)"),
        ("overrides:\n  '(0008,1030)': C\n", 1, "X, Z, D, K"),
        ("overrides:\n  '(0009,1030)': K\n", 1, "private"),
        ("date_shift: [-1]\n", 1, "date_shift"),
        ("name: x\ndate_shift: [0, 0]\n", 2, "date_shift"),
        ("options: [113106]\nbase: research\n", 1, "113106"),
        ("descriptors: perhaps\n", 1, "descriptors"),
        ("name: [\n", 2, "YAML"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        profile_from(path)
    assert f"line {line}:" in str(error.value)
    assert what in str(error.value)


def test_a_broken_toml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("name = 'x'\noptions = [\n")
    with pytest.raises(ConfigurationError, match="line"):
        profile_from(path)


def test_clean_descriptors_needs_descriptors() -> None:
    with pytest.raises(ConfigurationError, match="113105"):
        Profile(options=frozenset({Option.CLEAN_DESCRIPTORS}), descriptors=False)


@pytest.mark.parametrize(
    ("option", "tag", "action"),
    [
        (MODIFIED, 0x00080020, Action.CLEAN_DATE),
        (Option.CLEAN_STRUCTURED_CONTENT, 0x0040A730, Action.CLEAN_CONTENT),
        (Option.CLEAN_GRAPHICS, 0x00700001, Action.CLEAN_GRAPHICS),
        (Option.CLEAN_DESCRIPTORS, 0x00081030, Action.CLEAN_TEXT),
    ],
)
def test_what_an_option_cleans_is_cleaned_in_its_own_way(option: Option, tag: int, action: Action) -> None:
    assert Profile(options=frozenset({option})).action_of(tag) is action


@pytest.mark.parametrize(
    "tag",
    [
        *(0x00080001, 0x00080300, 0x00880200, 0x04000500, 0x04000550, 0x04000561, 0xFFFAFFFA, 0xFFFCFFFC),
        *(0x7FE00001, 0x7FE00002, 0x7FE00003, 0x7FE00008, 0x7FE00009, 0x7FE00010),
        *(0x00000002, 0x00020010, 0x00041130, 0x50003000, 0x50FE0010, 0x60003000, 0x60FE3000, 0x00080000),
    ],
)
def test_what_would_hide_something_or_point_to_what_moved_goes_under_every_option(tag: int) -> None:
    for option in Option:
        assert rules_of(Profile(options=frozenset({option})))[tag].treatment is None
