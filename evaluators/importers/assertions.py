"""Promptfoo's assertions as our evaluators: the value goes into the case, the evaluator looks it up."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluators import registry
from evaluators.errors import ParameterError
from evaluators.importers.imported import Notes

_VARIABLE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}")
_DEMAND = "Does the answer meet this demand? {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Our evaluator for an assertion."""

    name: str
    parameter: str = ""
    """The parameter that takes the assertion's value."""
    further: Mapping[str, Any] = field(default_factory=dict)
    question: str = ""
    """What a judge is asked, with the value in it."""
    note: str = ""
    needs: str = ""
    """What the suite must name: a judge, or embeddings."""


def _asked(question: str) -> _Kind:
    note = "became a yes-or-no question; read its wording, and calibrate the judge or set `trust: assume`"
    return _Kind(name="rubric", parameter="question", question=question, note=note, needs="judge")


_ANY_CASE = {"ignore_case": True}
KINDS: Mapping[str, _Kind] = {
    "equals": _Kind(name="exact", parameter="expected"),
    "contains": _Kind(name="contains", parameter="value"),
    "icontains": _Kind(name="contains", parameter="value", further=_ANY_CASE),
    "not-contains": _Kind(name="contains", parameter="value", further={"mode": "none"}),
    "not-icontains": _Kind(name="contains", parameter="value", further={"mode": "none"} | _ANY_CASE),
    "contains-all": _Kind(name="contains", parameter="values", further={"mode": "all"}),
    "icontains-all": _Kind(name="contains", parameter="values", further={"mode": "all"} | _ANY_CASE),
    "contains-any": _Kind(name="contains", parameter="values", further={"mode": "any"}),
    "icontains-any": _Kind(name="contains", parameter="values", further={"mode": "any"} | _ANY_CASE),
    "not-contains-any": _Kind(name="contains", parameter="values", further={"mode": "none"}),
    "not-icontains-any": _Kind(name="contains", parameter="values", further={"mode": "none"} | _ANY_CASE),
    "starts-with": _Kind(name="starts_with", parameter="value", further={"strip": False}),
    "regex": _Kind(name="regex", parameter="pattern"),
    "not-regex": _Kind(name="regex", parameter="pattern", further={"negate": True}),
    "levenshtein": _Kind(
        name="levenshtein",
        parameter="expected",
        note="counts edits; `levenshtein` gives the share of letters that stay",
    ),
    "rouge-n": _Kind(name="rouge", parameter="expected", further={"variant": "rouge1"}),
    "bleu": _Kind(name="bleu", parameter="expected"),
    "similar": _Kind(name="embedding_similarity", parameter="expected", needs="embeddings"),
    "similar:cosine": _Kind(name="embedding_similarity", parameter="expected", needs="embeddings"),
    "is-json": _Kind(name="json_schema", parameter="schema"),
    "contains-json": _Kind(
        name="json_schema",
        parameter="schema",
        further={"allow_fence": True},
        note="finds JSON anywhere; `json_schema` reads the whole answer, with or without a fence",
    ),
    "latency": _Kind(name="latency", parameter="at_most"),
    "cost": _Kind(name="cost", parameter="at_most"),
    "word-count": _Kind(name="length", further={"unit": "words"}),
    "not-is-refusal": _Kind(name="refusal"),
    "llm-rubric": _asked(_DEMAND),
    "g-eval": _asked(_DEMAND),
    "model-graded-closedqa": _asked(_DEMAND),
    "factuality": _asked("Do the facts in the answer agree with these? {}"),
    "model-graded-factuality": _asked("Do the facts in the answer agree with these? {}"),
    "answer-relevance": _Kind(name="answer_relevance", needs="judge"),
    "context-faithfulness": _Kind(name="faithfulness", needs="judge"),
}
"""Assertions that have an evaluator alike."""

