"""The evaluators of a suite: named, checked, and buildable for each case."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evaluators import registry
from evaluators.calibration.canaries import read as read_canaries
from evaluators.calibration.card import read as read_card
from evaluators.calibration.card import trust_of
from evaluators.calibration.labels import Labelled
from evaluators.completion import ChatMessage, Complete, Completion, CompletionError
from evaluators.errors import EvaluatorError, SuiteError
from evaluators.evaluator import Configured, Scale, version_of
from evaluators.gate import Metric
from evaluators.gate.trials import Trust
from evaluators.suites.cases import SuiteCase
from evaluators.suites.documents import read_text
from evaluators.suites.lookups import fill_all, has_lookup
from evaluators.suites.model import JudgePanel, Suite
from evaluators.suites.units import measured

MEASURES = ("latency", "cost", "tokens")
"""Evaluators that a gate may name without the suite's listing them."""

CALIBRATION = "calibration"
"""The folder beside a suite that holds its judges' cards and canaries."""

_FIRST_PARAMETER = {
    "exact": "expected",
    "contains": "value",
    "regex": "pattern",
    "numeric": "expected",
    "json_schema": "schema",
    "length": "at_most",
    "latency": "at_most",
    "cost": "at_most",
    "tokens": "at_most",
    "rubric": "question",
    "starts_with": "value",
    "ends_with": "value",
    "levenshtein": "expected",
    "token_f1": "expected",
    "bleu": "expected",
    "chrf": "expected",
    "rouge": "expected",
    "language": "languages",
    "precision_at_k": "k",
    "recall_at_k": "k",
    "mrr": "k",
    "ndcg": "k",
    "trajectory": "tools",
    "step_efficiency": "fewest",
    "checklist": "questions",
    "conversation": "question",
}
"""What a bare value means: `- contains: refund`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One evaluator as a suite asks for it."""

    name: str
    kind: str
    parameters: Mapping[str, Any]
    judge: str | None
    tag: str | None
    """Only cases with this tag; all when None."""
    scale: Scale
    build: str = ""
    """Which judge this is: its model, prompt and parameters, before any case's values; empty for code."""
    trust: Trust = "uncalibrated"
    trust_reason: str = ""
    canaries: tuple[Labelled, ...] = ()
    """Labelled answers that every run has judged again."""
    handed: Mapping[str, Any] = field(default_factory=dict)
    """What the evaluator needs beside a judge: `embed`, `detect`, `sandbox`. See `evaluators.providers`."""

    def metric(self) -> Metric:
        """Return what the gate must know about its scores."""
        return Metric(
            name=self.name,
            source=registry.describe(self.kind).source,
            direction=self.scale.direction,
            bounds=self.scale.bounds,
            trust=self.trust,
            trust_reason=self.trust_reason,
        )

    def applies_to(self, case: SuiteCase) -> bool:
        """Say whether a case has the tag this evaluator is for."""
        return self.tag is None or self.tag in case.tags

    def built(self, case: SuiteCase, complete: Complete | None) -> Configured:
        """Build the evaluator with the case's values in its lookups.

        A case it is not for need not have them.
        """
        if not self.applies_to(case):
            return _trial_build(self.kind, self.parameters, self.name)
        return registry.build(
            self.kind, fill_all(self.parameters, case.values()), complete, name=self.name, **self.handed
        )

    def described(self) -> dict[str, Any]:
        """Return what decides its scores, for hashes."""
        return {
            "name": self.name,
            "kind": self.kind,
            "parameters": self.parameters,
            "judge": self.judge,
            "tag": self.tag,
        }


def entries_of(suite: Suite, directory: Path) -> list[Entry]:
    """Check every evaluator of a suite, so that nothing is found out in the middle of a run."""
    entries = [_entry(raw, number, suite, directory) for number, raw in enumerate(suite.evaluators)]
    names = [entry.name for entry in entries]
    # What is measured anyway needs no mention among the evaluators to be gated.
    wanted = dict.fromkeys(measured(name, names)[0] for name in suite.gate)
    measures = [name for name in wanted if name in MEASURES and name not in names]
    entries += [_entry(name, len(entries) + n, suite, directory) for n, name in enumerate(measures)]
    for name in names:
        if names.count(name) > 1:
            raise SuiteError(f"evaluators: two are called {name!r}; give one of them an `id`")
    return entries


def _entry(raw: str | Mapping[str, Any], number: int, suite: Suite, directory: Path) -> Entry:
    where = f"evaluators.{number}"
    kind, given = _unpacked(raw, where)
    judge = given.pop("judge", None)
    name, when = given.pop("id", kind), given.pop("when", None)
    if not isinstance(name, str) or not name:
        raise SuiteError(f"{where}: `id` must be a name")
    try:
        described = registry.describe(kind)
        if kind == "json_schema" and isinstance(given.get("schema"), str):
            given["schema"] = _schema(directory / given["schema"])
        built = _trial_build(kind, given, name)
        judge = _judge(judge, suite, needs_one=described.needs_model)
        _check_needs(described, suite)
    except EvaluatorError as error:
        raise SuiteError(f"{where}: {error}") from error
    entry = Entry(
        name=name, kind=kind, parameters=given, judge=judge, tag=_tag(when, where), scale=built.scale
    )
    return entry if judge is None else _trusted(entry, built, suite, directory)


