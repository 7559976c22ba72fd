"""An experiment as a suite: what it asks, in the words of `evaluators`, so that the library plans, scores and decides."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from console.evaluations import local_judges, provisions
from console.evaluations.judges import members_of, problem_with
from console.experiments.models import Experiment
from evaluators import registry
from evaluators.errors import SuiteError
from evaluators.gate import Case, Metric
from evaluators.suites.cases import SuiteCase, load_cases
from evaluators.suites.complaints import sentence
from evaluators.suites.entries import Entry, entries_of
from evaluators.suites.gating import gate_of
from evaluators.suites.load import LoadedSuite
from evaluators.suites.model import Endpoint, Suite
from evaluators.suites.units import looks_of
from evaluators.targets.prompt import check_arms, request_body

REPLAY = "{{ inputs.request }}"
"""What an arm sends that repeats the request each item was recorded with."""
MOST_ARMS, MOST_EVALUATORS, MOST_CASES = 6, 20, 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_NOWHERE = Path("/nonexistent/parapet-experiment")
"""Suites of the console name no files; one that does finds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What an experiment asks, checked."""

    arms: Mapping[str, Mapping[str, Any]]
    """Each variant's settings; the first is the baseline."""
    settings: Endpoint
    cases: tuple[SuiteCase, ...]
    entries: tuple[Entry, ...]
    looks: tuple[int, ...]
    judges: Mapping[str, Mapping[str, float]]
    """The models behind each judge's line, with their weights."""
    cost_cap_usd: float | None
    concurrency: int
    document: Mapping[str, Any]

    @property
    def baseline(self) -> str:
        """The variant others are compared with."""
        return next(iter(self.arms))

    @property
    def candidates(self) -> tuple[str, ...]:
        """The variants that are compared; the only one, when there is but one."""
        names = tuple(self.arms)
        return names[1:] or names

    @property
    def prompt_entries(self) -> tuple[Entry, ...]:
        """The evaluators that any worker can ask."""
        return tuple(entry for entry in self.entries if not _is_for_gpu(entry))

    @property
    def gpu_entries(self) -> tuple[Entry, ...]:
        """The evaluators that ask a model on a machine of ours; they wait for a worker of the queue `gpu`."""
        return tuple(entry for entry in self.entries if _is_for_gpu(entry))

    def metrics(self) -> dict[str, Metric]:
        """Return what the gate must know about each evaluator's scores."""
        return {entry.name: entry.metric() for entry in self.entries}

    def gate_cases(self) -> list[Case]:
        """Return the cases as the gate knows them."""
        return [Case(id=case.id, cluster=case.cluster, tags=case.tags) for case in self.cases]

    def suite(self, candidate: str) -> LoadedSuite:
        """Return the suite that compares one candidate with the baseline."""
        # Its cases were read and checked with the definition.
        empty = {**pair(self.document, self.baseline, candidate), "cases": []}
        return replace(loaded(empty), cases=self.cases)


def definition_of(experiment: Experiment) -> Definition:
    """Read and check what an experiment asks. Raises SuiteError with a sentence about what is missing or wrong."""
    document = dict(experiment.suite) | {"cases": experiment.cases}
    arms = document["target"].get("arms") or {}
    if not arms:
        raise SuiteError("add a variant: a prompt to try, or the recorded requests sent again")
    if not document["evaluators"]:
        raise SuiteError("add an evaluator: without one there is nothing to compare")
    names = list(arms)
    suite = loaded(pair(document, names[0], names[-1]))
    check_arms(arms, suite.cases)
    budget = suite.suite.budget.cost
    assert suite.suite.target.prompt is not None
    return Definition(
        arms=arms,
        settings=suite.suite.target.prompt,
        cases=suite.cases,
        entries=suite.entries,
        looks=looks_of(suite.suite.trials),
        judges={entry.judge: members_of(entry.judge) for entry in suite.entries if entry.judge is not None},
        cost_cap_usd=None if budget is None else float(budget),
        concurrency=suite.suite.concurrency,
        document=document,
    )


def pair(document: Mapping[str, Any], baseline: str, candidate: str) -> dict[str, Any]:
    """Return the document with two of its arms, or with one when they are the same."""
    target = document["target"]
    arms = {name: target["arms"][name] for name in dict.fromkeys((baseline, candidate))}
    gate = document.get("gate", {})
    if len(arms) == 1:
        gate = {name: alone for name, rule in gate.items() if (alone := _alone(rule)) is not None}
    return {**document, "target": {**target, "arms": arms}, "gate": gate}


