"""Experiments judged by what the installation has itself: local judges, a classifier, detectors, panels."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pytest_django import Settings

from console.accounts.models import Project, User
from console.datasets.models import Dataset
from console.experiments import actions, grading, queue, running, tasks
from console.experiments.definition import definition_of
from console.experiments.models import Experiment, State, Trial, TrialState
from console.experiments.pages.exporting import suite_yaml
from console.experiments.results import gate_trials
from evaluators.suites.model import Suite
from tests.console.datasets.conftest import put
from tests.console.evaluations.conftest import pairs, small_judge, weights  # noqa: F401
from tests.console.experiments.conftest import ECHO, again, begun, plan, word
from tests.fakes.upstream import FakeUpstream, as_json, completion

A = as_json(completion("A"))
POLITE: dict[str, Any] = {"name": "polite", "kind": "rubric", "parameters": {"question": "Is it polite?"}}


@pytest.fixture
def few(dataset: Dataset, owner: User) -> Dataset:
    """Six words: what they are is all the same to a judge that learned nothing."""
    put(dataset, owner, *(word(number) for number in range(6)))
    return dataset


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "RETRY_AFTER", timedelta(0))


def judged_by(project: Project, owner: User, few: Dataset, judge: str) -> Experiment:
    draft = plan(project, owner, few, arms={"echo": ECHO})
    return begun(actions.set_evaluator(draft, **POLITE, judge_model=judge), owner)


def fresh(experiment: Experiment) -> Experiment:
    return Experiment.objects.select_related("project").get(pk=experiment.pk)


def states(experiment: Experiment) -> dict[str, int]:
    found = list(experiment.trials.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_answers_wait_for_a_local_judge_and_are_judged_in_bunches(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    experiment = judged_by(project, owner, few, small_judge)
    woken: list[int] = []
    running.work(experiment, wake_grader=lambda: woken.append(1))

    assert states(experiment) == {"owed": 6}
    assert woken
    assert fresh(experiment).state == State.RUNNING

    assert grading.grade(fresh(experiment)) == "nothing"
    assert states(experiment) == {"done": 6}
    assert fresh(experiment).state == State.DONE
    assert experiment.trials.filter(outcomes__polite__state="scored", outcomes__repeats__value=1).count() == 6
    assert len(models.requests) == 6


def test_a_grader_that_is_killed_loses_nothing_and_nothing_is_asked_again(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    experiment = judged_by(project, owner, few, small_judge)
    running.work(experiment)
    now = datetime.now(UTC)
    lost = queue.lease(experiment, now=now, limit=2, holds=0, line=queue.JUDGED)
    later = now + queue.LEASE + timedelta(seconds=1)
    queue.reclaim(experiment, now=later)

    assert not queue.finish(lost[0], {}, now=later)
    while grading.grade(fresh(experiment)) == "judging":
        pass
    assert states(experiment) == {"done": 6}
    assert experiment.trials.filter(losses=1).count() == 2
    assert len(models.requests) == 6


def test_what_brings_graders_down_is_given_up_with_what_others_said_of_it(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    experiment = judged_by(project, owner, few, small_judge)
    running.work(experiment)
    poison, now = experiment.trials.order_by("position")[0], datetime.now(UTC)
    Trial.objects.filter(pk=poison.pk).update(
        state=TrialState.JUDGING, losses=queue.MOST_LOSSES - 1, lease_until=now - timedelta(seconds=1)
    )
    grading.grade(fresh(experiment))
    (found,) = [one for one in gate_trials(experiment, definition_of(experiment)) if one.case == poison.case]

    assert states(experiment) == {"done": 5, "dead": 1}
    assert found.outcomes["repeats"].value == 1  # type: ignore[union-attr]
    assert found.outcomes["polite"].code == "crashed"  # type: ignore[union-attr]


def test_a_stopped_experiment_is_judged_when_it_goes_on(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    experiment = judged_by(project, owner, few, small_judge)
    running.work(experiment)
    actions.stop(experiment=experiment, by=owner)
    grading.grade(fresh(experiment))
    assert states(experiment) == {"owed": 6}

    actions.resume(experiment=experiment, by=owner, now=datetime.now(UTC))
    grading.grade(fresh(experiment))
    assert states(experiment) == {"done": 6}


def test_another_look_is_asked_for_when_graders_leave_it_undecided(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    draft = plan(project, owner, few, arms={"echo": ECHO, "again": ECHO}, trials="1..3")
    draft = actions.remove_evaluator(draft, name="repeats")
    rule = {"margin": "1pt", "trust": "assume"}
    experiment = begun(actions.set_evaluator(draft, **POLITE, judge_model=small_judge, rule=rule), owner)
    running.work(experiment)

    assert grading.grade(fresh(experiment)) == "asking"
    assert experiment.trials.filter(state=TrialState.WAITING, number=2).exists()


def test_a_worker_that_lacks_the_judge_stops_the_experiment_and_says_why(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
    settings: Settings,
) -> None:
    experiment = judged_by(project, owner, few, small_judge)
    running.work(experiment)
    settings.LOCAL_JUDGES = {}
    grading.grade(fresh(experiment))

    assert (fresh(experiment).state, states(experiment)) == (State.STOPPED, {"owed": 6})
    assert "no local judge is called 'small'" in fresh(experiment).because


def test_whoever_is_needed_is_woken(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(tasks.work, "delay", lambda _: woken.append("work"))
    monkeypatch.setattr(tasks.grade, "delay", lambda _: woken.append("grade"))
    experiment = judged_by(project, owner, few, small_judge)
    tasks.sweep()
    running.work(experiment)
    tasks.sweep()
    Trial.objects.update(state=TrialState.DONE)
    tasks.sweep()

    assert woken == ["work", "grade", "work"]


@pytest.mark.usefixtures("guarded", "pairs")
def test_detectors_embeddings_classifier_and_sandbox_score_answers(
    project: Project, owner: User, dataset: Dataset, models: FakeUpstream, settings: Settings
) -> None:
    settings.CODE_EXECUTION = True
    put(dataset, owner, word(1, context=["tea is hot"]), word(2, context=["tea is hot"]))
    experiment = plan(project, owner, dataset, arms={"echo": ECHO})
    for kind, parameters in {
        "pii": {},
        "toxicity": {},
        "embedding_similarity": {},
        "groundedness": {},
        "code_execution": {"tests": "assert True"},
    }.items():
        experiment = actions.set_evaluator(experiment, name=kind, kind=kind, parameters=parameters)
    experiment = begun(experiment, owner)
    running.work(experiment)
    assert states(experiment) == {"owed": 2}
    grading.grade(fresh(experiment))

    assert fresh(experiment).state == State.DONE
    for outcomes in experiment.trials.values_list("outcomes", flat=True):
        assert {name: one["state"] for name, one in outcomes.items()} == dict.fromkeys(outcomes, "scored")
        assert outcomes["embedding_similarity"]["value"] > 0.3


def test_a_panel_of_a_model_of_ours_and_another_judges_an_experiment(
    project: Project,
    owner: User,
    few: Dataset,
    models: FakeUpstream,
    small_judge: str,  # noqa: F811
) -> None:
    models.always(lambda asked: A if asked.json["model"] == "gpt-4o" else again(asked))
    experiment = judged_by(project, owner, few, f"gpt-4o = 2, {small_judge}")
    running.work(experiment)
    while grading.grade(fresh(experiment)) == "judging":
        pass
    definition = definition_of(experiment)
    written = suite_yaml(definition, "echo", definition.suite("echo").gate, "cases.jsonl")

    assert states(experiment) == {"done": 6}
    assert {request.json["model"] for request in models.requests} >= {"gpt-4o"}
    suite = Suite.model_validate(yaml.safe_load(written))
    assert suite.judges["local/small, gpt-4o = 2"].panel == {"local/small": 1, "gpt-4o": 2}  # type: ignore[union-attr]
    assert suite.judges["local/small"].local == "small"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "variable"),
    [("groundedness", "PARAPET_LOCAL_CLASSIFIER"), ("code_execution", "PARAPET_CODE_EXECUTION")],
)
def test_an_experiment_that_asks_what_is_not_there_does_not_begin(
    project: Project, owner: User, few: Dataset, kind: str, variable: str
) -> None:
    draft = plan(project, owner, few)
    draft = actions.set_evaluator(draft, name=kind, kind=kind, parameters={})

    with pytest.raises(actions.ExperimentError, match=variable):
        begun(draft, owner)
