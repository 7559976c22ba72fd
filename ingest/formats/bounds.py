"""How long the parts of a span may be.

A dialect cuts them a little later than they are stored: guards look at the span in between, and would not know half a card
number for what it is.
"""

from dataclasses import replace
from typing import Any

from ingest.records import Span

NAME, MESSAGE, VALUE, KEY = 256, 4_096, 8_192, 200
BEYOND = 512
"""So many characters more are kept until the guards have looked: no entity is longer."""

_NAMES = (
    "name", "error_type", "environment", "service", "release", "session_id", "user_id", "feature", "prompt_name",
    "prompt_version", "provider", "model_requested", "model", "service_tier", "finish_reason",
)  # fmt: skip


def roughly(text: str, most: int) -> str:
    """Return a text as the guards shall see it."""
    return text[: most + BEYOND]


def bounded(span: Span) -> Span:
    """Return a span as it is stored, every part within its bound."""
    changes: dict[str, Any] = {
        name: text[:NAME] for name in _NAMES if len(text := getattr(span, name)) > NAME
    }
    if len(span.status_message) > MESSAGE:
        changes["status_message"] = span.status_message[:MESSAGE]
    if any(len(tag) > NAME for tag in span.tags):
        changes["tags"] = tuple(tag[:NAME] for tag in span.tags)
    if any(len(key) > KEY or len(value) > VALUE for key, value in span.attributes.items()):
        changes["attributes"] = {key[:KEY]: value[:VALUE] for key, value in span.attributes.items()}
    return replace(span, **changes) if changes else span