def loaded(document: Mapping[str, Any]) -> LoadedSuite:
    """Check a document and load it as a suite of two arms or one."""
    try:
        suite = Suite.model_validate(dict(document))
    except ValidationError as error:
        raise SuiteError(sentence(error)) from error
    if suite.target.prompt is None:
        raise SuiteError("an experiment asks models; other targets run from the command line")
    check_evaluators(suite.evaluators)
    entries = entries_of(suite, _NOWHERE)
    cases = load_cases(suite.cases, _NOWHERE)
    return LoadedSuite(
        suite=suite,
        directory=_NOWHERE,
        cases=tuple(cases),
        entries=tuple(entries),
        arms=suite.target.arms,
        gate=gate_of(suite, entries),
    )


def body_of(definition: Definition, arm: str, case: SuiteCase) -> dict[str, Any]:
    """Return the request an arm sends for a case."""
    return request_body(definition.arms[arm], definition.settings, case)


def settings_hash(definition: Definition, arm: str) -> str:
    """Hash what a variant is, whatever the case."""
    content = json.dumps([definition.settings.model_dump(mode="json"), definition.arms[arm]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def fingerprint(definition: Definition, arm: str, case: SuiteCase) -> str:
    """Hash everything that decides an arm's answer to a case beside chance."""
    content = json.dumps(body_of(definition, arm, case), sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def check_evaluators(evaluators: Sequence[str | Mapping[str, Any]]) -> None:
    """Refuse what would have the console read a file."""
    for entry in evaluators:
        kind, given = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        given = given if isinstance(given, Mapping) else {}
        name = str(given.get("id", kind))
        if not _NAME.fullmatch(name):
            raise SuiteError(
                f"the name {name[:64]!r} may have letters, digits, spaces and . _ - only, at most 64"
            )
        if isinstance(given.get("schema"), str):
            raise SuiteError(f"{name}: the schema must be given itself, not as a file's name")


def check_provisions(entries: Iterable[Entry]) -> None:
    """Refuse what this installation cannot run as it is set up. Raises SuiteError with what to set."""
    for entry in entries:
        problem = provisions.problem_with(entry.kind) or problem_with(members_of(entry.judge or "-"))
        if problem:
            raise SuiteError(f"{entry.name}: {problem}")


def provide_for(suite: dict[str, Any]) -> None:
    """Name in a suite the judges and the models that its evaluators ask, and no others, as `parapet eval` wants them named."""
    given = [(kind, values) for entry in suite["evaluators"] for kind, values in entry.items()]
    needs = {need for kind, _ in given for need in registry.describe(kind).needs}
    lines = [str(values["judge"]) for _, values in given if values.get("judge")]
    judges: dict[str, Any] = {}
    for line in dict.fromkeys(lines):
        members = members_of(line)
        judges |= {model: _as_judge(model) for model in members}
        if len(members) > 1:
            judges[line] = {"panel": dict(members)}
    suite["judges"] = judges
    wanted = {
        "embed": ("embeddings", {"model": provisions.EMBEDDING}),
        "entail": ("classifier", {"local": _classifier_name()}),
        "sandbox": ("sandbox", {"timeout_s": 10}),
    }
    for need, (name, value) in wanted.items():
        if need in needs:
            suite.setdefault(name, value)
        else:
            suite.pop(name, None)


def _as_judge(model: str) -> dict[str, str]:
    """Return a model as a suite names it. Which folder one of ours is in, is its installation's affair."""
    if local_judges.is_local(model):
        return {"local": model.removeprefix(local_judges.PREFIX)}
    return {"model": model}


def _classifier_name() -> str:
    """Return the hub's name of the classifier, or the last part of its folder's."""
    place = str(settings.LOCAL_CLASSIFIER).partition("#")[0]
    return Path(place).name if place.startswith(("/", ".", "~")) else place


def _is_for_gpu(entry: Entry) -> bool:
    return provisions.is_for_gpu(entry.kind, entry.judge or "")


def checked_name(name: str, what: str) -> str:
    """Return a name of a variant or an evaluator, or raise SuiteError."""
    if not _NAME.fullmatch(name.strip()):
        raise SuiteError(
            f"{what} has 1 to 64 letters, digits, spaces or . _ -, and begins with a letter or a digit"
        )
    return name.strip()


def _alone(rule: Any) -> Any:
    """Return what a rule asks of a variant by itself; None when it only compares."""
    if not isinstance(rule, Mapping):
        return rule if rule == "must_pass" else None
    kept = {
        name: value for name, value in rule.items() if name not in ("margin", "ratio", "compare", "fail_when")
    }
    return kept if "floor" in kept or kept.get("must_pass") else None
