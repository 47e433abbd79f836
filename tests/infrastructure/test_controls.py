"""What docs/controls.md names exists: resources by their path in the app, tests, files and headings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from aws_cdk import App, CfnResource

from stacks.app import build
from stacks.settings import PREFIX, from_context
from tests.infrastructure.templates import ACCOUNT, MODES, ROOT

_STACKS = ("Data/", "Audit/", "Pipeline/", "Review/", "Access/")


def _rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "controls.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[-1] != "where"]


def _references() -> list[str]:
    return sorted({reference for row in _rows() for reference in re.findall(r"`([^`]+)`", row[-1])})


@cache
def _resources() -> frozenset[str]:
    found: set[str] = set()
    for mode in MODES:
        context = {f"{PREFIX}account": ACCOUNT, **{f"{PREFIX}{name}": value for name, value in mode.items()}}
        app = App(analytics_reporting=False)
        build(app, from_context(context))
        found |= {node.node.path for node in app.node.find_all() if isinstance(node, CfnResource)}
    return frozenset(found)


def _anchors(document: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def exists(reference: str) -> bool:
    if reference.startswith(_STACKS):
        return reference in _resources()
    path, _, test = reference.partition("::")
    path, _, anchor = path.partition("#")
    place = ROOT / path
    if not place.exists():
        return False
    if test:
        return re.search(rf"^def {re.escape(test)}\(", place.read_text(), re.MULTILINE) is not None
    return not anchor or anchor in _anchors(place.read_text())


def test_every_control_names_what_meets_it() -> None:
    rows = _rows()
    assert len(rows) > 40
    assert [row[0] for row in rows if len(row) != 4 or "`" not in row[-1]] == []


@pytest.mark.parametrize("reference", _references())
def test_what_a_control_names_exists(reference: str) -> None:
    assert exists(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "Data/Nothing",
        "tests/infrastructure/test_guards.py::test_nothing",
        "docs/operations.md#nothing",
        "docs/nothing.md",
    ],
)
def test_what_does_not_exist_is_noticed(reference: str) -> None:
    assert not exists(reference)


def test_every_link_between_the_documents_leads_somewhere() -> None:
    broken = []
    for document in sorted((ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
            path, _, anchor = target.partition("#")
            place: Path = document.parent / path if path else document
            if not place.exists() or (anchor and anchor not in _anchors(place.read_text())):
                broken.append(f"{document.name}: {target}")
    assert broken == []