_CODE = "is code: write an evaluator in Python, or a `python` target"
_FORM = "has no evaluator; a `regex`, `json_schema` or `sql_result` may say as much"
_SERVICE = "asks a service or a model of its own; `toxicity` and `pii` ask the installed detectors"
_CALLS = "needs the calls the agent made: use `tool_calls` or `trajectory` with a `python` target"
_SPANS = "reads traces; evaluate recorded traces in the console"
_ODDS = "needs the probabilities of the answer's tokens, which are not kept"
_PAIR = "compares the outputs of one test; here arms are compared case by case, see `pairwise`"
_WORDS = "has no evaluator; `chrf`, `bleu` and `rouge` are its kin"
REASONS: Mapping[str, str] = {
    **dict.fromkeys(("javascript", "python", "ruby", "webhook"), _CODE),
    **dict.fromkeys(("is-html", "contains-html", "is-xml", "contains-xml", "is-sql", "contains-sql"), _FORM),
    **dict.fromkeys(("classifier", "moderation", "guardrails", "pi"), _SERVICE),
    **dict.fromkeys(
        (
            "tool-call-f1", "trajectory:goal-success", "trajectory:tool-args-match", "trajectory:step-count",
            "trajectory:tool-sequence", "trajectory:tool-used", "skill-used", "is-valid-function-call",
            "is-valid-openai-function-call", "is-valid-openai-tools-call",
        ),
        _CALLS,
    ),
    **dict.fromkeys(("trace-error-spans", "trace-span-count", "trace-span-duration"), _SPANS),
    **dict.fromkeys(("perplexity", "perplexity-score"), _ODDS),
    **dict.fromkeys(("select-best", "max-score"), _PAIR),
    **dict.fromkeys(("gleu", "meteor"), _WORDS),
    **dict.fromkeys(("similar:dot", "similar:euclidean"), "has no evaluator; `embedding_similarity` is the cosine"),
    **dict.fromkeys(("agent-rubric", "search-rubric"), "sends an agent to look; `rubric` asks one question about what is there"),
    "is-refusal": "wants a refusal, which `refusal` counts as worse; list the words to find with `contains` instead",
    "context-recall": "becomes `context_recall` by hand: the expected answer must be the case's `expected`",
    "context-relevance": "has no evaluator; `context_precision` asks nearly this of each document",
    "conversation-relevance": "becomes `conversation` by hand, with a target that returns `messages`",
    "finish-reason": "has no evaluator; a `python` target can return its `finish_reason`",
    "human": "is a person's word; label answers, and compare a judge with them by `parapet eval calibrate`",
}  # fmt: skip
"""Why the others are left behind, and what to do."""

_LISTS = frozenset(name for name, kind in KINDS.items() if kind.parameter == "values")
_SCORED = frozenset({"levenshtein", "rouge-n", "bleu", "similar", "similar:cosine", "answer-relevance", "context-faithfulness"})  # fmt: skip
_LOST_KEYS = ("weight", "metric", "provider", "transform", "rubricPrompt", "contextTransform", "config")


