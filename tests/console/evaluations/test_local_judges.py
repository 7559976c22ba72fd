"""Judgements by a model on this machine: which rules may name one, and a whole bunch at once."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from console.accounts.models import Project, User
from console.evaluations import actions, judging, local_judges
from console.evaluations.models import Job, JobState, Rule
from console.settings.local_judges import local_judges_in
from ingest.clickhouse.client import Client
from ingest.writer import write
from tests.console.evaluations.conftest import live_span
from tests.console.evaluations.test_judging import add_rule, scores_of

POLITE = {"name": "polite", "kind": "rubric", "parameters": {"question": "Is the answer polite?"}}


def rule_with_jobs(client: Client, project: Project, owner: User, judge: str, *, count: int) -> Rule:
    rule = add_rule(project, owner, **POLITE, judge_model=judge)
    write(client, [live_span(project.id) for _ in range(count)], token=uuid.uuid4().hex)
    actions.sample_rule(rule, now=datetime.now(UTC) + timedelta(seconds=5))
    return rule


def test_a_bunch_of_calls_is_judged_together_and_each_once(
    clickhouse: Client, project: Project, owner: User, small_judge: str
) -> None:
    rule = rule_with_jobs(clickhouse, project, owner, small_judge, count=12)
    jobs = list(Job.objects.values_list("pk", flat=True))
    first = judging.judge_together(jobs, now=datetime.now(UTC))
    again = judging.judge_together(jobs, now=datetime.now(UTC))
    scores = scores_of(rule)

    assert set(first) == set(jobs)
    assert set(first.values()) <= {JobState.DONE, JobState.UNSCORED}
    assert again == {}
    assert len(scores) == len({score.span_id for score in scores}) == 12


def test_a_span_that_is_gone_leaves_the_others_judged(
    clickhouse: Client, project: Project, owner: User, small_judge: str
) -> None:
    rule_with_jobs(clickhouse, project, owner, small_judge, count=3)
    lost, *others = Job.objects.all()
    Job.objects.filter(pk=lost.pk).update(span_id="0" * 16)
    states = judging.judge_together([lost.pk, *(job.pk for job in others)], now=datetime.now(UTC))

    assert states.pop(lost.pk) == JobState.DEAD
    assert set(states.values()) <= {JobState.DONE, JobState.UNSCORED}


def test_a_rule_that_can_no_longer_be_built_leaves_the_others_judged(
    clickhouse: Client, project: Project, owner: User, small_judge: str
) -> None:
    rule_with_jobs(clickhouse, project, owner, small_judge, count=2)
    broken = add_rule(project, owner, **POLITE | {"name": "broken"}, judge_model=small_judge)
    Job.objects.filter(pk=Job.objects.order_by("pk")[0].pk).update(rule=broken)
    Rule.objects.filter(pk=broken.pk).update(parameters={"no": "such"})
    lost, other = Job.objects.order_by("pk").values_list("pk", flat=True)
    states = judging.judge_together([lost, other], now=datetime.now(UTC))

    assert states[lost] == JobState.DEAD
    assert states[other] in (JobState.DONE, JobState.UNSCORED)


def test_a_judge_that_a_worker_does_not_have_pauses_its_rule_and_keeps_the_jobs(
    clickhouse: Client, project: Project, owner: User, small_judge: str, settings: Settings
) -> None:
    rule = rule_with_jobs(clickhouse, project, owner, small_judge, count=1)
    settings.LOCAL_JUDGES = {}
    (job,) = Job.objects.values_list("pk", flat=True)
    actions.load_for([job])
    judging.judge_together([job], now=datetime.now(UTC))

    rule.refresh_from_db()
    assert not rule.is_enabled
    assert "no local judge is called 'small'" in rule.paused_because
    assert Job.objects.get(pk=job).state == JobState.WAITING


def test_weights_are_loaded_before_anything_is_leased(small_judge: str) -> None:
    local_judges.load([small_judge, "gpt-4o"])

    assert local_judges.model_of(small_judge)._pool is not None


def test_local_judgements_wait_in_a_line_of_their_own(
    clickhouse: Client, project: Project, owner: User, small_judge: str
) -> None:
    rule_with_jobs(clickhouse, project, owner, small_judge, count=2)
    later = datetime.now(UTC) + timedelta(minutes=1)

    assert actions.due_jobs(now=later) == []
    assert len(actions.due_jobs(now=later, local=True)) == 2


@pytest.mark.usefixtures("small_judge")
def test_a_judge_nobody_configured_is_refused_with_those_that_are(project: Project, owner: User) -> None:
    with pytest.raises(actions.RuleError, match=r"no local judge is called 'big'; known: small"):
        add_rule(project, owner, **POLITE, judge_model="local/big")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (["fast"], "holds 'fast'"),
        (["=there"], "holds '=there'"),
        (["a b=there"], "holds 'a b=there'"),
        (["fast=here", "fast=there"], "names 'fast' twice"),
    ],
)
def test_a_setting_that_cannot_be_read_stops_the_start(entries: list[str], sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        local_judges_in(entries)


def test_judges_are_folders_or_names_on_the_hub() -> None:
    assert local_judges_in(["fast=/models/a", "careful=org/model"]) == {
        "fast": "/models/a",
        "careful": "org/model",
    }
