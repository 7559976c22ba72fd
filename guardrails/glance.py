"""A first look at whole texts: most hold nothing that any guard objects to, and nothing needs to be built for those."""

from collections.abc import Sequence
from functools import lru_cache

from guardrails.json_text import encodable, looks_like_json
from guardrails.local import Conversation
from guardrails.outcome import Decision, PlacedText
from guardrails.registry import Check
from guardrails.tally import Tally
from guardrails.verdict import Place

READ_AS_JSON: frozenset[Place] = frozenset({"tool_results", "answer"})
"""Places whose texts are read as JSON when they look like it; arguments of tools always are."""


def is_json(place: Place, text: str) -> bool:
    """Tell whether a text is to be read as JSON."""
    return place == "tool_arguments" or (place in READ_AS_JSON and looks_like_json(text))


def allows_all(
    checks: tuple[Check, ...], texts: Sequence[PlacedText], conversation: Conversation
) -> list[Decision] | None:
    """Return the guards' decisions when they allow every text as it stands; None when somebody has to look closer."""
    decisions: list[Decision] = []
    seen: set[Place] = set()
    for place, text in texts:
        ready = _at(checks, place)
        if ready is None:
            return None
        relevant, allowed = ready
        if place not in seen:
            seen.add(place)
            decisions += allowed
        if not relevant:
            continue
        if is_json(place, text) or encodable(text) is not text:
            return None
        for check in relevant:
            if check.local is not None:
                if check.local.scanner().advance(text, 0, is_final=True):
                    return None
            elif check.whole is not None and check.whole.judge(text, conversation):
                return None
    return decisions


@lru_cache(maxsize=4_096)
def _at(checks: "tuple[Check, ...]", place: Place) -> tuple[tuple[Check, ...], tuple[Decision, ...]] | None:
    """Return the guards that look at a place and what they say when they allow it; None if one needs a detector."""
    relevant = tuple(check for check in checks if place in check.config.places)
    if any(check.failure is not None or check.remote is not None for check in relevant):
        return None
    return relevant, tuple(Tally(check, place).decision(is_streamed=False) for check in relevant)
