"""From a plan to a verdict: answers asked for once, scored once, whoever falls over in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.accounts.models import AuditEntry, Project, User
from console.datasets.models import Dataset
from console.experiments import actions, queue, running
from console.experiments.definition import definition_of
from console.experiments.models import Experiment, State, Trial, TrialState
from console.experiments.results import verdict_on
from tests.console.experiments.conftest import ECHO, MUTE, again, begun, finished, plan
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_error, as_json, completion


def fresh(experiment: Experiment) -> Experiment:
    return Experiment.objects.select_related("project").get(pk=experiment.pk)


def ran(experiment: Experiment, owner: User) -> Experiment:
    return finished(begun(experiment, owner))


def verdict(experiment: Experiment, candidate: str) -> str:
    return verdict_on(experiment, definition_of(experiment), candidate).decision.state


def test_a_broken_variant_fails_and_a_harmless_one_passes(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    harmless = {"prompt": "Please say it again: {{ inputs.word }}"}
    experiment = plan(project, owner, words, arms={"echo": ECHO, "mute": MUTE, "polite": harmless})

    done = ran(experiment, owner)

    assert (done.state, Trial.objects.filter(state=TrialState.DONE).count()) == (State.DONE, 180)
    assert {name: verdict(done, name) for name in ("mute", "polite")} == {"mute": "FAIL", "polite": "PASS"}
    assert len(models.requests) == 180
    assert AuditEntry.objects.filter(action="experiment.started").count() == 1


def test_calls_go_through_the_proxy_with_labels_of_their_own(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    done = ran(plan(project, owner, words), owner)

    asked = models.requests[0]
    assert asked.headers["authorization"].startswith("Bearer pk_")
    assert asked.headers["x-parapet-environment"] == "evaluations"
    assert asked.headers["x-parapet-feature"] == "experiment: again and again"
    assert asked.headers["x-parapet-prompt"].split("@")[0] in {"echo", "mute"}
    assert asked.headers["x-parapet-tags"] == f"experiment:{str(done.pk)[:8]}"
    assert Trial.objects.first().trace_id == "ab" * 16  # type: ignore[union-attr]


def test_a_recorded_request_is_sent_again_as_it_was_but_for_what_the_variant_changes(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream
) -> None:
    from tests.console.datasets.conftest import put

    request: dict[str, Any] = {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "old"}, {"role": "user", "content": "word1."}],
        "temperature": 0.25,
        "response_format": {"type": "text"},
    }
    put(dataset, owner, {"id": "a", "inputs": {"word": "word1."}, "request": request})
    changed = {
        "request": "{{ inputs.request }}",
        "system": "new",
        "model": "gpt-4.1",
        "parameters": {"seed": 1},
    }
    arms = {"as it was": {"request": "{{ inputs.request }}"}, "changed": changed}

    ran(plan(project, owner, dataset, arms=arms), owner)
    sent = {received.json["model"]: received.json for received in models.requests}

    assert sent["gpt-4o"] == request
    assert sent["gpt-4.1"] == request | {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "new"}, request["messages"][1]],
        "seed": 1,
    }


def test_undecided_candidates_get_another_trial_and_decided_ones_do_not(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    experiment = plan(project, owner, words, arms={"echo": ECHO, "mute": MUTE, "odd": ECHO}, trials="1..3")
    turns = iter(range(10_000))

    def moody(request: Received) -> Reply:
        is_odd = request.headers["x-parapet-prompt"].startswith("odd@")
        return as_json(completion("nothing")) if is_odd and next(turns) % 12 == 0 else again(request)

    models.always(moody)
    done = ran(experiment, owner)
    numbers = {
        arm: max(done.trials.filter(arm=arm).values_list("number", flat=True))
        for arm in ("echo", "mute", "odd")
    }

    assert numbers["mute"] == 1
    assert numbers["echo"] == numbers["odd"] > 1


@pytest.mark.parametrize("status", [401, 402, 404])
def test_a_refusal_stops_the_experiment_and_nothing_is_lost(
    project: Project, owner: User, words: Dataset, models: FakeUpstream, status: int
) -> None:
    models.always(as_error(status))
    stopped = ran(plan(project, owner, words), owner)

    assert (stopped.state, f"status {status}" in stopped.because) == (State.STOPPED, True)
    assert set(stopped.trials.values_list("state", flat=True)) == {TrialState.WAITING}

    models.always(again)
    Trial.objects.update(lease_until=None)
    finished(actions.resume(experiment=stopped, by=owner, now=datetime.now(UTC)))

    assert fresh(stopped).state == State.DONE
    assert verdict(fresh(stopped), "mute") == "FAIL"


def test_answers_that_fail_are_unscored_and_never_zeros(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    def flaky(request: Received) -> Reply:
        return as_error(400) if "word007" in request.text else again(request)

    models.always(flaky)
    done = ran(plan(project, owner, words), owner)
    failed = done.trials.get(case="w7", arm="echo")

    assert (failed.state, failed.outcomes["repeats"]["state"]) == (TrialState.DONE, "unscored")
    assert "status 400" in failed.error


def test_busy_models_are_asked_again_later(
    project: Project, owner: User, words: Dataset, models: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RETRY_AFTER", timedelta(0))
    models.then(*[as_error(503)] * 2)

    done = ran(plan(project, owner, words), owner)

    assert done.state == State.DONE
    assert done.trials.filter(outcomes__repeats__state="unscored").count() == 0
    assert len(models.requests) == 122


def test_when_nothing_but_errors_comes_back_it_stops(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    models.always(as_error(400))

    stopped = ran(plan(project, owner, words), owner)

    assert stopped.state == State.STOPPED
    assert stopped.because.startswith("nothing but errors came back")
    assert len(models.requests) < 60


def test_the_cost_cap_holds(project: Project, owner: User, words: Dataset, models: FakeUpstream) -> None:
    models.always(
        lambda request: as_json(completion("x", model="gpt-4o"), headers=[("x-parapet-provider", "openai")])
    )
    experiment = plan(project, owner, words)
    experiment = actions.set_options(
        experiment, trials=1, cost_cap_usd=0.001, concurrency=2, estimand="population"
    )

    stopped = ran(experiment, owner)

    assert (stopped.state, stopped.because) == (State.STOPPED, "the cost cap of $0.001 is reached")
    assert 0.001 <= queue.spent_usd(stopped) < 0.002
    assert verdict(stopped, "mute") == "INCONCLUSIVE"


def test_stopping_keeps_what_came_and_going_on_asks_for_the_rest_only(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    experiment = begun(plan(project, owner, words), owner)

    for trial in queue.lease(experiment, now=datetime.now(UTC), limit=30, holds=0):
        queue.finish(trial, {}, now=datetime.now(UTC))
    actions.stop(experiment=experiment, by=owner)
    finished(fresh(experiment))
    assert models.requests == []

    finished(actions.resume(experiment=experiment, by=owner, now=datetime.now(UTC)))
    assert len(models.requests) == 90


def test_a_lost_workers_trials_are_taken_again_one_by_one(
    project: Project, owner: User, words: Dataset
) -> None:
    experiment, now = begun(plan(project, owner, words), owner), datetime.now(UTC)
    lost = queue.lease(experiment, now=now, limit=8, holds=0)
    later = now + queue.LEASE + timedelta(seconds=1)

    others = queue.lease(experiment, now=later, limit=200, holds=0)
    for trial in others:
        queue.finish(trial, {}, now=later)
    alone = [queue.lease(experiment, now=later, limit=8, holds=0) for _ in range(2)]

    assert (len(lost), len(others)) == (8, 112)
    assert [len(some) for some in alone] == [1, 0]


def test_a_worker_that_comes_back_late_cannot_write_over_another(
    project: Project, owner: User, words: Dataset
) -> None:
    experiment, now = begun(plan(project, owner, words), owner), datetime.now(UTC)
    (late,) = queue.lease(experiment, now=now, limit=1, holds=0)
    later = now + queue.LEASE + timedelta(seconds=1)
    queue.reclaim(experiment, now=later)

    assert not queue.finish(late, {}, now=later)
    assert Trial.objects.get(pk=late.pk).state == TrialState.WAITING


def test_a_trial_that_brings_workers_down_is_given_up_and_counts_as_unscored(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    experiment, now = begun(plan(project, owner, words), owner), datetime.now(UTC)
    (poison,) = queue.lease(experiment, now=now, limit=1, holds=0)
    for _ in range(queue.MOST_LOSSES):
        now += queue.LEASE + timedelta(seconds=1)
        queue.reclaim(experiment, now=now)
        Trial.objects.filter(pk=poison.pk, state=TrialState.WAITING).update(
            state=TrialState.RUNNING, lease_until=now
        )
    finished(fresh(experiment))
    done = fresh(experiment)

    assert Trial.objects.get(pk=poison.pk).state == TrialState.DEAD
    assert done.state == State.DONE
    (finding,) = verdict_on(done, definition_of(done), "mute").decision.findings
    assert max(finding.unscored_baseline, finding.unscored_candidate) == pytest.approx(1 / 60)


def test_an_answer_whose_worker_was_lost_before_scoring_is_not_asked_for_again(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    from evaluators.trials import StoredAnswer

    experiment, now = begun(plan(project, owner, words), owner), datetime.now(UTC)
    (trial,) = queue.lease(experiment, now=now, limit=1, holds=0)
    queue.keep_answer(trial, StoredAnswer(output="kept"), trace_id="")
    queue.reclaim(experiment, now=now + queue.LEASE + timedelta(seconds=1))

    finished(fresh(experiment))

    assert len(models.requests) == 119
    assert Trial.objects.get(pk=trial.pk).answer["output"] == "kept"  # type: ignore[index]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"arms": {"a": {"prompt": "{{ inputs.nothing }}"}}}, "nothing is called 'nothing'"),
        ({"arms": {"a": {"request": "{{ inputs.request }}"}}}, "nothing is called 'request'"),
        ({"arms": {"a": {"system": "x"}}}, "either `prompt` is needed"),
    ],
)
def test_what_cannot_run_does_not_begin(
    project: Project, owner: User, words: Dataset, spoil: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(actions.ExperimentError, match=sentence):
        begun(plan(project, owner, words, **spoil), owner)


def test_what_has_begun_stays_as_it_is(project: Project, owner: User, words: Dataset) -> None:
    experiment = begun(plan(project, owner, words), owner)

    with pytest.raises(actions.ExperimentError, match="it has begun"):
        actions.remove_arm(experiment, name="mute")


def test_only_the_judge_that_was_busy_is_asked_again(
    project: Project,
    owner: User,
    words: Dataset,
    models: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "RETRY_AFTER", timedelta(0))
    question = {"question": "Is it polite?"}
    experiment = plan(project, owner, words, arms={"echo": ECHO})
    for judge in ("calm", "busy"):
        experiment = actions.set_evaluator(
            experiment, name=judge, kind="rubric", parameters=question, judge_model=judge
        )
    refused: set[str] = set()

    def moody(request: Received) -> Reply:
        if request.json["model"] == "busy" and request.text not in refused:
            refused.add(request.text)
            return as_error(503)
        return as_json(completion("yes")) if request.json["model"] in ("calm", "busy") else again(request)

    models.always(moody)
    done = ran(experiment, owner)
    asked = [request.json["model"] for request in models.requests]

    assert done.state == State.DONE
    assert (asked.count("calm"), asked.count("busy")) == (60, 120)
    assert done.trials.filter(outcomes__busy__state="scored", outcomes__calm__state="scored").count() == 60


def test_what_no_database_can_keep_is_kept_as_well_as_can_be(
    project: Project, owner: User, words: Dataset, models: FakeUpstream
) -> None:
    models.always(as_json(completion("a\0b")))

    done = ran(plan(project, owner, words, arms={"echo": ECHO}), owner)

    assert done.state == State.DONE
    assert {trial.answer["output"] for trial in done.trials.all()} == {"a\ufffdb"}  # type: ignore[index]
