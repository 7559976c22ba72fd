"""Promptfoo's assertions as our evaluators: the value goes into the case, the evaluator looks it up."""

import json
import re
from collections.abc import Mapping
from typing import Any

from evaluators.importers.imported import Notes

_VARIABLE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}")

_KINDS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "equals": ("exact", "expected", {}),
    "contains": ("contains", "value", {}),
    "icontains": ("contains", "value", {"ignore_case": True}),
    "not-contains": ("contains", "value", {"mode": "none"}),
    "not-icontains": ("contains", "value", {"mode": "none", "ignore_case": True}),
    "contains-all": ("contains", "values", {"mode": "all"}),
    "icontains-all": ("contains", "values", {"mode": "all", "ignore_case": True}),
    "contains-any": ("contains", "values", {"mode": "any"}),
    "icontains-any": ("contains", "values", {"mode": "any", "ignore_case": True}),
    "starts-with": ("starts_with", "value", {}),
    "regex": ("regex", "pattern", {}),
    "not-regex": ("regex", "pattern", {"negate": True}),
    "levenshtein": ("levenshtein", "expected", {}),
    "rouge-n": ("rouge", "expected", {"variant": "rouge1"}),
    "bleu": ("bleu", "expected", {}),
    "is-json": ("json_schema", "schema", {}),
    "latency": ("latency", "at_most", {}),
    "cost": ("cost", "at_most", {}),
    "is-refusal": ("refusal", "", {}),
    "llm-rubric": ("rubric", "question", {}),
    "g-eval": ("rubric", "question", {}),
}
"""Assertion by our kind, the parameter that takes its value, and further parameters."""

_NUMERIC = frozenset({"latency", "cost"})
_SCORED = frozenset({"levenshtein", "rouge-n", "bleu"})


class Assertions:
    """Collects assertions and returns the evaluators they come to."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._found: dict[str, dict[str, Any]] = {}
        self.needs_judge = False

    def add_for_all(self, given: Mapping[str, Any]) -> None:
        """Take an assertion of `defaultTest`: its value stands in the evaluator."""
        kind = self._kind(given)
        if kind is not None:
            name, parameter, further = kind
            value = _lookups(self._value(given))
            self._put(str(given["type"]).replace("-", "_"), name, parameter, value, further, tag=None)

    def add_for_case(self, given: Mapping[str, Any], expected: dict[str, Any]) -> list[str]:
        """Take an assertion of one test: its value goes into the case; return the tag that brings it there."""
        kind = self._kind(given)
        if kind is None:
            return []
        name, parameter, further = kind
        label = str(given["type"]).replace("-", "_")
        number = 1
        while (key := label if number == 1 else f"{label}_{number}") in expected:
            number += 1
        expected[key] = _plain(self._value(given), self._notes)
        self._put(key, name, parameter, f"{{{{ expected.{key} }}}}", further, tag=key)
        return [key]

    def evaluators(self) -> list[Any]:
        """Return the evaluators in the order in which they were first met."""
        return list(self._found.values())

    def _kind(self, given: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]] | None:
        type_ = str(given.get("type"))
        kind = _KINDS.get(type_)
        if kind is None:
            self._notes.add(f"assertion {type_!r} was left out")
            return None
        if type_ == "is-json" and given.get("value") is None:
            kind = ("json_schema", "", {})
        if type_ in _SCORED and given.get("threshold") is not None:
            self._notes.add(f"the threshold of {type_!r} was left out; use `floor` in the gate")
        for key in ("weight", "metric", "provider", "transform", "rubricPrompt"):
            if given.get(key) is not None:
                self._notes.add(f"{key!r} of assertions was left out")
        if kind[0] == "rubric":
            self.needs_judge = True
            self._notes.add(
                f"{type_!r} became a yes-or-no question; read its wording, and calibrate the judge or set `trust: assume`"
            )
        return kind

    def _value(self, given: Mapping[str, Any]) -> Any:
        value = given.get("value")
        if given["type"] in _NUMERIC:
            return given.get("threshold", value)
        if isinstance(value, str) and value.startswith("file://"):
            self._notes.add("`file://` in assertions stays a text")
        if given["type"] in ("contains-all", "contains-any", "icontains-all", "icontains-any"):
            return value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
        if given["type"] in ("llm-rubric", "g-eval"):
            return f"Does the answer meet this demand? {value}"
        if given["type"] == "is-json" and isinstance(value, str):
            return json.loads(value)
        if given["type"] not in ("is-json", "equals") and value is not None and not isinstance(value, str):
            return str(value)
        return value

    def _put(
        self,
        label: str,
        name: str,
        parameter: str,
        value: Any,
        further: Mapping[str, Any],
        *,
        tag: str | None,
    ) -> None:
        parameters: dict[str, Any] = {"id": label}
        if parameter:
            parameters[parameter] = value
        if tag is not None:
            parameters["when"] = f"tags.{tag}"
        key = label
        if tag is None:
            while key in self._found:
                key += "_also"
            parameters["id"] = key
        self._found.setdefault(key, {name: parameters | dict(further)})


def _lookups(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: "{{ inputs." + match[1] + " }}", value)
    return [_lookups(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any, notes: Notes) -> Any:
    """Say when a value of a single test would have to be looked up: what is put into a case is not looked into again."""
    if isinstance(value, str) and _VARIABLE.search(value):
        notes.add("variables inside a test's own assertion stay as they are; write them out")
    return value
