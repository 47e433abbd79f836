"""Every setting with the values worth trying together; `pairwise.csv` has rows in which every pair of them meets.

A cell of the table is the place of the value in LEVELS. `caller_rights` goes with `access: object-lambda` only.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from tests.infrastructure.templates import ACCOUNT

_ONE_VIEW = {"research": {"profile": "basic", "domain": "default"}}
_THREE_VIEWS = {
    "a": {"profile": "research", "domain": "trial-a"},
    "twenty-characters-xx": {"profile": "basic", "domain": "trial_b"},
    "b-2": {"profile": "basic", "domain": "default"},
}


def _people(name: str) -> tuple[list[str], list[str]]:
    return [], [f"arn:aws:iam::{ACCOUNT}:role/{name}", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/{name}-2"]


LEVELS: Mapping[str, tuple[object, ...]] = {
    "stage": ("prod", "lab4"),
    "account": (None, ACCOUNT),
    "region": ("ap-southeast-2", "us-east-1"),
    "profile": ("basic", "research"),
    "domain": ("default", "Trial_1.x"),
    "views": (_ONE_VIEW, _THREE_VIEWS),
    "ocr_engine": ("rekognition", "textract", "both"),
    "phi_threshold": (0.8, 1.0),
    "unmatched_text": ("redact", "review", "keep"),
    "pixel_analysis": ("all", "risk"),
    "access": ("object-lambda", "materialised"),
    "caller_rights": (False, True),
    "network": ("public", "private"),
    "zones": (["a", "b"], ["c", "a"]),
    "malware_scan": (False, True),
    "existing_detector": (False, True),
    "max_object_bytes": (3 * 1024**3, 1),
    "retry_max_attempts": (20, 3),
    "review_timeout_days": (1, 30),
    "work_retention_days": (70, 365),
    "log_retention_days": (2557, 365),
    "audit_retention_days": (2557, 1),
    "evidence_retention_days": (2557, 36500),
    "ocr_concurrency": (10, 2),
    "phi_concurrency": (10, 2),
    "register_concurrency": (10, 2),
    "state_concurrency": (40, 2),
    "view_concurrency": (100, 2),
    "backfill_concurrency": (10, 1),
    "analyse_concurrency": (4, 40),
    "redrive_minutes": (60, 5),
    "quarantine_alarm_percent": (10, 100),
    "uploaders": _people("pacs"),
    "custodians": _people("custodian"),
    "reviewers": _people("reviewer"),
    "auditors": _people("auditor"),
    "deployers": _people("deployer"),
    "alarm_email": (None, "alarms@example.org"),
}
"""All but `nag`, which adds a check and changes no template."""

Pair = tuple[tuple[str, int], tuple[str, int]]


def possible(row: Mapping[str, int]) -> bool:
    """What `stacks.settings` admits."""
    return not (row.get("access") == 1 and row.get("caller_rights") == 1)


def pairs_of(row: Mapping[str, int]) -> set[Pair]:
    """The pairs of values that meet in a row."""
    return {((one, row[one]), (two, row[two])) for one, two in combinations(LEVELS, 2)}


def all_pairs() -> set[Pair]:
    """Every pair that is possible."""
    return {
        ((one, left), (two, right))
        for one, two in combinations(LEVELS, 2)
        for left in range(len(LEVELS[one]))
        for right in range(len(LEVELS[two]))
        if possible({one: left, two: right})
    }


def rows() -> list[dict[str, int]]:
    """The table."""
    with Path(__file__).with_name("pairwise.csv").open(newline="") as file:
        return [{name: int(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def settings_of(row: Mapping[str, int]) -> dict[str, object]:
    """The row as settings; None is a setting that is left out."""
    chosen = {name: LEVELS[name][level] for name, level in row.items()}
    return {name: value for name, value in chosen.items() if value is not None}
