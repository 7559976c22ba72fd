"""What a guard may be told, in a form that a page can draw and a policy can be checked against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from guardrails import hints
from guardrails.policy import PolicyError

ParameterType = Literal["text", "number", "boolean", "choice", "choices", "texts", "patterns", "json"]
"""`choices` is a list of names out of `choices`, `texts` a list of free texts, `patterns` a list of objects, `json` an object."""

T = TypeVar("T")
_PYTHON: Mapping[ParameterType, tuple[type, ...]] = {
    "text": (str,),
    "choice": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "choices": (list, tuple),
    "texts": (list, tuple),
    "patterns": (list, tuple),
    "json": (Mapping,),
}
_IN_WORDS: Mapping[ParameterType, str] = {
    "text": "a text",
    "choice": "a text",
    "number": "a number",
    "boolean": "true or false",
    "choices": "a list of names",
    "texts": "a list of texts",
    "patterns": "a list of objects",
    "json": "an object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that a kind of guard can be told."""

    name: str
    type: ParameterType
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of many choices, those that belong together, under a name; the others come first."""


def read(declared: Sequence[Parameter], given: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
    """Return a value for every declared parameter. Raises PolicyError for unknown names and wrong types."""
    known = {parameter.name: parameter for parameter in declared}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise PolicyError(
            f"a {kind} guard has no parameter {unknown[0]!r}; {hints.known(unknown[0], sorted(known))}"
        )
    return {name: _value(parameter, given, kind) for name, parameter in known.items()}


def choices(names: Sequence[str], known: Mapping[str, T], *, parameter: str, kind: str) -> list[T]:
    """Return what the names stand for. Raises PolicyError for one that is not known."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise PolicyError(
            f"{kind} guard, {parameter!r}: unknown {unknown[0]!r}; {hints.known(unknown[0], sorted(known))}"
        )
    return [known[name] for name in dict.fromkeys(names)]


def _value(parameter: Parameter, given: Mapping[str, Any], kind: str) -> Any:
    value: Any = given.get(parameter.name, parameter.default)
    where = f"{kind} guard, {parameter.name!r}"
    is_wrong_number = parameter.type == "number" and isinstance(value, bool)
    has_type = isinstance(value, _PYTHON[parameter.type])
    if not has_type or is_wrong_number:
        raise PolicyError(
            f"{where} must be {_IN_WORDS[parameter.type]}, not {type(value).__name__}: write it as such"
        )
    if parameter.type in ("choices", "texts") and not all(isinstance(item, str) and item for item in value):
        raise PolicyError(f"{where} must hold only texts that are not empty")
    if parameter.type == "patterns" and not all(isinstance(item, Mapping) for item in value):
        raise PolicyError(f"{where} must hold only objects with a name and a regex")
    if parameter.type == "choice" and value not in parameter.choices:
        raise PolicyError(f"{where}: unknown {value!r}; {hints.known(value, sorted(parameter.choices))}")
    if parameter.type == "number":
        low, high = parameter.least, parameter.most
        if (low is not None and value < low) or (high is not None and value > high):
            raise PolicyError(f"{where} must lie between {low} and {high}, not be {value}")
    return tuple(value) if isinstance(value, list) else value
