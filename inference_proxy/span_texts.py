"""Every text of a span that a person may have written, with its place, to be read and to be replaced."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from guardrails.verdict import Place
from inference_proxy.texts import is_machinery, is_name
from ingest.records import Message, Span, SpanKind

Group = Literal["input", "output", "elsewhere"]
"""Elsewhere are attributes, parameters and status: texts that belong to no place of a conversation."""
Replace = Callable[[Group, Place, str], str]

_PLACES: dict[str, Place] = {
    "system": "system",
    "developer": "system",
    "document": "context",
    "tool": "tool_results",
}
_REFERENCES = frozenset(
    {"role", "type", "id", "tool_call_id", "finish_reason", "format", "detail", "mime_type", "media_type"}
)
"""Keys whose values point at things instead of saying them, as long as they look like it."""
_LABELS = (
    "environment", "service", "release", "feature", "prompt_name", "prompt_version", "provider", "model",
    "model_requested", "service_tier", "error_type", "finish_reason",
)  # fmt: skip
"""Fields that hold names. What else a sender writes into one is a text like any other."""
_NUMBER_IN_KEY = re.compile(r"(?:\d\W?){7}")
"""A key that is machinery by its look and may be somebody's number all the same."""
_BASE64 = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s]*")
PARAMETERS_WITHOUT_TEXT = frozenset(
    {
        "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "modalities", "n",
        "parallel_tool_calls", "presence_penalty", "reasoning_effort", "seed", "service_tier", "store",
        "stream_options", "temperature", "top_logprobs", "top_p", "verbosity", "dimensions", "encoding_format",
    }
)  # fmt: skip
"""Parameters that are kept of a call whose texts are not."""


@dataclass(frozen=True, slots=True)
class FoundText:
    """One text and where it was found."""

    group: Group
    place: Place
    text: str


def without_texts(span: Span) -> Span:
    """Return what is kept of a span in a project that keeps no texts: names, numbers and ids."""
    return replace(
        span,
        input_messages=[],
        output_messages=[],
        request={key: value for key, value in span.request.items() if key in PARAMETERS_WITHOUT_TEXT},
        attributes={key: value for key, value in span.attributes.items() if is_machinery(value)},
        status_message="",
    )


def texts_of(span: Span) -> list[FoundText]:
    """Return the texts of a span in a fixed order."""
    found: list[FoundText] = []

    def note(group: Group, place: Place, text: str) -> str:
        found.append(FoundText(group, place, text))
        return text

    rewritten(span, note)
    return found


def with_texts(span: Span, texts: Iterator[str]) -> Span:
    """Return the span with other texts, given in the order of `texts_of`."""
    return rewritten(span, lambda group, place, text: next(texts))


def rewritten(span: Span, put: Replace) -> Span:
    """Return the span with each of its texts replaced by what `put` returns for it."""

    def elsewhere(text: str) -> str:
        return put("elsewhere", "user", text)

    labels: dict[str, Any] = {
        field: elsewhere(text) for field in _LABELS if not is_name(text := getattr(span, field))
    }
    last_asked = max((i for i, m in enumerate(span.input_messages) if m.get("role") == "user"), default=-1)
    return replace(
        span,
        input_messages=[
            _message(message, "input", _input_place(message, span.kind, is_history=i < last_asked), put)
            for i, message in enumerate(span.input_messages)
        ],
        output_messages=[
            _message(message, "output", _output_place(message, span.kind), put)
            for message in span.output_messages
        ],
        request=_deep(span.request, elsewhere),
        attributes=dict(_items(span.attributes, elsewhere, may_refer=False)),
        status_message=elsewhere(span.status_message) if span.status_message else "",
        name=elsewhere(span.name),
        tags=tuple(elsewhere(tag) for tag in span.tags),
        user_id=elsewhere(span.user_id) if span.user_id else "",
        session_id=elsewhere(span.session_id) if span.session_id else "",
        **labels,
    )


def _input_place(message: Message, kind: SpanKind, *, is_history: bool) -> Place:
    role = str(message.get("role"))
    if role in _PLACES:
        return _PLACES[role]
    if kind == "tool":
        return "tool_arguments"
    return "history" if is_history or role == "assistant" else "user"


def _output_place(message: Message, kind: SpanKind) -> Place:
    role = str(message.get("role"))
    if kind == "tool":
        return "tool_results"
    return _PLACES.get(role, "answer")


def _message(message: Message, group: Group, place: Place, put: Replace) -> Message:
    return {key: _field(key, value, group, place, put) for key, value in message.items()}


def _field(key: str, value: Any, group: Group, place: Place, put: Replace) -> Any:
    if _is_reference(key, value):
        return value
    if key == "tool_calls":
        place = "tool_arguments"
    elif key == "reasoning_content":
        place = "reasoning"
    return _deep(value, lambda text: put(group, place, text))


def _deep(value: Any, put: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if not value or _BASE64.fullmatch(value) else put(value)
    if isinstance(value, list):
        return [_deep(item, put) for item in value]
    if isinstance(value, dict):
        return dict(_items(value, put))
    return value


def _items(
    value: Mapping[str, Any], put: Callable[[str], str], *, may_refer: bool = True
) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds with its texts replaced, those among its keys, too: `{"bob@example.com": 3}`."""
    taken: set[str] = set()
    for key, item in value.items():
        shown = key
        if isinstance(key, str) and (not is_machinery(key) or _NUMBER_IN_KEY.search(key)):
            shown = named = put(key)
            number = 1
            while shown in taken:  # what is withheld all has one name
                number += 1
                shown = f"{named} {number}"
        taken.add(shown)
        yield shown, item if may_refer and _is_reference(key, item) else _deep(item, put)


def _is_reference(key: str, value: Any) -> bool:
    return key in _REFERENCES and not isinstance(value, dict | list) and is_machinery(str(value))
