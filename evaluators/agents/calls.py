"""Tool calls, whoever wrote them down: a name and its arguments."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluators.sample import Sample

Arguments = Literal["exact", "expected_subset", "ignore"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Arguments that are no JSON object are None: they equal nothing."""

    name: str
    arguments: Mapping[str, Any] | None

    def fits(self, expected: "Call", how: Arguments) -> bool:
        """Say whether this call is the expected one."""
        if self.name != expected.name or how == "ignore":
            return self.name == expected.name
        if self.arguments is None or expected.arguments is None:
            return False
        if how == "exact":
            return same(self.arguments, expected.arguments)
        mine = self.arguments
        return all(key in mine and same(mine[key], value) for key, value in expected.arguments.items())

    def key(self) -> str:
        """Return a text that is equal for equal calls."""
        return json.dumps([self.name, self.arguments], sort_keys=True, default=repr)


def same(first: Any, second: Any) -> bool:
    """Compare two JSON values: 1 equals 1.0 and does not equal true; the order of keys does not matter."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    return bool(first == second)


def calls_of(values: Iterable[Any]) -> list[Call] | None:
    """Read calls in the shapes of OpenAI and Anthropic, or plain names; None when one is neither."""
    calls = [_call(value) for value in values]
    known = [call for call in calls if call is not None]
    return known if len(known) == len(calls) else None


def called(sample: Sample) -> list[Call]:
    """Return every call of a sample's conversation, in order, those of the answer last.

    Entries that are no calls are passed over; they are the model's, and match nothing.
    """
    earlier = [call for message in sample.messages for call in _of_message(message)]
    return [call for call in map(_call, [*earlier, *sample.tool_calls]) if call is not None]


def expected_calls(expected: Any) -> list[Call] | None:
    """Read what should have been called: a list, or a mapping with `tool_calls`."""
    if isinstance(expected, Mapping):
        expected = expected.get("tool_calls")
    if not isinstance(expected, Sequence) or isinstance(expected, str):
        return None
    return calls_of(expected)


def _of_message(message: Mapping[str, Any]) -> list[Any]:
    calls = message.get("tool_calls")
    if message.get("role") != "assistant":
        return []
    content = message.get("content")
    blocks = [
        block
        for block in (content if isinstance(content, (list, tuple)) else ())
        if isinstance(block, Mapping) and block.get("type") == "tool_use"
    ]
    return [*(calls if isinstance(calls, (list, tuple)) else ()), *blocks]


def _call(value: Any) -> Call | None:
    if isinstance(value, str):
        return Call(value, {})
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function")
    if isinstance(inner, Mapping):
        value = inner
    name = value.get("name", value.get("tool"))
    if not isinstance(name, str):
        return None
    given: Any = next(
        (value[key] for key in ("arguments", "args", "input", "parameters") if key in value), {}
    )
    return Call(name, _arguments(given))


def _arguments(given: Any) -> Mapping[str, Any] | None:
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except (ValueError, RecursionError):
            return None
    if given is None:
        return {}
    return given if isinstance(given, Mapping) else None
