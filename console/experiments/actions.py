"""What can be done to experiments: planned as a draft, begun, stopped, let go on, done again."""

import copy
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from console.accounts import audit
from console.accounts.actions import internal_key
from console.accounts.models import Project, User
from console.datasets.access import items_of
from console.datasets.content import stored_content
from console.datasets.download import case_values
from console.datasets.models import Dataset, Split
from console.evaluations.judges import JudgeError, checked_line
from console.experiments import queue
from console.experiments.definition import (
    MOST_ARMS,
    MOST_CASES,
    MOST_EVALUATORS,
    Definition,
    check_provisions,
    checked_name,
    definition_of,
    provide_for,
)
from console.experiments.models import Experiment, State
from evaluators.errors import EvaluatorError

MOST_TRIALS = 50_000
MOST_CHARACTERS = 32_000_000


class ExperimentError(ValueError):
    """An experiment cannot be changed as asked; the message says why."""


@transaction.atomic
def create_experiment(
    *,
    project: Project,
    by: User | None,
    name: str,
    dataset: Dataset,
    version: int,
    split: str = "",
    tag: str = "",
) -> Experiment:
    """Plan an experiment on the items of a dataset's version. Its cases are copied, so that they stay."""
    name = _checked_title(name)
    cases, is_as_given = cases_of(dataset, version, split=split, tag=tag)
    experiment = Experiment.objects.create(
        project=project,
        name=name,
        dataset=dataset,
        dataset_name=dataset.name,
        dataset_version=version,
        suite={
            "suite": suite_name(name),
            "target": {"prompt": {"model": "parapet/demo"}, "arms": {}},
            "trials": 1,
            "evaluators": [],
            "judges": {},
            "gate": {},
            "budget": {"cost": 5},
            "concurrency": 8,
        },
        cases=cases,
        is_as_given=is_as_given,
        created_by=by,
    )
    audit.record(
        project=project,
        by=by,
        action="experiment.planned",
        target=name,
        dataset=dataset.name,
        version=version,
    )
    return experiment


def cases_of(
    dataset: Dataset, version: int, *, split: str = "", tag: str = ""
) -> tuple[list[dict[str, Any]], bool]:
    """Return the items of a version as cases, and whether some were stored as given. Raises ExperimentError when there are none, or too many."""
    items = items_of(dataset, version).order_by("pk")
    if split in Split.values:
        items = items.filter(split=split)
    if tag:
        items = items.filter(tag_line__contains=f"\n{tag}\n")
    count = items.count()
    if not count:
        raise ExperimentError(
            "no item of this version has that split and tag; choose others, or leave them empty"
        )
    if count > MOST_CASES:
        raise ExperimentError(
            f"an experiment has at most {MOST_CASES:,} cases; these are {count:,}: choose a split or a tag"
        )
    size = sum(len(body) for body in items.values_list("body", flat=True).iterator(chunk_size=500))
    if size > MOST_CHARACTERS:
        raise ExperimentError(
            f"an experiment's cases have at most {MOST_CHARACTERS:,} characters together; these have {size:,}: "
            "choose a split or a tag"
        )
    found = list(items)
    return [case_values(stored_content(item)) for item in found], any(item.is_as_given for item in found)


def set_arm(
    experiment: Experiment, *, name: str, settings: Mapping[str, Any], replaces: str = ""
) -> Experiment:
    """Add a variant to a draft, or change one; its place stays."""
    name = checked_name(name, "the name of a variant")

    def change(suite: dict[str, Any]) -> None:
        arms: dict[str, Any] = suite["target"]["arms"]
        if name != replaces and name in arms:
            raise ExperimentError(f"there is a variant named {name!r} already; choose another name")
        if replaces in arms:
            suite["target"]["arms"] = {
                (name if key == replaces else key): (dict(settings) if key == replaces else value)
                for key, value in arms.items()
            }
        elif len(arms) >= MOST_ARMS:
            raise ExperimentError(f"an experiment has at most {MOST_ARMS} variants")
        else:
            arms[name] = dict(settings)

    return _changed(experiment, change)


def remove_arm(experiment: Experiment, *, name: str) -> Experiment:
    """Take a variant out of a draft."""
    return _changed(experiment, lambda suite: suite["target"]["arms"].pop(name, None))


