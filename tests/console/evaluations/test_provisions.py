"""What evaluators are handed by the installation: which kinds are offered, and scores by detectors, classifier and panel."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from console.accounts.models import Project, User
from console.evaluations import actions, judging, provisions
from console.evaluations.judges import JudgeError, checked_line, members_of
from console.evaluations.models import Job, JobState
from ingest.clickhouse.client import Client
from tests.console.evaluations.conftest import live_span
from tests.console.evaluations.test_judging import add_rule, judge_model, keep, sample, scores_of  # noqa: F401
from tests.fakes.upstream import FakeUpstream, as_json, completion

QUESTION = {"question": "Is the answer polite?"}
NOWHERE = "http://127.0.0.1:9"


def said(text: str, **changes: Any) -> dict[str, Any]:
    return {"output_messages": [{"role": "assistant", "content": text}]} | changes


def lacking() -> dict[str, str]:
    return {kind.name: problem for kind, problem in provisions.offered()[1]}


@pytest.mark.usefixtures("guarded")
def test_what_is_off_is_shown_with_what_to_set(settings: Settings) -> None:
    assert set(lacking()) == {"groundedness", "code_execution"}
    assert "PARAPET_LOCAL_CLASSIFIER" in lacking()["groundedness"]
    assert "PARAPET_CODE_EXECUTION" in lacking()["code_execution"]

    settings.LOCAL_CLASSIFIER, settings.CODE_EXECUTION = "organisation/model", True
    assert lacking() == {}


def test_without_a_guard_server_its_kinds_are_not_offered(settings: Settings) -> None:
    settings.GUARD_URL = NOWHERE

    silent = {name for name, problem in lacking().items() if "the guard server does not answer" in problem}
    assert silent == {"pii", "toxicity", "embedding_similarity"}


def test_the_page_says_what_each_missing_kind_needs(
    owner_client: Browser, project: Project, settings: Settings
) -> None:
    settings.GUARD_URL = NOWHERE
    page = owner_client.get(f"/p/{project.slug}/evaluations/new/").content.decode()

    assert "Not on this installation yet" in page
    assert f"/p/{project.slug}/evaluations/new/contains/" in page
    assert f"/p/{project.slug}/evaluations/new/code_execution/" not in page


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("code_execution", "PARAPET_CODE_EXECUTION"), ("groundedness", "PARAPET_LOCAL_CLASSIFIER")],
)
def test_what_is_off_cannot_be_switched_on_by_its_address(
    project: Project, owner: User, kind: str, sentence: str
) -> None:
    with pytest.raises(actions.RuleError, match=sentence):
        add_rule(project, owner, kind=kind, parameters={})


@pytest.mark.usefixtures("guarded")
def test_the_guard_servers_detectors_score_live_calls(
    clickhouse: Client, project: Project, owner: User
) -> None:
    found = add_rule(project, owner, name="leaks", kind="pii", parameters={})
    rude = add_rule(project, owner, name="rude", kind="toxicity", parameters={"labels": ["insult"]})
    keep(clickhouse, live_span(project.id, **said("You idiot, write to ada@example.org!")))
    for rule in (found, rude):
        judging.judge_together(sample(rule), now=datetime.now(UTC))

    assert [(score.value, score.reason) for score in scores_of(found)] == [(1.0, "1 EMAIL_ADDRESS")]
    assert [(score.value or 0.0) > 0.5 and score.label == "insult" for score in scores_of(rude)] == [True]


def test_a_guard_server_that_is_away_costs_no_judgement(
    clickhouse: Client, project: Project, owner: User, settings: Settings
) -> None:
    settings.GUARD_URL = NOWHERE
    rule = add_rule(project, owner, name="leaks", kind="pii", parameters={})
    keep(clickhouse, live_span(project.id, **said("write to ada@example.org")))
    (job,) = sample(rule)

    assert judging.judge(job, now=datetime.now(UTC)) == JobState.WAITING
    assert "guard server" in Job.objects.get(pk=job).last_error


@pytest.mark.usefixtures("pairs")
def test_groundedness_waits_for_the_workers_that_hold_weights(
    clickhouse: Client, project: Project, owner: User
) -> None:
    rule = add_rule(project, owner, name="grounded", kind="groundedness", parameters={})
    asked = [{"role": "document", "content": "tea is hot"}, {"role": "user", "content": "tea?"}]
    keep(clickhouse, *(live_span(project.id, **said("tea is hot", input_messages=asked)) for _ in range(3)))
    jobs, later = sample(rule), datetime.now(UTC) + timedelta(minutes=1)

    assert actions.due_jobs(now=later) == []
    assert sorted(actions.due_jobs(now=later, local=True)) == sorted(jobs)
    actions.load_for(jobs)
    assert set(judging.judge_together(jobs, now=datetime.now(UTC)).values()) == {JobState.DONE}
    assert {score.label for score in scores_of(rule)} <= {"supported", "unsupported"}


def test_a_worker_without_the_classifier_pauses_the_rule_and_keeps_its_jobs(
    clickhouse: Client, project: Project, owner: User, pairs: None, settings: Settings
) -> None:
    rule = add_rule(project, owner, name="grounded", kind="groundedness", parameters={})
    keep(clickhouse, live_span(project.id))
    (job,) = sample(rule)
    settings.LOCAL_CLASSIFIER = ""
    judging.judge_together([job], now=datetime.now(UTC))

    rule.refresh_from_db()
    assert (rule.is_enabled, Job.objects.get(pk=job).state) == (False, JobState.WAITING)
    assert "PARAPET_LOCAL_CLASSIFIER" in rule.paused_because


def test_several_judges_are_asked_as_one(
    clickhouse: Client,
    project: Project,
    owner: User,
    judge_model: FakeUpstream,  # noqa: F811
    small_judge: str,
) -> None:
    judge_model.always(as_json(completion("A")))
    line = f"careful = 3, {small_judge}, quick"
    rule = add_rule(project, owner, kind="rubric", parameters=QUESTION, judge_model=line)
    keep(clickhouse, live_span(project.id))
    states = judging.judge_together(sample(rule), now=datetime.now(UTC))

    assert rule.judge_model == "local/small, careful = 3, quick"
    assert set(states.values()) == {JobState.DONE}, Job.objects.get().last_error
    assert {request.json["model"] for request in judge_model.requests} == {"careful", "quick"}
    assert [(score.value or 0.0) > 0.5 for score in scores_of(rule)] == [True]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "name the model"),
        ("a, a", "a second time"),
        ("a = lots", "'a' weighs 'lots'"),
        ("a = 0", "above 0"),
        ("a, b, c, d, e, f", "at most 5 members"),
        ("a, local/none", "no local judge is called 'none'"),
    ],
)
def test_a_judge_that_cannot_be_is_refused_with_the_reason(line: str, sentence: str) -> None:
    with pytest.raises(JudgeError, match=sentence):
        checked_line(line)


def test_a_judge_is_written_in_one_way() -> None:
    assert checked_line(" gpt-4o ") == "gpt-4o"
    assert checked_line("b=1.0,a = 2 ,") == "b, a = 2"
    assert members_of("b, a = 2") == {"b": 1.0, "a": 2.0}
