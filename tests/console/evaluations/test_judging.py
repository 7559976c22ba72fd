"""From a live call to a stored score, by code and by a judge behind the proxy."""

import math
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from console.accounts.models import Project, User
from console.evaluations import actions, judging
from console.evaluations.models import Job, JobState, Rule
from console.store import store
from ingest.clickhouse.client import Client
from ingest.queries.score_summaries import GivenScore, newest_scores, score_series, score_summaries
from ingest.records import Span
from ingest.writer import write
from tests.console.evaluations.conftest import live_score, live_span
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_error, as_json, completion

QUESTION = {"question": "Is the answer polite?"}


@pytest.fixture
def judge_model(settings: Settings) -> Iterator[FakeUpstream]:
    """What answers where the proxy would."""
    with FakeUpstream() as upstream:
        settings.PROXY_URL = upstream.url
        yield upstream


def add_rule(project: Project, owner: User, **changes: Any) -> Rule:
    details = {"name": "polite", "kind": "contains", "parameters": {"value": "please"}} | changes
    rule = actions.create_rule(project=project, by=owner, now=datetime.now(UTC), **details)
    Rule.objects.filter(pk=rule.pk).update(seen_until=datetime.now(UTC) - timedelta(minutes=5))
    return Rule.objects.get(pk=rule.pk)


def keep(client: Client, *spans: Span) -> None:
    write(client, spans, token=uuid.uuid4().hex)


def sample(rule: Rule) -> list[int]:
    return actions.sample_rule(rule, now=datetime.now(UTC) + timedelta(seconds=5))


def scores_of(rule: Rule) -> list[GivenScore]:
    now = datetime.now(UTC)
    return newest_scores(
        store(), project_id=rule.project_id, name=rule.name, since=now - timedelta(days=2), until=now
    )


def test_a_live_call_is_scored_once(clickhouse: Client, project: Project, owner: User) -> None:
    rule = add_rule(project, owner)
    span = live_span(project.id)
    keep(clickhouse, span)

    (job,) = sample(rule)
    states = [judging.judge(job, now=datetime.now(UTC)) for _ in range(2)]
    (score,) = scores_of(rule)

    assert states == [JobState.DONE, None]
    assert (score.trace_id, score.span_id, score.value) == (span.trace_id, span.span_id, 1.0)
    assert sample(Rule.objects.get(pk=rule.pk)) == []


@pytest.mark.parametrize(
    ("rule_filter", "changes"),
    [
        ({}, {"environment": "evaluations"}),
        ({}, {"status": "error"}),
        ({}, {"kind": "tool"}),
        ({"environment": "staging"}, {}),
        ({"model": "gpt-4.1"}, {}),
        ({"feature": "search"}, {"feature": "chat"}),
        ({"prompt_name": "support"}, {}),
    ],
)
def test_calls_a_rule_is_not_about_are_left_alone(
    clickhouse: Client, project: Project, owner: User, rule_filter: dict[str, str], changes: dict[str, Any]
) -> None:
    rule = add_rule(project, owner, **rule_filter)
    keep(clickhouse, live_span(project.id, **changes))

    assert sample(rule) == []


def test_of_many_calls_at_once_none_is_passed_over(
    clickhouse: Client, project: Project, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "PER_PAGE", 3)
    rule = add_rule(project, owner)
    at_one_moment = live_span(project.id).start_time_us
    spans = [live_span(project.id, start_time_us=at_one_moment) for _ in range(6)]
    keep(clickhouse, *spans, *[live_span(project.id) for _ in range(4)])

    assert len(sample(rule)) == 10
    assert sample(Rule.objects.get(pk=rule.pk)) == []


@pytest.mark.parametrize("calls", [5, "x", {"id": "a"}, [5, None, "x"]])
def test_an_answer_of_an_odd_shape_is_judged_like_any_other(
    clickhouse: Client, project: Project, owner: User, calls: Any
) -> None:
    rule = add_rule(project, owner)
    said = [{"role": "assistant", "content": "please", "tool_calls": calls}]
    keep(clickhouse, live_span(project.id, output_messages=said))

    (job,) = sample(rule)

    assert judging.judge(job, now=datetime.now(UTC)) == JobState.DONE


def test_another_projects_calls_are_never_scored(clickhouse: Client, project: Project, owner: User) -> None:
    rule = add_rule(project, owner)
    keep(clickhouse, live_span(uuid.uuid4()))

    assert sample(rule) == []


def test_a_judge_is_asked_through_the_proxy_with_a_key_of_its_own(
    clickhouse: Client, project: Project, owner: User, judge_model: FakeUpstream
) -> None:
    rule = add_rule(project, owner, kind="rubric", parameters=QUESTION, judge_model="gpt-4o")
    keep(clickhouse, live_span(project.id))
    judge_model.always(lambda request: answer_with(request, "A"))

    (job,) = sample(rule)
    judging.judge(job, now=datetime.now(UTC))
    (score,) = scores_of(rule)
    (asked,) = judge_model.requests

    assert score.value == pytest.approx(1 / (1 + math.exp(-5.99)))
    assert (score.label, score.source) == ("yes", "judge")
    assert asked.headers["authorization"].startswith("Bearer pk_")
    assert asked.headers["x-parapet-environment"] == "evaluations"
    assert asked.json["model"] == "gpt-4o"
    assert "Two metres, please mind the edge." in asked.text


