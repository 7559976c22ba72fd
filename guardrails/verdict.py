"""What a guard says about a text."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

Action = Literal["allow", "flag", "mask", "escalate", "block"]
ACTIONS: tuple[Action, ...] = ("allow", "flag", "mask", "escalate", "block")
"""From the weakest to the strongest. What is escalated is stopped, too, and a person looks at it."""
STOPPING: frozenset[Action] = frozenset(("escalate", "block"))
"""After one of these nothing travels on."""
CHANGING: frozenset[Action] = frozenset(("mask", *STOPPING))
"""What one of these is about may not be stored as it was."""

Place = Literal[
    "system",
    "user",
    "history",
    "context",
    "tool_arguments",
    "tool_results",
    "answer",
    "reasoning",
]
PLACES: tuple[Place, ...] = (
    "system",
    "user",
    "history",
    "context",
    "tool_arguments",
    "tool_results",
    "answer",
    "reasoning",
)


class Finding(NamedTuple):
    """A stretch of text that a guard objects to. Offsets count characters; the text itself is not kept.

    A tuple, because a text may be made of findings, and a frozen dataclass takes eight times as long to make.
    """

    entity: str
    start: int
    end: int
    score: float = 1.0


made: Callable[[tuple[str, int, int, float]], Finding] = partial(tuple.__new__, Finding)
"""A finding of all its fields, for where there are hundreds in a kilobyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a guard decided about a text, and why."""

    action: Action
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A guard could not decide. What follows is the policy's `on_error`, never silence."""

    error: Literal["timeout", "unreachable", "overloaded", "bad_answer", "misconfigured", "crashed"]
    reason: str


ALLOWED = Verdict(action="allow")
