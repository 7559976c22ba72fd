"""A first look at whole texts: most hold nothing that a guard objects to, and for those nothing needs to be built."""

from collections.abc import Sequence

from guardrails.json_text import encodable, looks_like_json
from guardrails.local import Conversation
from guardrails.outcome import Decision, PlacedText
from guardrails.policy import Policy
from guardrails.registry import Check, checks
from guardrails.tally import Tally
from guardrails.verdict import Place

MOST_KNOWN = 512


class Glance:
    """The guards of one policy, by place, and what they say of a text that they allow."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.checks = checks(policy)
        self._at: dict[Place, tuple[Check, ...]] = {}
        self._allowed: dict[tuple[Place, bool], tuple[Decision, ...]] = {}
        self._needs_more: dict[Place, bool] = {}

    def at(self, place: Place) -> tuple[Check, ...]:
        """Return the guards that look at a place."""
        found = self._at.get(place)
        if found is None:
            found = tuple(check for check in self.checks if place in check.config.places)
            self._at[place] = found
            self._needs_more[place] = any(check.failure or check.remote for check in found)
        return found

    def allowed(
        self, texts: Sequence[PlacedText], conversation: Conversation, *, is_streamed: bool
    ) -> list[Decision] | None:
        """Return the decisions when every text is allowed as it stands; None when somebody has to look closer.

        The decisions are the same ones every time: nobody took the time it needed.
        """
        decisions: list[Decision] = []
        seen: set[Place] = set()
        for place, text in texts:
            if encodable(text) is not text:
                return None
            relevant = self.at(place)
            if not relevant:
                continue
            if self._needs_more[place] or is_json(place, text):
                return None
            for check in relevant:
                if check.local is not None:
                    if check.local.scanner().advance(text, 0, is_final=True):
                        return None
                elif check.whole is not None and check.whole.judge(text, conversation):
                    return None
            if place not in seen:
                seen.add(place)
                decisions += self._decisions(place, is_streamed=is_streamed)
        return decisions

    def _decisions(self, place: Place, *, is_streamed: bool) -> tuple[Decision, ...]:
        decisions = self._allowed.get((place, is_streamed))
        if decisions is None:
            tallies = [Tally(check, place) for check in self.at(place)]
            decisions = tuple(tally.decision(is_streamed=is_streamed) for tally in tallies)
            self._allowed[place, is_streamed] = decisions
        return decisions


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
    """Tell whether a text is read as JSON."""
    return place == "tool_arguments" or (place in ("tool_results", "answer") and looks_like_json(text))