def test_what_a_judge_cannot_decide_is_unscored_and_never_a_zero(
    clickhouse: Client, project: Project, owner: User, judge_model: FakeUpstream
) -> None:
    rule = add_rule(project, owner, kind="rubric", parameters=QUESTION, judge_model="gpt-4o")
    keep(clickhouse, live_span(project.id))
    judge_model.always(as_json(completion("I would rather talk about the weather.")))

    (job,) = sample(rule)
    state = judging.judge(job, now=datetime.now(UTC))
    (score,) = scores_of(rule)

    assert state == JobState.UNSCORED
    assert (score.state, score.value) == ("unscored", None)
    assert score.reason


def test_a_judge_that_fails_is_asked_three_times_and_then_the_reason_is_kept(
    clickhouse: Client, project: Project, owner: User, judge_model: FakeUpstream
) -> None:
    rule = add_rule(project, owner, kind="rubric", parameters=QUESTION, judge_model="gpt-4o")
    keep(clickhouse, live_span(project.id))
    judge_model.always(as_error(503))

    (job,) = sample(rule)
    at = datetime.now(UTC)
    states = [judging.judge(job, now=at + timedelta(minutes=5 * attempt)) for attempt in range(3)]
    (score,) = scores_of(rule)

    assert states == [JobState.WAITING, JobState.WAITING, JobState.UNSCORED]
    assert score.state == "unscored"
    assert "status 503" in score.reason


def test_a_judge_that_is_refused_time_and_again_stops_its_rule_and_keeps_the_job(
    clickhouse: Client, project: Project, owner: User, judge_model: FakeUpstream
) -> None:
    rule = add_rule(project, owner, kind="rubric", parameters=QUESTION, judge_model="gpt-nonsense")
    keep(clickhouse, live_span(project.id))
    judge_model.always(as_error(404))

    (job,) = sample(rule)
    at = datetime.now(UTC)
    for attempt in range(3):
        judging.judge(job, now=at + timedelta(minutes=5 * attempt))
    rule.refresh_from_db()

    assert not rule.is_enabled
    assert "gpt-nonsense answered with status 404" in rule.paused_because
    assert Job.objects.get(pk=job).state == JobState.WAITING
    assert scores_of(rule) == []


def test_without_the_store_a_job_waits_and_no_try_is_counted(
    clickhouse: Client, project: Project, owner: User, settings: Settings
) -> None:
    rule = add_rule(project, owner)
    keep(clickhouse, live_span(project.id))
    (job,) = sample(rule)
    settings.CLICKHOUSE_URL = "http://127.0.0.1:9/parapet"
    store.cache_clear()

    state = judging.judge(job, now=datetime.now(UTC))

    waiting = Job.objects.get(pk=job)
    assert (state, waiting.state, waiting.attempts) == (JobState.WAITING, JobState.WAITING, 0)


def test_summaries_weigh_by_the_chance_of_being_chosen_and_count_the_unscored(clickhouse: Client) -> None:
    project_id, now = uuid.uuid4(), datetime.now(UTC)
    scores = [
        live_score(project_id, value=1.0, probability=0.1),
        live_score(project_id, value=0.0, probability=1.0),
        live_score(project_id, value=None, state="unscored"),
    ]
    write(clickhouse, [*scores, live_score(uuid.uuid4(), value=0.5)], token=uuid.uuid4().hex)

    (summary,) = score_summaries(clickhouse, project_id=project_id, since=now - timedelta(days=1), until=now)
    (point,) = score_series(
        clickhouse,
        project_id=project_id,
        name="polite",
        since=now - timedelta(hours=1),
        until=now,
        step_s=86_400,
    )

    assert (summary.scored, summary.unscored) == (2, 1)
    assert summary.mean == pytest.approx(10 / 11)
    assert (point.scored, point.mean) == (2, 0.5)


def test_a_score_given_again_replaces_the_one_before(clickhouse: Client) -> None:
    project_id, now = uuid.uuid4(), datetime.now(UTC)
    first = live_score(project_id, value=0.0)
    second = live_score(
        project_id,
        id=first.id,
        trace_id=first.trace_id,
        value=1.0,
        scored_at_us=first.scored_at_us + 1,
    )
    for score in (first, second):
        write(clickhouse, [score_at(score, first.trace_start_us)], token=uuid.uuid4().hex)

    (given,) = newest_scores(
        clickhouse, project_id=project_id, name="polite", since=now - timedelta(days=1), until=now
    )

    assert given.value == 1.0


def score_at(score: Any, trace_start_us: int) -> Any:
    from dataclasses import replace

    return replace(score, trace_start_us=trace_start_us)


def answer_with(request: Received, mark: str) -> Reply:
    """Answer as a model that gives probabilities: nearly all of it on one option."""
    tops = [{"token": mark, "logprob": -0.01, "bytes": None}, {"token": "B", "logprob": -6.0, "bytes": None}]
    answer = completion(mark)
    answer["choices"][0]["logprobs"] = {"content": [tops[0] | {"top_logprobs": tops}]}
    return as_json(answer)
