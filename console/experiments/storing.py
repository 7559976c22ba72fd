"""What came from models and judges as every database can keep it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluators.score import NotApplicable, Outcome, Score, Unscored
from evaluators.trials import StoredAnswer

_STATES: Mapping[str, type[Score | Unscored | NotApplicable]] = {
    "scored": Score,
    "unscored": Unscored,
    "not_applicable": NotApplicable,
}
_NAMES = {kind: name for name, kind in _STATES.items()}


def stored_answer(answer: StoredAnswer) -> dict[str, Any]:
    """Return an answer as plain values."""
    values: dict[str, Any] = storable(asdict(answer) | {"attributes": {}})
    return values


def answer_of(stored: Mapping[str, Any]) -> StoredAnswer:
    """Return the answer that plain values stand for."""
    lists = {name: tuple(stored.get(name, ())) for name in ("context", "tool_calls")}
    return StoredAnswer(**{**stored, **lists})


def stored_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain values."""
    values: dict[str, Any] = storable({"state": _NAMES[type(outcome)]} | asdict(outcome))
    return values


def outcome_of(stored: Mapping[str, Any]) -> Outcome:
    """Return the outcome that plain values stand for."""
    values = dict(stored)
    return _STATES[values.pop("state")](**values)


def storable(value: Any) -> Any:
    """Return a value without what PostgreSQL refuses: NUL, halves of surrogate pairs, numbers that are none."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if _is_odd(value) else value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(storable(str(name))): storable(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [storable(part) for part in value]
    return value if value is None or isinstance(value, (bool, int)) else storable(str(value))


def _is_odd(text: str) -> bool:
    if "\0" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
