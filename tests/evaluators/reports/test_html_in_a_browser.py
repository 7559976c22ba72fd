"""The HTML report opened from a disk, without a network, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from evaluators.reports.html import as_html
from tests.evaluators.reports.made import CASES, evidence, report_on

pytestmark = pytest.mark.browser
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
DRAWN = "[...document.querySelectorAll('[data-chart]')].every((chart) => chart.dataset.drawn)"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = evidence(worse_by=0.25)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(as_html(report_on(found), found), "utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=request.param, offline=True
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: errors.append(asked.url) if asked.url != file.as_uri() else None)
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    yield page
    assert errors == []
    assert page.evaluate("window.violations") == []
    context.close()


def test_charts_draw_nothing_runs_and_a_phone_need_not_scroll_sideways(page: Page) -> None:
    assert page.title() == "replies </title><script>1</script>: FAIL"
    assert page.locator(".chart .main-svg").count() > 10
    assert page.locator("pre script, pre img, pre a, pre style").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_filters_walks_and_opens(page: Page) -> None:
    shown = page.locator(".case:not([hidden])")
    page.keyboard.press("b")
    assert page.locator("#kind").input_value() == "broken"
    assert 0 < shown.count() < CASES
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert shown.first.get_attribute("open") == ""
    page.keyboard.press("/")
    page.keyboard.type("no such words anywhere")
    assert shown.count() == 0
    assert page.locator("#count").text_content() == f"0 of {CASES} shown"
    page.keyboard.press("Escape")
    assert shown.count() == CASES
    page.locator("#tag").select_option("<i>delivery</i>")
    assert shown.count() == CASES // 2


def test_colours_follow_the_theme_that_is_chosen(page: Page) -> None:
    drawn = "getComputedStyle(document.querySelector('.chart .errorbar path, .chart .yerror, .chart .xerror')).stroke"
    before = page.evaluate(drawn), page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    page.wait_for_function(f"{drawn} !== {before[0]!r}")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before[1]


def test_on_paper_it_is_light_and_what_broke_lies_open(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".case[data-kinds~=broken]:not([open])").count() == 0
    assert page.locator("#filters").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(20, 26, 25)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".case[open]").count() == 0
