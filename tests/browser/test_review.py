"""The review page in a real browser: looked at, answered by the keyboard alone, and the answers carried out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from playwright.sync_api import Page
from typer.testing import CliRunner, Result

from local.commands import decide
from tests.browser.contrast import LEAST, lowest_contrast
from tests.pipeline.conftest import SampleRun


@pytest.fixture
def output(sample_run: SampleRun, tmp_path: Path) -> Path:
    """The run's output, to decide on without a trace in the others' tests."""
    return Path(shutil.copytree(sample_run.output, tmp_path / "output"))


def decided(sample_run: SampleRun, *arguments: str | Path) -> Result:
    app = typer.Typer()
    decide.register(app)
    told = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, [*told, "--key-file", str(sample_run.key_file)])


@pytest.mark.system_tool("chromium")
def test_the_page_is_answered_by_keyboard_and_its_file_releases_the_instance(
    sample_run: SampleRun, output: Path, page: Page, tmp_path: Path
) -> None:
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    path = output / "custodian" / "review.html"
    page.goto(path.as_uri())
    assert page.locator("section.card").count() == 1
    for picture in page.locator("img").all():
        assert picture.evaluate("image => image.naturalWidth") > 40
        assert picture.get_attribute("alt")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.box") is not None
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "approve"
    page.keyboard.press("Tab")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    answers = tmp_path / "decisions.json"
    saving.value.save_as(answers)
    (answer,) = json.loads(answers.read_text())["decisions"]
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert not errors
    result = decided(sample_run, output, "--decisions", answers)
    assert result.exit_code == 0, result.exception
    certificate = json.loads((output / "certificates" / f"{answer['instance_ref']}.json").read_text())
    assert certificate["boxes"] == len(answer["boxes"]) == 1
    again = decided(sample_run, output, "--decisions", answers)
    assert again.exit_code == 0, again.exception
    assert not path.exists()
    assert not list((output / "custodian" / "state" / "review").iterdir())


@pytest.mark.system_tool("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_narrow_screen_and_reads_in_both_schemes(
    sample_run: SampleRun, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto((sample_run.output / "custodian" / "review.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert lowest_contrast(page) >= LEAST


def test_a_choice_of_a_box_that_was_not_asked_about_changes_nothing(sample_run: SampleRun, output: Path) -> None:
    (record,) = (r for r in sample_run.records.values() if r.status == "IN_REVIEW")
    kept = next(number for number, box in enumerate(record.boxes) if box.action == "keep")
    result = decided(sample_run, output, record.instance_id[:8], "--approve", "--box", str(kept))
    assert "not under review" in str(result.exception)
    assert not (output / "custodian" / "state" / "decisions").exists()


def test_the_page_is_closed_to_others_and_the_open_folders_hold_no_picture_of_a_source(sample_run: SampleRun) -> None:
    (record,) = (r for r in sample_run.records.values() if r.status == "IN_REVIEW")
    assert sample_run.output.joinpath("custodian").stat().st_mode & 0o777 == 0o700
    outside = [p for p in sample_run.output.rglob("*") if p.is_file() and "custodian" not in p.parts]
    assert [p.name for p in outside if record.instance_id in p.name] == [f"{record.instance_id}.json"]
