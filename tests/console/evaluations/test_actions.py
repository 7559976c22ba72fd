"""Rules, and the queue that is a table: leases, lost workers, limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.accounts.models import AuditEntry, Project, User
from console.celery import app
from console.evaluations import actions, tasks
from console.evaluations.models import Job, JobState, Rule
from ingest.queries.sampling import Call

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def rule(project: Project, owner: User) -> Rule:
    return make_rule(project, owner)


def make_rule(project: Project, owner: User, **changes: object) -> Rule:
    details = {"name": "polite", "kind": "contains", "parameters": {"value": "please"}} | changes
    return actions.create_rule(project=project, by=owner, now=NOW, **details)  # type: ignore[arg-type]


def calls(count: int) -> list[Call]:
    return [
        Call(trace_id=f"{number:032x}", span_id=f"{number:016x}", start_time=NOW) for number in range(count)
    ]


@pytest.fixture
def celery_on(redis_url: str) -> None:
    """Let messages go to a real Redis, where none waits yet."""
    app.conf.update(broker_url=redis_url)
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge("evals")


def one_job(rule: Rule) -> Job:
    (pk,) = actions.queue(rule, calls(1), now=NOW)
    return Job.objects.get(pk=pk)


def test_a_rule_is_noted_in_the_audit_log(rule: Rule) -> None:
    assert AuditEntry.objects.filter(project=rule.project, action="rule.created", target="polite").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "1 to 64 characters"),
        ({"share": 0}, "above 0"),
        ({"share": 1.5}, "at most 1"),
        ({"most_per_day": 0}, "between 1 and"),
        ({"kind": "contain"}, "did you mean 'contains'"),
        ({"parameters": {"valeu": "x"}}, "did you mean 'value'"),
        ({"kind": "rubric", "parameters": {"question": "Is it polite?"}}, "name the model that judges"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_the_reason(
    project: Project, owner: User, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(actions.RuleError, match=sentence):
        make_rule(project, owner, **changes)

    assert not Rule.objects.exists()


def test_two_rules_of_a_project_cannot_share_a_name(rule: Rule, project: Project, owner: User) -> None:
    with pytest.raises(actions.RuleError, match="already"):
        make_rule(project, owner)


def test_a_call_is_owed_one_judgement_however_often_it_is_seen(rule: Rule) -> None:
    first = actions.queue(rule, calls(5), now=NOW)
    again = actions.queue(rule, calls(7), now=NOW)

    assert (len(first), len(again)) == (5, 2)


def test_a_changed_evaluator_owes_a_judgement_of_its_own(rule: Rule) -> None:
    actions.queue(rule, calls(5), now=NOW)
    rule.parameters = {"value": "thank you"}
    rule.save()

    assert len(actions.queue(rule, calls(5), now=NOW)) == 5


def test_no_more_than_the_limit_is_owed_in_a_day(project: Project, owner: User) -> None:
    rule = make_rule(project, owner, most_per_day=3)
    now = datetime.now(UTC)

    assert len(actions.queue(rule, calls(5), now=now)) == 3
    assert actions.queue(rule, calls(9), now=now) == []


def test_sampling_takes_about_its_share_and_the_same_traces_for_every_rule() -> None:
    ids = [call.trace_id for call in calls(4_000)]
    tenth = {trace_id for trace_id in ids if actions.is_chosen(trace_id, share=0.1)}
    half = {trace_id for trace_id in ids if actions.is_chosen(trace_id, share=0.5)}

    assert 320 < len(tenth) < 480
    assert tenth < half


def test_a_job_is_taken_by_one_worker_only(rule: Rule) -> None:
    job = one_job(rule)

    assert actions.take(job.pk, now=NOW) is not None
    assert actions.take(job.pk, now=NOW) is None


def test_a_job_whose_worker_is_lost_is_taken_again_after_the_lease(rule: Rule) -> None:
    job = one_job(rule)
    actions.take(job.pk, now=NOW)
    later = NOW + actions.LEASE + timedelta(seconds=1)

    assert actions.due_jobs(now=NOW) == []
    assert actions.due_jobs(now=later) == [job.pk]
    assert actions.take(job.pk, now=later) is not None


def test_a_worker_that_comes_back_late_cannot_finish_another_workers_job(rule: Rule) -> None:
    job = one_job(rule)
    late = actions.take(job.pk, now=NOW)
    actions.take(job.pk, now=NOW + actions.LEASE + timedelta(seconds=1))
    assert late is not None

    actions.finish(late, JobState.DONE, now=NOW)

    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING


def test_a_job_that_too_many_workers_are_lost_over_is_given_up(rule: Rule) -> None:
    job, at = one_job(rule), NOW
    for _ in range(actions.MOST_LOSSES):
        assert actions.take(job.pk, now=at) is not None
        at += actions.LEASE + timedelta(seconds=1)

    assert actions.due_jobs(now=at) == []
    job.refresh_from_db()
    assert (job.state, job.last_error) == (JobState.DEAD, f"the worker was lost {actions.MOST_LOSSES} times")


def test_a_job_whose_worker_was_lost_has_its_tries_still_before_it(rule: Rule) -> None:
    job = one_job(rule)
    actions.take(job.pk, now=NOW)
    later = NOW + actions.LEASE + timedelta(seconds=1)

    taken = actions.take(job.pk, now=later)

    assert taken is not None
    assert (taken.attempts, taken.losses) == (2, 1)
    assert actions.suspects([job.pk, job.pk + 1], now=later) == {job.pk}


def test_a_job_put_back_waits_its_time(rule: Rule) -> None:
    taken = actions.take(one_job(rule).pk, now=NOW)
    assert taken is not None
    actions.put_back(taken, now=NOW, after=timedelta(minutes=1), error="no answer", counts=False)

    assert actions.due_jobs(now=NOW) == []
    assert actions.due_jobs(now=NOW + timedelta(minutes=2)) == [taken.pk]
    assert Job.objects.get(pk=taken.pk).attempts == 0


def test_a_lost_message_is_made_up_for_by_the_sweep(rule: Rule) -> None:
    job = one_job(rule)

    assert actions.due_jobs(now=datetime.now(UTC) + timedelta(minutes=1)) == [job.pk]


def test_a_paused_rule_keeps_its_jobs_but_wakes_nobody(rule: Rule, owner: User) -> None:
    one_job(rule)
    actions.switch_rule(rule=rule, is_enabled=False, by=owner, now=NOW)

    assert actions.due_jobs(now=datetime.now(UTC) + timedelta(minutes=1)) == []


def test_a_paused_rule_is_not_served_by_messages_sent_before(rule: Rule, owner: User) -> None:
    job = one_job(rule)
    actions.switch_rule(rule=rule, is_enabled=False, by=owner, now=NOW)

    assert actions.take(job.pk, now=NOW) is None
    assert Job.objects.get(pk=job.pk).state == JobState.WAITING


def test_the_sweep_wakes_no_more_than_can_wait(
    rule: Rule, celery_on: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AWAKE", 5)
    actions.queue(rule, calls(8), now=NOW)
    Job.objects.update(created_at=NOW - timedelta(hours=1))

    assert [tasks.sweep() for _ in range(3)] == [5, 0, 0]


def test_a_rule_that_goes_on_begins_with_calls_from_now(rule: Rule, owner: User) -> None:
    actions.switch_rule(rule=rule, is_enabled=False, by=owner, now=NOW)
    later = NOW + timedelta(days=3)

    assert actions.switch_rule(rule=rule, is_enabled=True, by=owner, now=later).seen_until == later
