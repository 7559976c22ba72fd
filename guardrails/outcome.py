"""What a session says about texts: what may travel on, what may be stored, and what every guard decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

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
    blocked_by: str = ""
    """The guard that stopped it; empty unless `action` is `block`."""
    reason: str = ""


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


class Blocked(Exception):
    """A guard stopped a stream."""

    def __init__(self, guard: str, reason: str) -> None:
        super().__init__(f"{guard}: {reason}")
        self.guard = guard
        self.reason = reason


class Detector(Protocol):
    """Shows texts to the detector of a guard: the guard server's client, or the recognizers themselves."""

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        """Return the findings in each text, or why there are none to be had. Never raises."""
