"""The page in a real browser with the network cut."""

import os
import shutil
from collections.abc import Iterator

import pytest
from planted import History
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.report import render

CHROMIUM = shutil.which("chromium")
WIDTHS = (390, 768, 1440)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "no chromium on this machine (Debian's package of that name)"
        if os.environ.get("LADDSTROM_REQUIRE_BROWSER"):
            pytest.fail(f"LADDSTROM_REQUIRE_BROWSER is set: {reason}", pytrace=False)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield opened
        opened.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser, history: History) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900}, offline=True)
    opened = context.new_page()
    noise: list[str] = []
    opened.on("console", lambda message: noise.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: noise.append(f"error: {error}"))
    opened.on(
        "request", lambda asked: noise.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
    )
    opened.goto(render(history.home).as_uri())
    yield opened
    assert noise == []
    context.close()


def test_every_page_opens_without_noise_or_sideways_scrolling(page: Page) -> None:
    for name in ("Overview", "Faults", "Energy", "Cards", "Definitions"):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        assert page.locator("section.page:visible").count() == 1
        assert page.locator("section.page:visible h1").inner_text()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], name  # type: ignore[index]


def test_figures_read_as_they_were_computed(page: Page, history: History) -> None:
    sessions = page.locator('[data-figure="session.count"]')
    assert sessions.inner_text().replace("\u202f", "") == str(len(history.truth.sessions))
    assert sessions.get_attribute("data-value") == str(len(history.truth.sessions))


def test_a_table_sorts_by_its_heading_and_keeps_its_total_last(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Energy").click()
    table = page.locator("#t-stations")
    before = table.locator("tbody tr td:first-child").all_inner_texts()
    table.get_by_role("button", name="Station").click()
    after = table.locator("tbody tr td:first-child").all_inner_texts()
    assert sorted(before) == sorted(after)
    assert after[-1] == before[-1]
    assert table.locator("th[aria-sort=descending]").count() == 1


def test_sql_opens_under_its_figure(page: Page) -> None:
    block = page.locator('[data-block="energy.delivered"]')
    block.get_by_text("SQL").click()
    assert "FROM core__sessions" in block.locator("pre").inner_text()
