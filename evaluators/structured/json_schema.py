"""Is the answer JSON of the agreed shape?"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import jsonschema
import referencing
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable

from evaluators.errors import ParameterError
from evaluators.evaluator import Configured, parameter
from evaluators.sample import Sample
from evaluators.score import Outcome, Score
from evaluators.text.regex import compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema(Configured):
    """The answer is JSON and fits a JSON Schema (2020-12): 1 or 0."""

    kind: ClassVar[str] = "json_schema"

    schema: Mapping[str, Any] = parameter("The schema; an empty one accepts any JSON.", default=dict)
    allow_fence: bool = parameter("Accept JSON wrapped in a Markdown code fence.", default=False)

    def check(self) -> None:
        """Refuse what is not a schema, and patterns that RE2 cannot run."""
        try:
            jsonschema.Draft202012Validator.check_schema(self.schema, format_checker=None)
        except jsonschema.SchemaError as error:
            where = "/".join(str(part) for part in error.absolute_path) or "its top"
            raise ParameterError(f"json_schema: the schema is wrong at {where}: {error.message}") from error
        for pattern in _patterns(self.schema):
            compiled(pattern)
        # The library would run these two together through a backtracking engine.
        text = json.dumps(self.schema)
        if '"unevaluatedProperties"' in text and '"patternProperties"' in text:
            raise ParameterError(
                "json_schema: unevaluatedProperties beside patternProperties is not supported"
            )

    async def score(self, sample: Sample) -> Outcome:
        """Parse the answer and check it against the schema."""
        try:
            value = json.loads(self._body(sample.output), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return Score(value=0.0, label="not_json", reason="the answer is not JSON")
        try:
            problems = [_place(error) for error in _validator(json.dumps(self.schema)).iter_errors(value)]
        except Unresolvable as error:
            raise ParameterError("json_schema: a $ref leads to nothing inside the schema") from error
        if problems:
            shown = ", ".join(sorted(set(problems))[:5])
            return Score(
                value=0.0,
                label="invalid",
                reason=f"does not fit the schema: {shown}",
                details={"problems": len(problems)},
            )
        return Score(value=1.0, label="valid", reason="fits the schema")

    def _body(self, output: str) -> str:
        text = output.strip()
        if self.allow_fence and text.startswith("```") and text.endswith("```") and "\n" in text:
            return text[text.index("\n") : -3]
        return text


def _place(error: jsonschema.ValidationError) -> str:
    """Name the rule and where it broke; the value itself is part of the answer and stays out."""
    path = "/".join(str(part) for part in error.absolute_path)
    return f"{error.validator} at /{path}"


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _patterns(schema: Any) -> Iterator[str]:
    """Yield every regular expression of a schema."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        if isinstance(schema.get("patternProperties"), Mapping):
            yield from schema["patternProperties"]
        for part in schema.values():
            yield from _patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _patterns(part)


@functools.lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """Return a validator that fetches nothing and matches patterns in linear time."""
    registry: referencing.Registry[Any] = referencing.Registry()
    validator_class = extend(
        jsonschema.Draft202012Validator,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
        },
    )
    return validator_class(json.loads(schema), registry=registry)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(value, str) and compiled(pattern).search(value) is None:
        yield jsonschema.ValidationError("does not match the pattern")


def _pattern_properties(
    validator: Any, rules: Any, value: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(value, dict):
        for pattern, rule in rules.items():
            for key in value:
                if compiled(pattern).search(key) is not None:
                    yield from validator.descend(value[key], rule, path=key, schema_path=pattern)


def _additional_properties(
    validator: Any, rule: Any, value: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(value, dict):
        return
    patterns = [compiled(pattern) for pattern in schema.get("patternProperties", {})]
    extra = [
        key
        for key in value
        if key not in schema.get("properties", {}) and not any(pattern.search(key) for pattern in patterns)
    ]
    if rule is False and extra:
        yield jsonschema.ValidationError("has properties that are not allowed")
    elif isinstance(rule, Mapping):
        for key in extra:
            yield from validator.descend(value[key], rule, path=key)


def misfits(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return where a value does not fit a schema that `JsonSchema` accepts, rule and place; nothing when it fits."""
    return sorted({_place(error) for error in _validator(json.dumps(schema)).iter_errors(value)})
