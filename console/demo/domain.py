"""What a simulated company talks about. Texts are `string.Template`s over the domain's slots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One thing people ask about, with answers that fit any of the questions."""

    name: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    follow_ups: tuple[tuple[str, str], ...]
    """Later questions of the same conversation, with their answers."""
    documents: tuple[tuple[str, str], ...]
    """Titles and texts that a search about this topic finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something an agent may call."""

    name: str
    description: str
    arguments: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One product with its own service, prompts and vocabulary."""

    name: str
    service: str
    assistant: str
    """What the assistant is called in span names."""
    feature_chat: str
    feature_search: str
    feature_agent: str
    instructions: tuple[str, str]
    """The system prompt before and after its last change."""
    slots: Mapping[str, tuple[str, ...]]
    topics: tuple[Topic, ...]
    tools: tuple[Tool, ...]
    openings: tuple[str, ...] = field(
        default=("", "", "", "Hi, ", "Hello, ", "Hey, ", "Good morning, ", "Quick question: ")
    )