def make_baseline(experiment: Experiment, *, name: str) -> Experiment:
    """Put a variant first: the one that others are compared with."""

    def change(suite: dict[str, Any]) -> None:
        arms = suite["target"]["arms"]
        if name in arms:
            suite["target"]["arms"] = {name: arms[name]} | {k: v for k, v in arms.items() if k != name}

    return _changed(experiment, change)


def set_evaluator(
    experiment: Experiment,
    *,
    name: str,
    kind: str,
    parameters: Mapping[str, Any],
    rule: Any = None,
    judge_model: str = "",
    tag: str = "",
    replaces: str = "",
) -> Experiment:
    """Add an evaluator to a draft, or change one. `rule` is what the gate asks of it; None reports only."""
    name = checked_name(name, "the name of an evaluator")

    def change(suite: dict[str, Any]) -> None:
        names = [next(iter(entry.values()))["id"] for entry in suite["evaluators"]]
        if name != replaces and name in names:
            raise ExperimentError(f"there is an evaluator named {name!r} already; choose another name")
        given: dict[str, Any] = {"id": name, **parameters}
        if judge_model:
            given["judge"] = _judge(judge_model)
        if tag:
            given["when"] = f"tags.{tag}"
        entry = {kind: given}
        if replaces in names:
            suite["evaluators"][names.index(replaces)] = entry
            suite["gate"].pop(replaces, None)
        elif len(names) >= MOST_EVALUATORS:
            raise ExperimentError(f"an experiment has at most {MOST_EVALUATORS} evaluators")
        else:
            suite["evaluators"].append(entry)
        if rule is not None:
            suite["gate"][name] = rule
        provide_for(suite)

    return _changed(experiment, change)


def remove_evaluator(experiment: Experiment, *, name: str) -> Experiment:
    """Take an evaluator out of a draft."""

    def change(suite: dict[str, Any]) -> None:
        suite["evaluators"] = [one for one in suite["evaluators"] if next(iter(one.values()))["id"] != name]
        suite["gate"].pop(name, None)
        provide_for(suite)

    return _changed(experiment, change)


def set_options(
    experiment: Experiment, *, trials: int | str, cost_cap_usd: float | None, concurrency: int, estimand: str
) -> Experiment:
    """Say how often each case is asked, what may be spent, and how many calls run at once."""

    def change(suite: dict[str, Any]) -> None:
        suite["trials"], suite["concurrency"], suite["estimand"] = trials, concurrency, estimand
        suite["budget"] = {} if cost_cap_usd is None else {"cost": cost_cap_usd}

    return _changed(experiment, change)


@transaction.atomic
def start(*, experiment: Experiment, by: User | None, now: datetime) -> Experiment:
    """Begin: from here on what it asks is fixed. Raises ExperimentError when something is missing."""
    experiment = Experiment.objects.select_for_update().select_related("project").get(pk=experiment.pk)
    if experiment.state != State.DRAFT:
        raise ExperimentError("it has begun already")
    definition = checked(experiment)
    most = len(definition.cases) * len(definition.arms) * definition.looks[-1]
    if most > MOST_TRIALS:
        raise ExperimentError(
            f"it would ask for up to {most:,} answers; at most {MOST_TRIALS:,} are possible: fewer trials or cases"
        )
    queue.ask_for(experiment, definition, look=definition.looks[0], arms=set(definition.arms))
    experiment.look, experiment.state = definition.looks[0], State.RUNNING
    experiment.started_at = experiment.ran_since = now
    experiment.save(update_fields=["look", "state", "started_at", "ran_since"])
    # Made now, so that the proxy knows it by the time the first call is made.
    internal_key(project=experiment.project)
    audit.record(
        project=experiment.project,
        by=by,
        action="experiment.started",
        target=experiment.name,
        cases=len(definition.cases),
        variants=len(definition.arms),
        cost_cap_usd=definition.cost_cap_usd,
    )
    return experiment


@transaction.atomic
def stop(*, experiment: Experiment, by: User | None) -> Experiment:
    """Stop asking. What is under way is finished and kept."""
    return _switch(experiment, State.RUNNING, State.STOPPED, by=by, action="experiment.stopped")


