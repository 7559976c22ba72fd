"""What people let pass: a text that a guard held for a person may pass that guard from then on, for a while or once.

The text is kept nowhere. What it is known by is its fingerprint: HMAC-SHA256 under a key of the project, derived from the
installation's secret, over the guard as it is configured, the place, and the text with its spaces evened out. A guard that is
changed asks again. An answer is another one every time, so what a guard held in one is known by the request that was answered
and by the type of the finding: another type in the next answer is held again.
"""

import hashlib
import hmac
import json
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from guardrails.one_way import RedactionKeys
from guardrails.outcome import PlacedText
from guardrails.policy import GuardConfig
from guardrails.verdict import STOPPING, Place

if TYPE_CHECKING:
    from guardrails.tally import Tally
    from guardrails.watch import Watch

_BYTES = 16
_SAME_PLACE: Mapping[Place, Place] = {"history": "user"}
"""What was said once is said again in every later call of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A person's word that what was held may pass."""

    escalation_id: UUID
    by: str
    """Whose word it is."""
    expires_at_s: int
    """In seconds since 1970."""
    is_once: bool = False
    """Good for one call, whichever comes first."""
    fingerprints: tuple[str, ...]


class Permits(Protocol):
    """The permits that are in force."""

    def find(self, fingerprint: str) -> Permit | None:
        """Return the permit for a fingerprint, whether or not it has expired."""

    async def use(self, permits: Sequence[Permit]) -> bool:
        """Take permits for one call, all or none; False when another call has one of them, or when that cannot be known."""


@dataclass(slots=True)
class Holding:
    """What one session held for a person, and what people let pass of it."""

    keys: RedactionKeys
    permits: Permits | None = None
    request: Sequence[PlacedText] = ()
    """What was asked, by which an answer is known."""
    _used: set[UUID] = field(default_factory=set)

    async def settle(
        self, texts: Sequence[tuple["Watch", str]], tallies: Sequence["Tally"], *, is_answer: bool
    ) -> None:
        """Note the fingerprints of what guards hold in some texts, and let them pass if a person said so of every one.

        Nothing passes, and no permit is used up, while another guard stops the same texts.
        """
        held: dict[Tally, dict[str, None]] = {}
        entities: dict[Tally, set[str]] = {}
        for watch, text in texts:
            for tally, found in watch.take_escalated().items():
                prints = (
                    [self._of_answer(tally, entity) for entity in sorted(found)]
                    if is_answer
                    else [self._of_text(tally, text)]
                )
                held.setdefault(tally, {}).update(dict.fromkeys(each for each in prints if each))
                entities.setdefault(tally, set()).update(found)
        for tally, fingerprints in held.items():
            tally.fingerprints = tuple({**dict.fromkeys(tally.fingerprints), **fingerprints})
        permits = await self._taken(held, tallies)
        if permits is None:
            return
        for tally in held:
            tally.let_pass = tally.let_pass | entities[tally]
            tally.permit = permits[next(iter(held[tally]))]
            for watch, _ in texts:
                watch.let_pass(tally)

    async def _taken(
        self, held: Mapping["Tally", Mapping[str, None]], tallies: Sequence["Tally"]
    ) -> dict[str, Permit] | None:
        """Return the permits for all that is held; None unless every one of it may pass."""
        if self.permits is None or not held:
            return None
        for tally in tallies:
            if tally in held:
                is_stopped = tally.failure is not None or not held[tally] or tally.blocks
            else:
                decision = tally.decision(is_streamed=False)
                is_stopped = decision.action in STOPPING and not decision.is_shadow
            if is_stopped:
                return None
        now = time.time()
        found: dict[str, Permit] = {}
        for fingerprint in (each for prints in held.values() for each in prints):
            permit = self.permits.find(fingerprint)
            if permit is None or permit.expires_at_s <= now:
                return None
            found[fingerprint] = permit
        once = {each.escalation_id: each for each in found.values() if each.is_once}
        unused = [permit for number, permit in once.items() if number not in self._used]
        if unused and not await self.permits.use(unused):
            return None
        self._used.update(once)
        return found

    def _of_text(self, tally: "Tally", text: str) -> str:
        place = _SAME_PLACE.get(tally.place, tally.place)
        return self._print("text", _guard(tally.check.config), place, _normalised(text))

    def _of_answer(self, tally: "Tally", entity: str) -> str:
        if not self.request:
            return ""
        asked = hashlib.sha256()
        for place, text in self.request:
            asked.update(b"%b\0%b\0" % (place.encode(), _bytes(_normalised(text))))
        return self._print("answer", _guard(tally.check.config), tally.place, entity, asked.hexdigest())

    def _print(self, *parts: str) -> str:
        said = b"\0".join(map(_bytes, parts))
        return hmac.new(self.keys.holding, said, hashlib.sha256).digest()[:_BYTES].hex()


def _guard(config: GuardConfig) -> str:
    """Return what a guard is known by: its name, and all that decides what it finds and what follows."""
    parts = (
        config.name,
        config.kind,
        config.action,
        sorted(config.actions.items()),
        config.threshold,
        sorted(config.thresholds.items()),
        dict(config.parameters),
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _normalised(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
