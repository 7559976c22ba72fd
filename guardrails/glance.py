"""A first look at whole texts: most hold nothing that a guard objects to, and for those nothing needs to be built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardrails.json_text import encodable, looks_like_json
from guardrails.local import Conversation, ScanningGuard, WholeGuard
from guardrails.outcome import Decision, PlacedText
from guardrails.policy import Policy
from guardrails.registry import Check, checks
from guardrails.tally import Tally
from guardrails.verdict import PLACES, Place

MOST_KNOWN = 512


@dataclass(frozen=True, slots=True)
class _Place:
    """The guards that look at one place, as they look at it first."""

    checks: tuple[Check, ...]
    are_clear: tuple[Callable[[str], bool], ...]
    wholes: tuple[WholeGuard, ...]
    allowed: tuple[Decision, ...]
    allowed_streamed: tuple[Decision, ...]
    needs_more: bool
    """True when a first look cannot be enough."""


class Glance:
    """The guards of one policy, by place, and what they say of a text that they allow."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.checks = checks(policy)
        self._places = {place: _place(self.checks, place) for place in PLACES}

    def at(self, place: Place) -> tuple[Check, ...]:
        """Return the guards that look at a place."""
        return self._places[place].checks

    def allowed(
        self, texts: Sequence[PlacedText], conversation: Conversation, *, is_streamed: bool
    ) -> list[Decision] | None:
        """Return the decisions when every text is allowed as it stands; None when somebody has to look closer.

        The decisions are the same ones every time: nobody took the time it needed.
        """
        decisions: list[Decision] = []
        last: _Place | None = None
        seen: list[_Place] = []
        for place, text in texts:
            here = self._places[place]
            if not text.isascii() and encodable(text) is not text:
                return None
            if not here.checks:
                continue
            if here.needs_more or is_json(place, text):
                return None
            for is_clear in here.are_clear:
                if not is_clear(text):
                    return None
            for whole in here.wholes:
                if whole.judge(text, conversation):
                    return None
            if here is not last and here not in seen:
                last = here
                seen.append(here)
                decisions += here.allowed_streamed if is_streamed else here.allowed
        return decisions


def _place(all_checks: tuple[Check, ...], place: Place) -> _Place:
    relevant = tuple(check for check in all_checks if place in check.places)
    tallies = [Tally(check, place) for check in relevant]
    return _Place(
        checks=relevant,
        are_clear=tuple(_first_look(check.local) for check in relevant if check.local is not None),
        wholes=tuple(check.whole for check in relevant if check.whole is not None),
        allowed=tuple(tally.decision(is_streamed=False) for tally in tallies),
        allowed_streamed=tuple(tally.decision(is_streamed=True) for tally in tallies),
        needs_more=any(check.failure is not None or check.remote is not None for check in relevant),
    )


def _first_look(guard: ScanningGuard) -> Callable[[str], bool]:
    is_clear: Callable[[str], bool] | None = getattr(guard, "is_clear", None)
    return is_clear or (lambda text: not guard.scanner().advance(text, 0, is_final=True))


def glance_of(policy: Policy) -> Glance:
    """Return the glance of a policy, made once for each."""
    # By identity: to compare policies takes longer than to guard a text. What is known here cannot lose its id.
    known = _KNOWN.get(id(policy))
    if known is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(policy)] = Glance(policy)
    return known


_KNOWN: dict[int, Glance] = {}


def is_json(place: Place, text: str) -> bool:
    """Tell whether a text is read as JSON: arguments of tools, results that are JSON, answers that begin like it."""
    if place == "answer":
        return text.lstrip()[:1] in ("{", "[")
    return place == "tool_arguments" or (place == "tool_results" and looks_like_json(text))
