"""Datasets and experiments in a real Chromium: whole in every window, and margins that can be dragged."""

import re

import pytest
from playwright.sync_api import Page, expect

from console.accounts.models import Project, User
from console.datasets import actions as datasets
from console.datasets.importing.files import kept_bytes, read_table
from console.datasets.models import Dataset, Upload
from console.experiments import actions
from console.experiments.models import Experiment
from tests.console.datasets.conftest import put, question
from tests.console.experiments.conftest import ECHO, MUTE, begun, finished, plan, word
from tests.console.test_browser import desk, look, session  # noqa: F401 - fixtures
from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)


@pytest.fixture
def shelf(transactional_db: None, project: Project, owner: User) -> Dataset:
    """A dataset with two versions, a long word and a file on its way in."""
    dataset = datasets.create_dataset(project=project, by=owner, name="words", description="Words " * 20)
    long = {"inputs": {"word": "unbroken" * 90}, "tags": ["a-tag-of-great-length-" + "x" * 40]}
    put(dataset, owner, *(word(number) for number in range(60)), question("long") | long)
    put(dataset, owner, word(1, expected="something else"), note="mended")
    content = b"question,answer\n" + b"q" * 300 + b",a\nshort\n"
    waiting = kept_bytes(read_table(content, name="more.csv"))
    Upload.objects.create(dataset=dataset, name="more.csv", content=waiting, created_by=owner)
    return dataset


@pytest.fixture
def tried(shelf: Dataset, project: Project, owner: User, models: FakeUpstream) -> Experiment:
    """An experiment that has ended."""
    arms = {"echo": ECHO, "polite": {"prompt": "Please: {{ inputs.word }}"}, "mute": MUTE}
    experiment = plan(project, owner, shelf, arms=arms)
    experiment = actions.set_evaluator(experiment, name="latency", kind="latency", parameters={})
    return finished(begun(experiment, owner))


def pages_of(shelf: Dataset, tried: Experiment, planned: Experiment) -> dict[str, int]:
    """Addresses, and how many charts stand there."""
    one, upload = f"datasets/{shelf.pk}/", shelf.uploads.get()
    return {
        "datasets/": 0,
        one: 0,
        f"{one}?version=1&q=word": 0,
        f"{one}items/long/": 0,
        f"{one}new-item/": 0,
        f"{one}versions/": 0,
        f"{one}changes/?from=1&to=2": 0,
        f"{one}upload/{upload.pk}/": 0,
        f"{one}settings/": 0,
        "experiments/": 0,
        "experiments/new/": 0,
        f"experiments/{planned.pk}/": 0,
        f"experiments/{planned.pk}/variant/?name=echo": 0,
        f"experiments/{planned.pk}/evaluators/": 0,
        f"experiments/{planned.pk}/evaluators/rubric/": 0,
        f"experiments/{tried.pk}/?candidate=mute": 2,
        f"experiments/{tried.pk}/cases/w7/": 0,
    }


@pytest.mark.usefixtures("traced")
def test_pages_are_whole_in_every_window(
    shelf: Dataset,
    tried: Experiment,
    project: Project,
    owner: User,
    look: Page,  # noqa: F811
) -> None:
    planned = plan(project, owner, shelf)
    for address, charts in pages_of(shelf, tried, planned).items():
        answer = look.goto(f"/p/lighthouse/{address}", wait_until="load")

        assert answer is not None
        assert answer.status == 200, address
        look.wait_for_function(f"document.querySelectorAll('[data-drawn]').length === {charts}")
        assert look.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        assert look.evaluate("window.violations") == []


@pytest.mark.usefixtures("traced")
def test_a_dragged_margin_decides_again_and_stays_in_the_address(tried: Experiment, desk: Page) -> None:  # noqa: F811
    desk.goto(f"/p/lighthouse/experiments/{tried.pk}/?candidate=polite")
    expect(desk.locator(".verdict-word .badge")).to_have_text("PASS")

    desk.get_by_label("repeats margin").fill("0")

    expect(desk.locator(".verdict-word .badge")).not_to_have_text("PASS")
    expect(desk).to_have_url(re.compile(r"margin\.repeats=0"))
    expect(desk.locator("output")).to_have_text("0 points")
    desk.reload()
    expect(desk.locator(".verdict-word .badge")).not_to_have_text("PASS")
