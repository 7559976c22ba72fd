"""Every page in a real Chromium under the strict policy: nothing is blocked, charts draw, phones need not scroll sideways."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as console_settings
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from console.accounts.models import Project, User
from console.store import store
from ingest.records import GuardEvent, Price, PricedSpan, Score
from ingest.writer import write
from tests.makers import make_event, make_score, make_span

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("traced")]

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
TRACE = "ab" * 16
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@pytest.fixture
def full(transactional_db: None, traced: None, project: Project) -> Project:
    """A project with calls of an hour, an agent's trace, scores, verdicts, and names of every length."""
    now = datetime.now(UTC)
    price = Price(
        cost_usd=Decimal("0.0125"),
        input_cost_usd=Decimal("0.0125"),
        output_cost_usd=Decimal(0),
        source="reported",
    )
    spans = [
        make_span(
            project.id,
            at=now - timedelta(minutes=n),
            model=("gpt-4o", "claude-sonnet-4-5", "a-model-with-a-very-long-name-" + "x" * 60)[n % 3],
            status=("ok", "ok", "error")[n % 3],
            guard_action=("", "mask", "block")[n % 3],
            ttft_us=120_000,
            user_id="somebody.with.a.long.address@example.com",
            input_messages=[{"role": "user", "content": "unbroken" * 200}],
        )
        for n in range(60)
    ]
    root = make_span(
        project.id, trace_id=TRACE, at=now, kind="agent", name="agent", source="otlp", duration_us=60_000_000
    )
    calls = [
        make_span(
            project.id,
            trace_id=TRACE,
            parent_span_id=root.span_id,
            at=now + timedelta(seconds=n),
            name=f"step {n}",
        )
        for n in range(60)
    ]
    said: list[Score | GuardEvent] = [
        make_score(project.id, at=now, trace_id=TRACE, span_id=calls[0].span_id),
        make_event(project.id, trace_id=TRACE, span_id=calls[0].span_id, at=now),
    ]
    write(
        store(),
        [*(PricedSpan(span=span, price=price) for span in (*spans, *calls)), root, *said],
        token=uuid.uuid4().hex,
    )
    return project


@pytest.fixture
def session(owner: User) -> str:
    """The cookie of somebody who has signed in."""
    client = Client()
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[console_settings.SESSION_COOKIE_NAME].value


@pytest.fixture(params=["desk light", "desk dark", "phone light", "phone dark"])
def look(
    request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer, session: str
) -> Iterator[Page]:
    """A browser window of one size in one theme, signed in."""
    size, theme = request.param.split()
    yield from window(chromium, live_server, session, size=size, theme=theme)


@pytest.fixture
def desk(chromium: Browser, live_server: LiveServer, session: str) -> Iterator[Page]:
    """A large light window, signed in."""
    yield from window(chromium, live_server, session, size="desk", theme="light")