class Assertions:
    """Collects assertions and returns the evaluators they come to."""

    def __init__(self, notes: Notes, templates: Mapping[str, Any] | None = None) -> None:
        self._notes = notes
        self._templates = templates or {}
        self._found: dict[str, dict[str, Any]] = {}
        self._shared: set[str] = set()
        self._own: dict[str, dict[str, str]] = {}
        self.needs: set[str] = set()
        """What the suite must name: `judge`, `embeddings`."""

    def add_for_all(self, given: Mapping[str, Any]) -> None:
        """Take an assertion of `defaultTest`: its value stands in the evaluator."""
        for one in self._flat(given):
            kind = self._kind(one)
            if kind is not None:
                value = _lookups(self._value(one, kind))
                self._put(_label(one), kind, self._parameters(one, kind, value), tag=None)

    def add_for_case(self, given: Mapping[str, Any], expected: dict[str, Any]) -> list[str]:
        """Take an assertion of one test: its value goes into the case; return the tags that bring it there."""
        tags = []
        for one in self._flat(given):
            kind = self._kind(one)
            if kind is None:
                continue
            if one["type"] == "word-count" or kind.parameter == "schema":
                tags.append(self._of_its_own(one, kind))
                continue
            number, label = 1, _label(one)
            # What all tests share has the name already.
            while (key := label if number == 1 else f"{label}_{number}") in expected or key in self._shared:
                number += 1
            expected[key] = _plain(self._value(one, kind), self._notes) if kind.parameter else True
            self._put(key, kind, self._parameters(one, kind, f"{{{{ expected.{key} }}}}"), tag=key)
            tags.append(key)
        return tags

    def evaluators(self) -> list[Any]:
        """Return the evaluators in the order in which they were first met."""
        return list(self._found.values())

    def _flat(self, given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Follow references to templates, open sets of assertions and lists of criteria."""
        if isinstance(given, str) or "$ref" in given:
            name = str(given if isinstance(given, str) else given["$ref"]).rpartition("/")[2]
            if name not in self._templates:
                self._notes.add(f"the reference to assertion {name!r} leads nowhere and was left out")
                return
            given = self._templates[name]
        if given.get("type") == "assert-set":
            self._notes.add("'assert-set' was opened: each of its assertions counts for itself")
            for one in given.get("assert") or ():
                yield from self._flat(one)
        elif given.get("type") == "g-eval" and isinstance(given.get("value"), list):
            yield from (dict(given) | {"value": value} for value in given["value"])
        else:
            yield given

    def _kind(self, given: Mapping[str, Any]) -> _Kind | None:
        type_ = str(given.get("type"))
        kind = KINDS.get(type_)
        if kind is None:
            reason = REASONS.get(type_) or (
                "has no opposite here" if type_.startswith("not-") else "is not known here"
            )
            self._notes.add(f"assertion {type_!r} was left out: it {reason}")
            return None
        if type_ in ("is-json", "contains-json") and given.get("value") is None:
            kind = _Kind(name="json_schema", further=kind.further, note=kind.note)
        if isinstance(given.get("value"), str) and given["value"].startswith("file://"):
            self._notes.add(f"assertion {type_!r} was left out: its value is in a file of its own")
            return None
        if kind.name == "regex" and not _is_pattern(str(given.get("value"))):
            self._notes.add(
                f"assertion {type_!r} was left out: its pattern is not RE2's (no lookaround, no backreference)"
            )
            return None
        if type_ in _SCORED and given.get("threshold") is not None:
            self._notes.add(f"the threshold of {type_!r} was left out; use `floor` in the gate")
        for key in _LOST_KEYS:
            if given.get(key) is not None:
                self._notes.add(f"{key!r} of assertions was left out")
        if kind.note:
            self._notes.add(f"{type_!r} {kind.note}")
        self.needs |= {kind.needs} - {""}
        return kind

    def _value(self, given: Mapping[str, Any], kind: _Kind) -> Any:
        type_, value = given["type"], given.get("value")
        if type_ in ("latency", "cost"):
            return given.get("threshold", value)
        if type_ in _LISTS:
            return value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
        if kind.question:
            return kind.question.format(value)
        if kind.parameter == "schema" and isinstance(value, str):
            return json.loads(value)
        if kind.parameter and type_ not in ("is-json", "contains-json", "equals") and value is not None:
            return value if isinstance(value, str) else str(value)
        return value

    def _parameters(self, given: Mapping[str, Any], kind: _Kind, value: Any) -> dict[str, Any]:
        if given["type"] == "word-count":
            return dict(kind.further) | _word_limits(given.get("value"))
        return ({kind.parameter: value} if kind.parameter else {}) | dict(kind.further)

    def _of_its_own(self, given: Mapping[str, Any], kind: _Kind) -> str:
        """Give every schema and every pair of limits an evaluator of its own: they cannot be looked up in a case."""
        parameters = self._parameters(given, kind, self._value(given, kind))
        wanted = json.dumps([given["type"], parameters], sort_keys=True)
        known = self._own.setdefault(_label(given), {})
        key = known.setdefault(wanted, f"{_label(given)}_of_tests_{len(known) + 1}")
        self._put(key, kind, parameters, tag=key)
        return key

    def _put(self, label: str, kind: _Kind, parameters: dict[str, Any], *, tag: str | None) -> None:
        parameters = {"id": label} | parameters | ({"when": f"tags.{tag}"} if tag is not None else {})
        key = label
        if tag is None:
            while key in self._found:
                key += "_also"
            parameters["id"] = key
            self._shared.add(key)
        self._found.setdefault(key, {kind.name: parameters})


def _is_pattern(text: str) -> bool:
    try:
        registry.build("regex", {"pattern": text})
    except ParameterError:
        return False
    return True


def _label(given: Mapping[str, Any]) -> str:
    return re.sub(r"\W", "_", str(given["type"]))


def _word_limits(value: Any) -> dict[str, int]:
    if isinstance(value, Mapping):
        names = {"min": "at_least", "max": "at_most"}
        return {ours: int(value[theirs]) for theirs, ours in names.items() if theirs in value}
    return {"at_least": int(value), "at_most": int(value)}


def _lookups(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: "{{ inputs." + match[1] + " }}", value)
    return [_lookups(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any, notes: Notes) -> Any:
    """Say when a value of a single test would have to be looked up: what is put into a case is not looked into again."""
    if isinstance(value, str) and _VARIABLE.search(value):
        notes.add("variables inside a test's own assertion stay as they are; write them out")
    return value
