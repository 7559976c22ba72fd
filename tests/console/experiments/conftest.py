"""Experiments under test, with a fake provider where the proxy would be."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings

from console.accounts.models import Project, User
from console.datasets.models import Dataset
from console.experiments import actions, running
from console.experiments.models import Experiment
from tests.console.datasets.conftest import dataset, policy_can_look, put  # noqa: F401 - fixtures
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ECHO = {"prompt": "Say it again: {{ inputs.word }}"}
MUTE = {"prompt": "Say nothing."}


@pytest.fixture
def models(settings: Settings) -> Iterator[FakeUpstream]:
    """What answers where the proxy would: the last message, again."""
    with FakeUpstream(default=again) as upstream:
        settings.PROXY_URL = upstream.url
        yield upstream


def again(request: Received) -> Reply:
    said = request.json["messages"][-1]["content"]
    return as_json(completion(said, model=request.json["model"]), headers=[("x-parapet-trace-id", "ab" * 16)])


@pytest.fixture
def words(dataset: Dataset, owner: User) -> Dataset:  # noqa: F811
    """Sixty words, each expected to come back."""
    put(dataset, owner, *(word(number) for number in range(60)))
    return dataset


def word(number: int, **fields: Any) -> dict[str, Any]:
    tags = ["even" if number % 2 == 0 else "odd"]
    return {
        "id": f"w{number}",
        "inputs": {"word": f"word{number:03}."},
        "expected": f"word{number:03}.",
        "tags": tags,
        "metadata": {"length": "short"},
    } | fields


def plan(
    project: Project,
    owner: User,
    words: Dataset,
    *,
    arms: dict[str, Any] | None = None,
    trials: int | str = 1,
    **options: Any,
) -> Experiment:
    """A draft with two variants and one check whose verdict counts."""
    experiment = actions.create_experiment(
        project=project, by=owner, name="again and again", dataset=words, version=words.latest, **options
    )
    for name, settings in (arms or {"echo": ECHO, "mute": MUTE}).items():
        experiment = actions.set_arm(experiment, name=name, settings=settings)
    experiment = actions.set_evaluator(
        experiment,
        name="repeats",
        kind="contains",
        parameters={"value": "{{ inputs.word }}"},
        rule={"margin": "5pt"},
    )
    return actions.set_options(
        experiment, trials=trials, cost_cap_usd=None, concurrency=8, estimand="population"
    )


def begun(experiment: Experiment, owner: User) -> Experiment:
    return actions.start(experiment=experiment, by=owner, now=datetime.now(UTC))


def finished(experiment: Experiment) -> Experiment:
    """Let workers take turns until nothing more is due."""
    while running.work(experiment):
        experiment.refresh_from_db()
    return Experiment.objects.select_related("project").get(pk=experiment.pk)