def window(
    chromium: Browser, live_server: LiveServer, session: str, *, size: str, theme: Any
) -> Iterator[Page]:
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": width, "height": height}, color_scheme=theme, is_mobile=size == "phone"
    )  # fmt: skip
    context.add_cookies(
        [{"name": console_settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(15_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    violations = page.evaluate("window.violations")
    context.close()
    assert violations == []
    assert said == []


def drawn(page: Page, charts: int) -> None:
    """Wait until every chart has been drawn, and see that each shows something."""
    page.wait_for_function(f"document.querySelectorAll('[data-drawn]').length === {charts}")
    assert page.locator(".js-plotly-plot").count() == charts
    marks = ".js-plotly-plot :is(.bars .point path, .scatterlayer .lines path)"
    assert page.locator(marks).count() >= charts


PAGES = {"": 6, "costs/?range=1h": 1, "traces/?range=1h": 0, f"traces/{TRACE}/": 0, "traces/?user=nobody": 0}
"""Addresses, and how many charts stand there."""


def test_pages_are_whole_in_every_window(full: Project, look: Page) -> None:
    for address, charts in PAGES.items():
        answer = look.goto(f"/p/{full.slug}/{address}", wait_until="load")

        assert answer is not None
        assert answer.status == 200
        drawn(look, charts)
        assert look.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        assert look.evaluate("window.violations") == []


def test_a_chart_follows_the_theme_and_leads_to_the_traces_behind_it(full: Project, desk: Page) -> None:
    desk.goto(f"/p/{full.slug}/?range=1h")
    drawn(desk, 6)
    colour = "document.querySelector('#overview .bars .point path').style.fill"
    light = desk.evaluate(colour)

    desk.get_by_label("You, the theme, and the way out").click()
    desk.get_by_role("menuitemradio", name="Dark").click()
    desk.wait_for_function(f"{colour} !== '{light}'")
    desk.reload()

    assert desk.locator("html").get_attribute("data-theme") == "dark"
    drawn(desk, 6)
    bars = desk.locator("[data-chart=chart-traffic] .bars .point path")
    boxes = [box for box in (bar.bounding_box() for bar in bars.all()) if box and box["height"] > 20]
    desk.mouse.move(boxes[0]["x"] + boxes[0]["width"] / 2, boxes[0]["y"] + 10)
    desk.locator("[data-chart=chart-traffic] .hoverlayer .legend").wait_for()
    desk.mouse.down()
    desk.mouse.up()
    desk.wait_for_url("**/traces/?*")
    assert "from=" in desk.url
    assert desk.locator("#rows tr").count() >= 1


def test_the_keyboard_walks_the_list_and_the_sections(full: Project, desk: Page) -> None:
    desk.goto(f"/p/{full.slug}/traces/?range=1h")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    first = desk.locator("#rows tr").first.get_attribute("id")
    assert desk.evaluate("document.activeElement.closest('tr').id") == first

    desk.keyboard.press("/")
    assert desk.evaluate("document.activeElement.name") == "q"
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    assert desk.get_by_role("dialog", name="Keyboard").is_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("g")
    desk.keyboard.press("c")
    desk.wait_for_url("**/costs/")


def test_live_mode_brings_a_new_trace_to_the_top(full: Project, desk: Page) -> None:
    desk.goto(f"/p/{full.slug}/traces/?range=1h&live=1")
    span = make_span(full.id, at=datetime.now(UTC) + timedelta(seconds=1), name="the newcomer")
    write(store(), [span], token=uuid.uuid4().hex)

    desk.locator("#rows tr.fresh", has_text="the newcomer").wait_for()


def test_choosing_a_span_opens_it_in_place_and_back_returns(full: Project, desk: Page) -> None:
    desk.goto(f"/p/{full.slug}/traces/{TRACE}/")
    assert desk.locator(".branch").count() == 61

    desk.locator(".branch-link", has_text="step 7").first.click()
    desk.locator("#span h2", has_text="step 7").first.wait_for()
    assert "?span=" in desk.url
    assert "step 7" in desk.locator(".branch.selected").inner_text()

    desk.go_back()
    desk.locator("#span h2", has_text="agent").first.wait_for()
    desk.locator("button.fold").first.click()
    assert desk.locator(".branch:visible").count() == 1


def test_hostile_text_does_nothing_in_a_browser(full: Project, desk: Page) -> None:
    hostile = '"><img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
    span = make_span(
        full.id, at=datetime.now(UTC), name=hostile, model=hostile, user_id=hostile,
        input_messages=[{"role": "user", "content": hostile}],
        output_messages=[{"role": "assistant", "content": hostile}],
    )  # fmt: skip
    write(store(), [span], token=uuid.uuid4().hex)

    for address in ("?range=1h", "traces/?range=1h", f"traces/{span.trace_id}/", "costs/?by=user&range=1h"):
        desk.goto(f"/p/{full.slug}/{address}", wait_until="load")
        assert "owned" not in (desk.title().replace(hostile, ""))
        assert desk.locator("img").count() == 0