_DECIDING = {"model", "temperature", "max_tokens", "parameters", "local", "dtype", "engine", "panel"}
"""What of a judge's settings decides its scores."""


def _trusted(entry: Entry, built: Configured, suite: Suite, directory: Path) -> Entry:
    """Look up what calibration found out about this very judge."""
    assert entry.judge is not None
    judge = suite.judges[entry.judge]
    members = [suite.judges[name] for name in judge.panel] if isinstance(judge, JudgePanel) else []
    model = judge.model_dump(mode="json", include=_DECIDING)
    if members:
        model["members"] = [member.model_dump(mode="json", include=_DECIDING) for member in members]
    texts = (*built.texts(), json.dumps(model, sort_keys=True))
    build = version_of(entry.kind, type(built).revision, entry.parameters, texts)
    folder = directory / CALIBRATION
    trust, reason = trust_of(read_card(folder / f"{entry.name}.json"), build)
    known = read_canaries(folder / f"{entry.name}.canaries.jsonl", entry.scale.bounds or (0.0, 1.0))
    return replace(entry, build=build, trust=trust, trust_reason=reason, canaries=tuple(known))


def _unpacked(raw: str | Mapping[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    if isinstance(raw, str):
        return raw, {}
    if len(raw) != 1:
        raise SuiteError(
            f"{where}: expected one evaluator, found {len(raw)} keys; parameters belong below its name"
        )
    kind, value = next(iter(raw.items()))
    if isinstance(value, Mapping):
        return kind, dict(value)
    if value is None:
        return kind, {}
    if kind not in _FIRST_PARAMETER:
        registry.describe(kind)
        raise SuiteError(f"{where}: {kind} takes no bare value; name its parameters")
    return kind, {_FIRST_PARAMETER[kind]: value}


def _trial_build(kind: str, given: Mapping[str, Any], name: str) -> Configured:
    """Build once to find mistakes; a parameter with a lookup is known only when its case is."""
    known = {key: value for key, value in given.items() if not has_lookup(value)}
    looked_up = [key for key in given if key not in known]
    described = {parameter.name: parameter for parameter in registry.describe(kind).parameters}
    for key in looked_up:
        if key not in described:
            registry.build(kind, {key: None}, _never, **_NOTHING)
        elif described[key].is_required:
            # A text that is a pattern, a question and a plan alike.
            known[key] = "x"
    return registry.build(kind, known, _never, name=name, **_NOTHING)


async def _never(
    messages: Sequence[ChatMessage], /, *, options: Sequence[str] = (), answers: int = 1
) -> Completion:
    raise CompletionError("a suite that is only being checked asks no model")


_NOTHING: Mapping[str, Any] = {"entail": _never, "embed": _never, "detect": _never, "sandbox": _never}
"""In the place of what a suite that is only being checked does not need."""


def _schema(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise SuiteError(f"{path.name}: not JSON") from error


def _check_needs(kind: registry.Kind, suite: Suite) -> None:
    if "embed" in kind.needs and suite.embeddings is None:
        raise SuiteError(f"{kind.name} compares meanings; add `embeddings: {{model: …}}` to the suite")
    if "entail" in kind.needs and suite.classifier is None:
        raise SuiteError(
            f"{kind.name} asks a classifier of pairs; add `classifier: {{local: …}}` to the suite"
        )
    if "sandbox" in kind.needs and suite.sandbox is None:
        raise SuiteError(
            f"{kind.name} runs what models wrote; add `sandbox: {{}}` to the suite if that is meant"
        )


def _judge(name: Any, suite: Suite, *, needs_one: bool) -> str | None:
    if not needs_one:
        if name is not None:
            raise SuiteError("`judge` is for evaluators that ask a model")
        return None
    if not suite.judges:
        raise SuiteError("asks a model, but the suite names none; add `judges: {main: {model: …}}`")
    if name is None and len(suite.judges) > 1:
        raise SuiteError(f"`judge` must say which of {', '.join(suite.judges)}")
    chosen = str(name) if name is not None else next(iter(suite.judges))
    if chosen not in suite.judges:
        raise SuiteError(f"unknown judge {chosen!r}{registry.did_you_mean(chosen, suite.judges)}")
    return chosen


def _tag(when: Any, where: str) -> str | None:
    if when is None:
        return None
    if not isinstance(when, str) or not when.startswith("tags.") or when == "tags.":
        raise SuiteError(f"{where}: `when` must look like `tags.order`, not {when!r}")
    return when.removeprefix("tags.")
