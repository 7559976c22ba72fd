"""What a session says about texts: what may travel on, what may be stored, and what every guard decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from guardrails.moves import Moves
from guardrails.policy import Scope
from guardrails.registry import RemoteGuard
from guardrails.verdict import Action, Failure, Finding, Place

WITHHELD = "[withheld: a guard could not check this text]"
"""Stored in place of a text that a guard should have masked and could not."""


class PlacedText(NamedTuple):
    """A text and what it is in the conversation."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy made of some texts. `texts` and `stored` are in the order they came in."""

    action: Action
    """The strongest action taken."""
    texts: tuple[str, ...]
    """What travels on: with placeholders towards the provider, with the originals back towards the caller."""
    stored: tuple[str, ...]
    """What may be stored: always with placeholders."""
    moves: tuple[Moves | None, ...] = ()
    """Where the places of each text are in the one that travels on; None where that is not known, nothing where all are as they were."""
    stored_moves: tuple[Moves | None, ...] = ()
    """The same for what may be stored."""
    blocked_by: str = ""
    """The guard that stopped it; empty unless `action` is `block` or `escalate`."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Of what a guard held for a person: what it is known by, and whose word let it pass."""

    fingerprints: tuple[str, ...] = ()
    """See `permits`."""
    escalation_id: UUID | None = None
    """The earlier escalation that a person allowed; None while nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one guard decided at one place, for the record. The text is not part of it."""

    guard: str
    kind: str
    place: Place
    action: Action
    is_shadow: bool
    error: str
    entities: Mapping[str, int]
    score: float | None
    duration_us: int
    reason: str = ""
    is_streamed: bool = False
    canary: Literal["", "enforced", "shadow"] = ""
    """For a guard that is enforced for a part of the conversations: whether it is for this one."""
    scope: Scope = ""
    """Whose guard it was, in a policy that was put together of several."""
    entity_scores: Mapping[str, float] = field(default_factory=dict)
    """The highest score of each type that was found."""
    held_us: int | None = None
    """On a stream: the longest that anything that had come waited for this guard; None for a whole text."""
    first_held_us: int | None = None
    """On a stream: how long the beginning of the text waited for this guard, which it added to the first token's time."""
    held: Held | None = None
    """For what is held for a person, and for what a person let pass."""


class Blocked(Exception):
    """A guard stopped a stream."""

    def __init__(self, guard: str, reason: str, action: Action = "block") -> None:
        super().__init__(f"{guard}: {reason}")
        self.guard = guard
        self.reason = reason
        self.action = action
        """`block`, or `escalate` when a person shall look at it."""


class Detector(Protocol):
    """Shows texts to the detector of a guard: the guard server's client, or the recognizers themselves."""

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        """Return the findings in each text, or why there are none to be had. Never raises."""
