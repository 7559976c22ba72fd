"""The pages of quality and of backtests, as people see them."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.accounts.models import Project, User
from console.quality.backtests import work_on
from console.quality.models import Backtest, BacktestState
from tests.console.policies.test_editor import words as drafted
from tests.console.quality.conftest import Week, guard, words
from tests.console.quality.test_backtests import begin
from tests.console.quality.test_review import judged_week  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("traced")


def test_without_labels_the_page_says_so_instead_of_drawing(week: Week, owner_client: Client) -> None:
    week.verdict(week.call())
    week.store()

    page = owner_client.get(reverse("quality:guard", args=[week.project.slug]), {"guard": "patterns"})

    text = page.content.decode()
    assert "Not enough labels to say how good this guard is" in text
    assert "Not enough labels with different scores" in text
    assert 'data-chart="chart-curve"' not in text


def test_with_labels_the_page_draws_the_curve(judged_week: Week, owner_client: Client) -> None:  # noqa: F811
    page = owner_client.get(
        reverse("quality:guard", args=[judged_week.project.slug]), {"guard": "patterns", "wanted": "0.95"}
    )

    text = page.content.decode()
    assert 'data-chart="chart-curve"' in text
    assert "75 %" in text
    assert "A threshold of <strong>0.950</strong>" in text
    overview = owner_client.get(reverse("quality:overview", args=[judged_week.project.slug]))
    assert "75 %" in overview.content.decode()


@pytest.mark.parametrize("query", [{"wanted": "0.5"}, {"version": "x"}, {"range": "1y"}])
def test_an_address_that_makes_no_sense_is_answered_with_what_is_wrong(
    project: Project, owner_client: Client, query: dict[str, str]
) -> None:
    assert owner_client.get(reverse("quality:guard", args=[project.slug]), query).status_code == 400


def test_a_guard_that_nobody_knows_is_no_mistake_of_ours(project: Project, owner_client: Client) -> None:
    page = owner_client.get(reverse("quality:guard", args=[project.slug]), {"guard": "nobody"})

    assert page.status_code == 200
    assert b"Not enough labels" in page.content


def test_empty_pages_say_what_to_do_next(
    project: Project, owner_client: Client, teammate_client: Client
) -> None:
    slug = project.slug

    assert (
        b"No guard has looked at anything"
        in owner_client.get(reverse("quality:overview", args=[slug])).content
    )
    assert (
        b"No guard has looked at anything" in owner_client.get(reverse("quality:queue", args=[slug])).content
    )
    assert b"New backtest" in owner_client.get(reverse("quality:backtests", args=[slug])).content
    assert b"Ask an editor" in teammate_client.get(reverse("quality:backtests", args=[slug])).content


def test_a_backtest_is_begun_on_the_page_and_followed(week: Week, owner_client: Client) -> None:
    week.call("the launch is at noon")
    week.store()
    slug = week.project.slug
    form = owner_client.get(reverse("quality:backtest_new", args=[slug]))
    assert "personal-data" in form.content.decode()

    begun = owner_client.post(
        reverse("quality:backtest_new", args=[slug]),
        {"guards": json.dumps([words()]), "window": "7d", "sample": "100", "source": "draft"},
    )
    backtest = Backtest.objects.get()
    waiting = owner_client.get(begun["Location"]).content.decode()
    work_on(backtest.pk)
    done = owner_client.get(begun["Location"], {"part": "result"}).content.decode()

    assert 'hx-trigger="every 2s"' in waiting
    assert "hx-trigger" not in done
    assert "Newly blocked or escalated" in done
    assert "$0.01" in done
    (example,) = Backtest.objects.get().totals["examples"]["newly_stopped"]
    side = owner_client.get(
        reverse("quality:example", args=[slug, backtest.pk, example["trace_id"], example["span_id"]])
    )
    assert '<mark class="found" title="words: WORD">launch' in side.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"guards": "[{"}, "This is not JSON, line 1"),
        ({"guards": "{}"}, "a list of objects"),
        ({"guards": json.dumps([guard(kind="astrology")])}, "astrology"),
        ({"sample": "0"}, "greater than or equal to 1"),
        ({"window": "1y"}, "not one of the available choices"),
    ],
)
def test_a_backtest_that_cannot_be_begun_says_why(
    project: Project, owner_client: Client, change: dict[str, str], sentence: str
) -> None:
    sent = {"guards": json.dumps([words()]), "window": "7d", "sample": "100"} | change

    page = owner_client.post(reverse("quality:backtest_new", args=[project.slug]), sent)

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not Backtest.objects.exists()


def test_a_backtest_is_stopped_resumed_and_removed_on_its_page(
    project: Project, owner: User, owner_client: Client, teammate_client: Client
) -> None:
    backtest = begin(project, owner, words())
    address = reverse("quality:backtest_change", args=[project.slug, backtest.pk])

    assert teammate_client.post(address, {"do": "stop"}).status_code == 404
    owner_client.post(address, {"do": "stop"})
    assert Backtest.objects.get().state == BacktestState.STOPPED
    owner_client.post(address, {"do": "resume"})
    assert Backtest.objects.get().state == BacktestState.WAITING
    owner_client.post(address, {"do": "remove"})
    assert not Backtest.objects.exists()


def test_making_it_live_opens_the_editor_with_the_guards_that_were_tried(
    project: Project, owner: User, owner_client: Client
) -> None:
    backtest = begin(project, owner, words("no launches"))

    page = owner_client.post(reverse("quality:adopt", args=[project.slug, backtest.pk])).content.decode()

    assert "draft, not saved" in page
    assert "no launches" in page
    assert project.policies.get().version == 1


def test_a_draft_of_the_editor_is_handed_over(project: Project, owner_client: Client) -> None:
    sent = {"guard": ["0"], "based_on": "1", **drafted(0)}

    page = owner_client.post(reverse("quality:backtest_new", args=[project.slug]), sent).content.decode()

    assert "&quot;name&quot;: &quot;words 0&quot;" in page
    assert "draft on version 1" in page
    assert not Backtest.objects.exists()


def test_a_backtest_of_nothing_says_so(project: Project, owner: User, owner_client: Client) -> None:
    now = timezone.now()
    backtest = begin(project, owner, words(), since=now - timedelta(hours=1), until=now)
    work_on(backtest.pk)

    page = owner_client.get(reverse("quality:backtest", args=[project.slug, backtest.pk])).content.decode()

    assert "There were no calls" in page
