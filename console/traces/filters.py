"""Which traces a page shows: read from the address, checked, and written back as chips."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict

from console.ranges import FilterError, TimeRange, parse_range

Scope = Literal["traces", "calls"]
STATUSES = ("ok", "error", "blocked", "aborted")
GUARD_ACTIONS = ("allow", "flag", "mask", "escalate", "block")
KINDS = (
    "llm", "embedding", "agent", "tool", "chain", "retriever", "reranker", "guardrail", "evaluator", "event", "span",
)  # fmt: skip
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFilters:
    """What must be true of a trace (or of a call) to be listed; an empty value asks for nothing."""

    range: TimeRange
    scope: Scope = "traces"
    text: str = ""
    environment: str = ""
    status: str = ""
    kind: str = ""
    name: str = ""
    provider: str = ""
    model: str = ""
    user_id: str = ""
    session_id: str = ""
    feature: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    tag: str = ""
    api_key_id: UUID | None = None
    guard_action: str = ""
    is_unpriced: bool = False
    min_duration_ms: int | None = None
    min_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One filter in force, and the parameter whose removal lifts it."""

    parameter: str
    label: str
    value: str


TEXTS = {
    "q": "text",
    "env": "environment",
    "name": "name",
    "provider": "provider",
    "model": "model",
    "user": "user_id",
    "session": "session_id",
    "feature": "feature",
    "prompt": "prompt_name",
    "prompt_version": "prompt_version",
    "tag": "tag",
}
"""Parameters that take any text, and the fields they fill."""

CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "status": ("status", STATUSES),
    "guard": ("guard_action", GUARD_ACTIONS),
    "kind": ("kind", KINDS),
    "scope": ("scope", ("traces", "calls")),
    "priced": ("is_unpriced", ("no",)),
}
LABELS = {
    "q": "contains",
    "env": "environment",
    "name": "name",
    "provider": "provider",
    "model": "model",
    "user": "user",
    "session": "session",
    "feature": "feature",
    "prompt": "prompt",
    "prompt_version": "prompt version",
    "tag": "tag",
    "key": "API key",
    "status": "status",
    "guard": "guard",
    "kind": "kind",
    "priced": "price",
    "min_ms": "at least, ms",
    "min_cost": "at least, $",
}


def parse_filters(query: QueryDict, *, zone: ZoneInfo, now: datetime) -> TraceFilters:
    """Read the filters of an address. Raises FilterError with a sentence for each field that makes no sense."""
    errors: dict[str, str] = {}
    values: dict[str, object] = {}
    try:
        values["range"] = parse_range(query, zone=zone, now=now)
    except FilterError as error:
        errors |= error.errors
    for parameter, field in TEXTS.items():
        text = query.get(parameter, "").strip()
        if len(text) > LONGEST_TEXT or "\0" in text:
            errors[parameter] = f"At most {LONGEST_TEXT} characters, without NUL."
        values[field] = text
    for parameter, (field, allowed) in CHOICES.items():
        word = query.get(parameter, "")
        if word and word not in allowed:
            errors[parameter] = f"{word[:40]!r} is none of {', '.join(allowed)}."
        elif word:
            values[field] = True if field == "is_unpriced" else word
    values["api_key_id"] = _uuid(query, "key", errors)
    values["min_duration_ms"] = _whole(query, "min_ms", errors)
    values["min_cost_usd"] = _amount(query, "min_cost", errors)
    if errors:
        raise FilterError(errors)
    return TraceFilters(**values)  # type: ignore[arg-type]


def chips(query: QueryDict) -> list[Chip]:
    """Return the filters in force, in the order of their labels; the range and the scope have places of their own."""
    return [
        Chip(
            parameter=parameter,
            label=label,
            value="unknown" if parameter == "priced" else str(query[parameter]),
        )
        for parameter, label in LABELS.items()
        if query.get(parameter, "").strip()
    ]


def has_filters(filters: TraceFilters) -> bool:
    """Tell whether anything but the range and the scope narrows the list."""
    return any(
        getattr(filters, field.name) not in ("", None, False)
        for field in fields(filters)
        if field.name not in ("range", "scope")
    )


def _uuid(query: QueryDict, parameter: str, errors: dict[str, str]) -> UUID | None:
    text = query.get(parameter, "").strip()
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        errors[parameter] = f"{text[:40]!r} is not the id of an API key."
        return None


def _whole(query: QueryDict, parameter: str, errors: dict[str, str]) -> int | None:
    text = query.get(parameter, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        errors[parameter] = f"{text[:40]!r} is not a whole number of milliseconds."
        return None
    return int(text)


def _amount(query: QueryDict, parameter: str, errors: dict[str, str]) -> Decimal | None:
    text = query.get(parameter, "").strip().removeprefix("$")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 1_000_000 or len(text) > 30:
        errors[parameter] = f"{text[:40]!r} is not an amount of dollars."
        return None
    return amount
