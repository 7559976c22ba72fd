"""A person at the console, in Chromium: from the first sign-in to a chart."""

import shutil
import time
import uuid
from collections.abc import Iterator

import pytest
from openai import BadRequestError, OpenAI
from playwright.sync_api import Page, expect, sync_playwright

from tests.fakes.upstream import FakeUpstream, as_json, completion
from tests.journeys.instance import Instance

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def page(instance: Instance) -> Iterator[Page]:
    """A signed-in browser. What it complains about in its console fails the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(base_url=instance.credentials.console_url)
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, instance)
        yield page
        browser.close()
    assert complaints == []


@pytest.fixture
def client(instance: Instance) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=instance.credentials.proxy_url, api_key=instance.credentials.api_key, max_retries=0
    ) as client:
        yield client


def sign_in(page: Page, instance: Instance) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(instance.credentials.email)
    page.get_by_label("Password", exact=True).fill(instance.credentials.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


@pytest.mark.browser
def test_from_the_first_call_to_a_guard_a_score_and_a_chart(
    instance: Instance, page: Page, client: OpenAI, upstream: FakeUpstream
) -> None:
    word = f"gate{uuid.uuid4().hex[:8]}"
    upstream.always(as_json(completion("The wall is built, thank you.", model="gpt-4o-mini-2024-07-18")))

    # See the call, and open it.
    ask(client, f"Is the {word} wall built?")
    page.get_by_role("link", name="Traces").first.click()
    row = page.locator("tbody tr", has_text=word)
    reload_until(page, lambda: row.count() > 0)
    row.first.get_by_role("link").first.click()
    expect(page.get_by_text(f"Is the {word} wall built?").first).to_be_visible()
    expect(page.get_by_text("The wall is built, thank you.").first).to_be_visible()

    # Add a guard, and see it block.
    page.get_by_role("link", name="Guards").first.click()
    page.get_by_text("Add guard").click()
    page.locator(".menu-list.kinds").get_by_text("Words", exact=True).click()
    added = page.locator("li.guard-row").last
    added.get_by_label("Words", exact=False).first.fill(word)
    added.get_by_label("Name", exact=True).fill(f"no {word}")
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_text(f"no {word}").first).to_be_visible()
    before = len(upstream.requests)
    assert until_refused(client, f"Open the {word} now.") == "blocked_by_policy"
    refused_at = len(upstream.requests)
    assert until_refused(client, f"Open the {word} now.") == "blocked_by_policy"
    assert len(upstream.requests) == refused_at >= before
    page.get_by_role("link", name="Events").click()
    reload_until(page, lambda: page.locator("tbody tr", has_text=f"no {word}").count() > 0)

    # Start an evaluation, and see its score.
    page.get_by_role("link", name="Evaluations").first.click()
    page.get_by_role("link", name="Add an evaluation").first.click()
    page.get_by_role("link", name="contains").click()
    page.get_by_label("Name", exact=True).fill(f"thanks {word}")
    page.locator("textarea[name=p_value], input[name=p_value], [name^=p_]").first.fill("thank you")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name=f"thanks {word}")).to_be_visible()
    ask(client, "Is it built?")
    scored = page.locator("tbody tr", has_text="contains 1 of 1 texts")
    reload_until(page, lambda: scored.count() > 0, within_s=40)

    # Read a chart.
    page.get_by_role("link", name="Overview").first.click()
    traffic = page.locator("[data-chart][data-drawn=true]").first
    expect(traffic).to_be_visible()
    assert traffic.locator("svg .point, svg .points path, svg path.point").count() > 0


@pytest.mark.browser
def test_a_wrong_password_is_refused_in_a_sentence(instance: Instance) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(base_url=instance.credentials.console_url)
        page.goto("/p/default/traces/")
        page.get_by_label("Email").fill(instance.credentials.email)
        page.get_by_label("Password", exact=True).fill("not the password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        browser.close()


def ask(client: OpenAI, question: str) -> None:
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])


def until_refused(client: OpenAI, question: str) -> str:
    """Ask until a guard refuses; a policy is in force five seconds after it was saved."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            ask(client, question)
        except BadRequestError as error:
            return str(error.code)
        time.sleep(0.2)
    return "never refused"


def reload_until(page: Page, condition: object, *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, page.locator("main").inner_text()[:2_000]
        time.sleep(0.3)
        page.reload()
