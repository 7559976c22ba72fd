"""The pages about guards in a real Chromium: whole on a phone, long lists ticked at once, the tab one is on in sight."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts.models import Project
from tests.console.test_browser import session, window  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "traced")]


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer, session: str) -> Iterator[Page]:  # noqa: F811
    """A small dark window, signed in."""
    yield from window(chromium, live_server, session, size="phone", theme="dark")


def test_the_tab_one_is_on_is_in_sight(phone: Page, project: Project) -> None:
    phone.goto(f"/p/{project.slug}/guards/review/")

    expect(phone.get_by_role("link", name="Review", exact=True)).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_long_list_is_ticked_and_cleared_as_a_whole(phone: Page, project: Project) -> None:
    phone.goto(f"/p/{project.slug}/guards/")
    phone.get_by_text("Add guard").click()
    phone.get_by_role("button", name="Secrets microseconds").click()
    formats = phone.locator(".field", has_text="Providers and formats").get_by_role("checkbox")
    expect(formats.first).to_be_checked()

    phone.get_by_role("button", name="None", exact=True).first.click()
    assert formats.evaluate_all("boxes => boxes.some((box) => box.checked)") is False
    phone.get_by_role("button", name="All", exact=True).first.click()
    assert formats.evaluate_all("boxes => boxes.every((box) => box.checked)") is True
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
