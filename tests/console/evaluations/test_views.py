"""The pages of evaluations, seen by the owner, the teammate and the stranger."""

import uuid
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from django.test import Client

from console.accounts.models import Project, User
from console.evaluations import actions
from console.evaluations.models import Rule
from ingest.clickhouse.client import Client as Store
from ingest.writer import write
from tests.console.evaluations.conftest import live_score, live_span


@pytest.fixture
def rule(project: Project, owner: User) -> Rule:
    return actions.create_rule(
        project=project,
        by=owner,
        now=datetime.now(UTC),
        name="polite",
        kind="contains",
        parameters={"value": "please"},
    )


def pages(project: Project, rule: Rule) -> dict[str, str]:
    base = f"/p/{project.slug}/evaluations/"
    return {
        "index": base,
        "choose": f"{base}new/",
        "create": f"{base}new/rubric/",
        "detail": f"{base}{rule.pk}/",
        "progress": f"{base}{rule.pk}/progress/",
    }


@pytest.mark.parametrize("name", ["index", "choose", "create", "detail", "progress"])
def test_a_stranger_finds_no_page(stranger_client: Client, project: Project, rule: Rule, name: str) -> None:
    assert stranger_client.get(pages(project, rule)[name]).status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("index", 200), ("detail", 200), ("choose", 404), ("create", 404)]
)
def test_a_teammate_may_look_and_not_add(
    teammate_client: Client, project: Project, rule: Rule, name: str, status: int
) -> None:
    assert teammate_client.get(pages(project, rule)[name]).status_code == status


@pytest.mark.parametrize("verb", ["switch", "remove", "score-past"])
def test_only_who_may_edit_changes_a_rule(
    teammate_client: Client, stranger_client: Client, project: Project, rule: Rule, verb: str
) -> None:
    address = f"/p/{project.slug}/evaluations/{rule.pk}/{verb}/"

    assert teammate_client.post(address).status_code == 404
    assert stranger_client.post(address).status_code == 404
    assert Rule.objects.get(pk=rule.pk).is_enabled


def test_an_empty_project_is_told_what_to_do_next(owner_client: Client, project: Project) -> None:
    page = owner_client.get(f"/p/{project.slug}/evaluations/")

    assert "Add an evaluation" in page.text


def test_every_kind_of_evaluator_has_a_form_of_its_own(owner_client: Client, project: Project) -> None:
    from evaluators.registry import KINDS

    for kind in KINDS:
        page = owner_client.get(f"/p/{project.slug}/evaluations/new/{kind}/")
        assert page.status_code == 200
        assert "Switch it on" in page.text


def test_a_judge_is_added_with_its_question_and_options(owner_client: Client, project: Project) -> None:
    answer = owner_client.post(
        f"/p/{project.slug}/evaluations/new/rubric/",
        {
            "name": "resolves",
            "judge_model": "parapet/demo",
            "p_question": "Does the answer resolve the request?",
            "p_options": "yes = 1\nno = 0",
            "p_show_input": "on",
            "share_percent": "25",
            "most_per_day": "100",
        },
    )
    rule = Rule.objects.get(name="resolves")

    assert answer.status_code == 302
    assert (rule.share, rule.judge_model) == (0.25, "parapet/demo")
    assert rule.parameters["options"] == {"yes": 1.0, "no": 0.0}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"p_options": "yes: 1"}, "label = number"),
        ({"p_options": "yes = 1"}, "between 2 and 26 options"),
        ({"share_percent": "0"}, "greater than or equal to 0.01"),
        ({"p_question": ""}, "required"),
        ({"judge_model": ""}, "required"),
    ],
)
def test_a_form_that_cannot_work_says_why_and_keeps_what_was_typed(
    owner_client: Client, project: Project, changes: dict[str, str], sentence: str
) -> None:
    given = {
        "name": "resolves",
        "judge_model": "gpt-4o",
        "p_question": "Does it resolve the request?",
        "p_options": "yes = 1\nno = 0",
        "share_percent": "25",
        "most_per_day": "100",
    } | changes
    page = owner_client.post(f"/p/{project.slug}/evaluations/new/rubric/", given)

    assert page.status_code == 422
    assert sentence in page.text
    assert "resolves" in page.text
    assert not Rule.objects.exists()


def test_scores_are_shown_with_their_reasons_as_text(
    owner_client: Client, clickhouse: Store, project: Project, rule: Rule
) -> None:
    hostile = "<script>alert(1)</script>"
    write(clickhouse, [live_score(project.id, value=0.25, reason=hostile)], token=uuid.uuid4().hex)

    page = owner_client.get(f"/p/{project.slug}/evaluations/{rule.pk}/")

    assert "0.25" in page.text
    assert hostile not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_scores_of_another_project_are_not_shown(
    owner_client: Client, clickhouse: Store, project: Project, rule: Rule
) -> None:
    write(clickhouse, [live_score(uuid.uuid4(), reason="another project's reason")], token=uuid.uuid4().hex)

    assert "another project" not in owner_client.get(f"/p/{project.slug}/evaluations/{rule.pk}/").text


def test_a_range_that_makes_no_sense_is_named(owner_client: Client, project: Project) -> None:
    page = owner_client.get(f"/p/{project.slug}/evaluations/?range=yesterday")

    assert page.status_code == 400
    assert "is not a range" in page.text


def test_pausing_and_going_on(owner_client: Client, project: Project, rule: Rule) -> None:
    address = f"/p/{project.slug}/evaluations/{rule.pk}/"

    owner_client.post(f"{address}switch/")
    assert "Paused: calls that arrive now are not scored." in owner_client.get(address).text
    owner_client.post(f"{address}switch/")
    assert "Paused" not in owner_client.get(address).text


def test_the_past_is_scored_on_request(
    owner_client: Client, clickhouse: Store, project: Project, rule: Rule
) -> None:

    write(clickhouse, [live_span(project.id), live_span(project.id)], token=uuid.uuid4().hex)
    with patch("console.evaluations.tasks.judge.delay") as woken:
        owner_client.post(f"/p/{project.slug}/evaluations/{rule.pk}/score-past/", {"past": "1h"})

    assert woken.call_count == 2
