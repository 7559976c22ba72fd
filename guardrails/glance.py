"""A first look at whole texts: most hold nothing that a guard objects to, and for those nothing needs to be built."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_bytes

from guardrails.json_text import encodable, looks_like_json
from guardrails.local import Conversation, WholeGuard
from guardrails.outcome import Decision, PlacedText
from guardrails.policy import Policy
from guardrails.registry import Check, checks
from guardrails.tally import Tally
from guardrails.verdict import PLACES, Place

MOST_KNOWN = 4_096
MOST_TEXTS = 50_000
"""Of each generation of texts that are known to be clear."""


class _Known:
    """Texts that guards found to be clear, by a keyed hash: of a long conversation only what is new is looked at.

    Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
    """

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._young or digest in self._old

    def add(self, digest: bytes) -> None:
        """Remember a text."""
        if len(self._young) >= MOST_TEXTS:
            self._old, self._young = self._young, set()
        self._young.add(digest)


_CLEAR = _Known()


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The guards that look at one place, as they look at it first."""

    checks: tuple[Check, ...]
    are_clear: tuple[Callable[[str], bool], ...]
    """Whether a guard has nothing to say about a text, whatever was said before it."""
    wholes: tuple[WholeGuard, ...]
    """Those that have to know the conversation."""
    key: bytes
    """Of the hashes of texts that these guards found clear; other guards have another."""
    allowed: tuple[Decision, ...]
    allowed_streamed: tuple[Decision, ...]
    needs_more: bool
    """True when a first look cannot be enough."""

    def is_clear(self, text: str, conversation: Conversation) -> bool:
        """Tell whether no guard has anything to say about a text in UTF-8."""
        if self.are_clear:
            digest = blake2b(text.encode(), digest_size=16, key=self.key).digest()
            if digest not in _CLEAR:
                for is_clear in self.are_clear:
                    if not is_clear(text):
                        return False
                _CLEAR.add(digest)
        return not any(whole.judge(text, conversation) for whole in self.wholes)


class Glance:
    """The guards of a policy, by place, and what they say of a text that they allow."""

    def __init__(self, ready: tuple[Check, ...]) -> None:
        self.checks = ready
        self.has_detectors = any(check.remote for check in ready)
        # The same guards know at one place what they saw at another.
        keys: dict[tuple[int, ...], bytes] = defaultdict(lambda: token_bytes(16))
        self._places = {place: _place(ready, place, keys) for place in PLACES}

    def at(self, place: Place) -> tuple[Check, ...]:
        """Return the guards that look at a place."""
        return self._places[place].checks

    def allowed(
        self, texts: Sequence[PlacedText], conversation: Conversation, *, is_streamed: bool
    ) -> list[Decision] | None:
        """Return the decisions when every text is allowed as it stands; None when somebody has to look closer.

        The decisions are the same ones every time: nobody took the time it needed.
        """
        seen: dict[_Place, None] = {}
        for place, text in texts:
            here = self._places[place]
            if not text.isascii() and encodable(text) is not text:
                return None
            if not here.checks:
                continue
            if here.needs_more or is_json(place, text) or not here.is_clear(text, conversation):
                return None
            seen[here] = None
        decisions: list[Decision] = []
        for here in seen:
            decisions += here.allowed_streamed if is_streamed else here.allowed
        return decisions


def _place(all_checks: tuple[Check, ...], place: Place, keys: dict[tuple[int, ...], bytes]) -> _Place:
    relevant = tuple(check for check in all_checks if place in check.places)
    tallies = [Tally(check, place) for check in relevant]
    return _Place(
        checks=relevant,
        are_clear=tuple(look for check in relevant if (look := _first_look(check)) is not None),
        wholes=tuple(
            check.whole for check in relevant if check.whole is not None and not check.whole.reads_text_alone
        ),
        key=keys[tuple(check.order for check in relevant)],
        allowed=tuple(tally.decision(is_streamed=False) for tally in tallies),
        allowed_streamed=tuple(tally.decision(is_streamed=True) for tally in tallies),
        needs_more=any(check.failure is not None or check.remote is not None for check in relevant),
    )


def _first_look(check: Check) -> Callable[[str], bool] | None:
    guard, whole = check.local, check.whole
    if guard is not None:
        is_clear: Callable[[str], bool] | None = getattr(guard, "is_clear", None)
        return is_clear or (lambda text: not guard.scanner().advance(text, 0, is_final=True))
    if whole is not None and whole.reads_text_alone:
        return lambda text: not whole.judge(text)
    return None


def glance_of(policy: Policy) -> Glance:
    """Return the glance of a policy, made once for each version."""
    # By identity: to compare policies takes longer than to guard a text. What is known here cannot lose its id.
    known = _OF_POLICIES.get(id(policy))
    if known is None:
        if len(_OF_POLICIES) >= MOST_KNOWN:
            _OF_POLICIES.clear()
            _OF_CHECKS.clear()
        ready = checks(policy)
        # The same version comes again with every snapshot.
        glance = _OF_CHECKS.get(id(ready))
        if glance is None:
            glance = _OF_CHECKS[id(ready)] = Glance(ready)
        known = _OF_POLICIES[id(policy)] = policy, glance
    return known[1]


_OF_POLICIES: dict[int, tuple[Policy, Glance]] = {}
_OF_CHECKS: dict[int, Glance] = {}


def prepare(policy: Policy) -> None:
    """Build the guards of a policy, and of the versions before it that are in force for some, before anybody asks."""
    step: Policy | None = policy
    while step is not None:
        glance_of(step)
        step = step.before


def is_json(place: Place, text: str) -> bool:
    """Tell whether a text is read as JSON: arguments of tools, results that are JSON, answers that begin like it."""
    if place == "answer":
        return text.lstrip()[:1] in ("{", "[")
    return place == "tool_arguments" or (place == "tool_results" and looks_like_json(text))
