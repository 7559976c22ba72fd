"""A conversation as judges read it: who said what, in order, each message in a fence of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.agents.calls import calls_of
from evaluators.sample import Sample


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: its role, and its text with the tools it calls."""

    role: str
    text: str


def turns_of(sample: Sample) -> list[Turn]:
    """Return the messages and the answer, which comes last; system messages are left out."""
    turns = [
        Turn(str(message.get("role", "")), said(message))
        for message in sample.messages
        if message.get("role") not in ("system", "developer")
    ]
    if not sample.messages and sample.input:
        turns.append(Turn("user", sample.input))
    answer = Turn("assistant", said({"content": sample.output, "tool_calls": sample.tool_calls}))
    is_there = bool(turns) and turns[-1].role == "assistant" and turns[-1].text.strip() == answer.text.strip()
    return turns if is_there or not answer.text else [*turns, answer]


def as_material(turns: Sequence[Turn], *, first: int = 1) -> list[tuple[str, str]]:
    """Return turns as titled texts, numbered."""
    return [(f"message {number}, {_role(turn)}", turn.text) for number, turn in enumerate(turns, start=first)]


def said(message: Mapping[str, Any]) -> str:
    """Return what a message says, and the tools it calls."""
    content = message.get("content")
    parts = [content] if isinstance(content, str) else []
    if isinstance(content, (list, tuple)):
        parts = [str(part["text"]) for part in content if isinstance(part, Mapping) and part.get("text")]
    made = message.get("tool_calls")
    for call in calls_of(made if isinstance(made, (list, tuple)) else ()) or ():
        parts.append(
            f"[calls {call.name} with {dict(call.arguments) if call.arguments is not None else 'unreadable arguments'}]"
        )
    return "\n".join(part for part in parts if part)


def _role(turn: Turn) -> str:
    """Return one of the roles we know: a role is a stranger's text too, and a title is not fenced."""
    return turn.role if turn.role in ("user", "assistant", "tool") else "other"
