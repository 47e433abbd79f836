"""The report in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.contrast import LEAST, lowest_contrast
from tests.pipeline.conftest import SampleRun


@pytest.mark.system_tool("chromium")
def test_the_report_opens_whole_without_network_and_shows_every_instance(sample_run: SampleRun, page: Page) -> None:
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((sample_run.output / "report" / "index.html").as_uri())
    assert page.locator("article.instance").count() == len(sample_run.records)
    assert all(url.startswith(("file:", "data:")) for url in asked)
    assert not errors
    pictures = page.locator("article.instance img")
    released = [record for record in sample_run.records.values() if record.status == "RELEASED"]
    assert pictures.count() == len(released)
    for number in range(pictures.count()):
        assert pictures.nth(number).evaluate("image => image.naturalWidth") > 0


@pytest.mark.system_tool("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_a_narrow_screen_and_reads_in_both_schemes(
    sample_run: SampleRun, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto((sample_run.output / "report" / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 421
    assert lowest_contrast(page) >= LEAST