@transaction.atomic
def resume(
    *, experiment: Experiment, by: User | None, now: datetime, cost_cap_usd: float | None = None
) -> Experiment:
    """Go on where it stopped; a new cost cap, when given, takes the place of the old."""
    experiment = _switch(experiment, State.STOPPED, State.RUNNING, by=by, action="experiment.resumed")
    experiment.ran_since = now
    if cost_cap_usd is not None:
        experiment.suite["budget"] = {"cost": cost_cap_usd}
    experiment.save(update_fields=["ran_since", "suite"])
    return experiment


def halt(experiment: Experiment, *, because: str) -> None:
    """Stop an experiment by itself, for a reason a person must see to."""
    Experiment.objects.filter(pk=experiment.pk, state=State.RUNNING).update(
        state=State.STOPPED, because=because[:300]
    )


def end(experiment: Experiment) -> None:
    """Note that everything that was asked for is there."""
    Experiment.objects.filter(pk=experiment.pk, state=State.RUNNING).update(
        state=State.DONE, finished_at=timezone.now(), because=""
    )


@transaction.atomic
def duplicate(*, experiment: Experiment, by: User | None, is_newest: bool) -> Experiment:
    """Plan the same again, on the same cases or on the dataset's newest version."""
    version, cases, is_as_given = experiment.dataset_version, experiment.cases, experiment.is_as_given
    if is_newest:
        if experiment.dataset is None:
            raise ExperimentError("its dataset was removed; the same cases can still be tried again")
        version = experiment.dataset.latest
        cases, is_as_given = cases_of(experiment.dataset, version)
    made = Experiment.objects.create(
        project=experiment.project,
        name=f"{experiment.name[:56]}, again",
        dataset=experiment.dataset,
        dataset_name=experiment.dataset_name,
        dataset_version=version,
        suite=copy.deepcopy(experiment.suite),
        cases=cases,
        is_as_given=is_as_given,
        created_by=by,
    )
    audit.record(
        project=made.project, by=by, action="experiment.planned", target=made.name, after=experiment.name
    )
    return made


@transaction.atomic
def remove_experiment(*, experiment: Experiment, by: User | None) -> None:
    """Take an experiment away with its results; the traces of its calls stay."""
    audit.record(project=experiment.project, by=by, action="experiment.removed", target=experiment.name)
    experiment.delete()


@transaction.atomic
def rename(*, experiment: Experiment, name: str) -> Experiment:
    """Give an experiment another name."""
    experiment.name = _checked_title(name)
    experiment.suite["suite"] = suite_name(experiment.name)
    experiment.save(update_fields=["name", "suite"])
    return experiment


def checked(experiment: Experiment) -> Definition:
    """Return what an experiment asks, or raise ExperimentError with what is missing or wrong."""
    try:
        definition = definition_of(experiment)
        check_provisions(definition.entries)
    except EvaluatorError as error:
        raise ExperimentError(str(error)) from error
    return definition


def suite_name(name: str) -> str:
    """Return a name as a suite's file would have it."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-._") or "experiment"


@transaction.atomic
def _changed(experiment: Experiment, change: Callable[[dict[str, Any]], object]) -> Experiment:
    current = (
        Experiment.objects.select_for_update(of=("self",))
        .select_related("project", "dataset")
        .get(pk=experiment.pk)
    )
    if current.state != State.DRAFT:
        raise ExperimentError("it has begun; what it asks stays as it is. Duplicate it to change something")
    suite = copy.deepcopy(current.suite)
    change(suite)
    current.suite = suite
    current.save(update_fields=["suite"])
    return current


def _switch(
    experiment: Experiment, before: State, after: State, *, by: User | None, action: str
) -> Experiment:
    experiment = Experiment.objects.select_for_update().select_related("project").get(pk=experiment.pk)
    if experiment.state != before:
        raise ExperimentError(f"it is {experiment.get_state_display().lower()}, not {before.label.lower()}")
    experiment.state, experiment.because = after, ""
    experiment.save(update_fields=["state", "because"])
    audit.record(project=experiment.project, by=by, action=action, target=experiment.name)
    return experiment


def _judge(line: str) -> str:
    try:
        return checked_line(line)
    except JudgeError as error:
        raise ExperimentError(str(error)) from error


def _checked_title(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise ExperimentError(f"a name has 1 to 64 printable characters, not {len(name)}")
    return name
