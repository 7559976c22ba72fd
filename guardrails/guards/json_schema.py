"""Finds answers and arguments of tools that are not JSON of the promised form."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import orjson
import re2
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable

from guardrails.local import NOTHING_SAID, Conversation
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError
from guardrails.verdict import Finding

PARAMETERS = (
    Parameter(
        name="schema",
        type="json",
        default={},
        help="A JSON schema (draft 2020-12). With none, any JSON will do. References lead inside the schema only.",
    ),
    Parameter(
        name="fenced",
        type="boolean",
        default=True,
        help="Also take JSON between ```json and ```, with nothing but space around it.",
    ),
)
_FENCE = re.compile(r"\s*```(?:json|JSON)?[ \t]*\n(.*?)\n?```\s*\Z", re.DOTALL)


def build(parameters: Mapping[str, Any]) -> "JsonSchemaGuard":
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="json_schema")
    schema = dict(values["schema"])
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "its top"
        raise PolicyError(
            f"json_schema guard: 'schema' is no JSON schema at {where}; see json-schema.org"
        ) from error
    _refuse_what_cannot_be_checked(schema)
    return JsonSchemaGuard(schema, fenced=values["fenced"])


class JsonSchemaGuard:
    """A schema that whole texts must fit."""

    reads_raw = True
    reads_text_alone = True

    def __init__(self, schema: Mapping[str, Any], *, fenced: bool) -> None:
        self.fenced = fenced
        self._validator = _Validator(schema) if schema else None

    def judge(self, text: str, conversation: Conversation = NOTHING_SAID) -> Sequence[Finding]:
        """Return the whole text if it is no JSON, or not of the form that the schema promises."""
        if not text.strip():
            return ()
        fence = _FENCE.match(text) if self.fenced else None
        try:
            value = orjson.loads(fence.group(1) if fence else text)
        except ValueError:
            return [Finding(entity="NOT_JSON", start=0, end=len(text))]
        if self._validator is None or self._fits(value):
            return ()
        return [Finding(entity="SCHEMA_MISMATCH", start=0, end=len(text))]

    def _fits(self, value: Any) -> bool:
        assert self._validator is not None
        try:
            return bool(self._validator.is_valid(value))
        except (RecursionError, Unresolvable):
            # Nested deeper than can be followed: whatever it is, nobody promised it.
            return False


def _matches(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and re2.search(pattern, value) is None:
        yield ValidationError("does not match")


def _matching_properties(
    validator: Any, schemas: Mapping[str, Any], value: Any, _: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for pattern, schema in schemas.items():
            for name, item in value.items():
                if re2.search(pattern, name) is not None:
                    yield from validator.descend(item, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, rule: Any, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name, item in value.items():
        if name not in schema.get("properties", {}) and not any(
            re2.search(pattern, name) is not None for pattern in patterns
        ):
            yield from validator.descend(item, rule, path=name)


_Validator = extend(
    Draft202012Validator,
    {
        "pattern": _matches,
        "patternProperties": _matching_properties,
        "additionalProperties": _additional_properties,
    },
)
"""Python's own expressions can be made to run for ever; RE2's cannot."""


def _refuse_what_cannot_be_checked(schema: Mapping[str, Any]) -> None:
    stack: list[Any] = [schema]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack += here
        if not isinstance(here, Mapping):
            continue
        stack += here.values()
        reference = here.get("$ref", "#")
        if "$dynamicRef" in here or (isinstance(reference, str) and not _leads_somewhere(schema, reference)):
            raise PolicyError(
                "json_schema guard: a reference leads outside the schema or nowhere; write #/$defs/… and put it there"
            )
        if "unevaluatedProperties" in here and "patternProperties" in here:
            raise PolicyError(
                "json_schema guard: unevaluatedProperties beside patternProperties is not supported; "
                "use additionalProperties"
            )
        of_properties = here.get("patternProperties", {})
        patterns = list(of_properties) if isinstance(of_properties, Mapping) else []
        for pattern in [*patterns, here.get("pattern", "")]:
            if isinstance(pattern, str):
                _refuse_unreadable(pattern)


def _leads_somewhere(schema: Any, reference: str) -> bool:
    if not reference.startswith("#"):
        return False
    here = schema
    for step in unquote(reference[1:]).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and key.isdecimal() and int(key) < len(here):
            here = here[int(key)]
        elif isinstance(here, Mapping) and key in here:
            here = here[key]
        else:
            return False
    return reference == "#" or reference.startswith("#/")


def _refuse_unreadable(pattern: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise PolicyError(
            f"json_schema guard: {pattern[:60]!r} is not a regular expression of RE2: {error}"
        ) from error
