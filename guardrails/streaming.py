"""A text that grows, and of which only what is beyond doubt is let through."""

from dataclasses import replace
from typing import TYPE_CHECKING

from guardrails.findings import Stretch
from guardrails.json_text import encodable, replaced
from guardrails.outcome import WITHHELD, Blocked, PlacedText
from guardrails.tally import Tally
from guardrails.verdict import Place

if TYPE_CHECKING:
    from guardrails.session import GuardSession


class TextStream:
    """Guards one growing text. What it returns only ever extends what it returned before.

    However the text is cut into chunks, the returned pieces add up to what the whole text would have become, and
    nothing of what a guard masks or blocks is among them.
    """

    def __init__(self, session: "GuardSession", place: Place, *, is_json: bool) -> None:
        self._session = session
        self._place = place
        self._is_json = is_json
        self._tallies = session.tallies(place)
        self._watch = session.watch(self._tallies, is_answer=True)
        self._is_open = self._watch.is_idle and not self._tallies
        waits_for_the_end = place == "tool_arguments" or any(tally.check.holds_all for tally in self._tallies)
        self._held: list[str] | None = [] if waits_for_the_end and not self._is_open else None
        self._stored: list[str] = []
        self._has_text = self._is_closed = False
        self._slashes = 0
        """How many backslashes the released text ends in."""

    @property
    def stored(self) -> str:
        """What may be stored of the text so far: with placeholders, and without what is still held back."""
        if any(tally.is_unsafe_to_store for tally in self._tallies):
            return WITHHELD if self._has_text else ""
        return "".join(self._stored)

    async def push(self, text: str) -> str:
        """Take the next chunk; return what may go to the caller now. Raises Blocked when a guard stops it."""
        if self._is_open:
            self._stored.append(text)
            return text
        text = encodable(text)
        self._has_text = self._has_text or bool(text)
        if self._held is not None:
            self._held.append(text)
            return ""
        return await self._grow(text, is_final=False)

    async def finish(self) -> str:
        """Return what was still held back, now that nothing follows. Raises Blocked when a guard stops it."""
        if self._is_open or self._is_closed:
            return ""
        if self._held is not None:
            return await self._check_held("".join(self._held))
        rest = await self._grow("", is_final=True)
        self.close()
        return rest

    def close(self) -> None:
        """Record what the guards decided so far. `finish` and a block do so themselves; call it on a stream cut short."""
        if self._is_closed or self._is_open:
            return
        self._is_closed = True
        if self._has_text and self._held is None:
            for tally in self._tallies:
                self._session.record(tally, is_streamed=True)

    async def _grow(self, text: str, *, is_final: bool) -> str:
        watch = self._watch
        watch.grow(text, is_final=is_final)
        if watch.waits_for_a_detector:
            await self._session.ask([watch])
        for tally in self._tallies:
            self._stop_if_blocked(tally)
        ready, start, stretches = watch.release(is_final=is_final)
        if self._is_json:
            stretches = [self._behind_escape(ready, start, stretch) for stretch in stretches]
            self._slashes = self._slashes_before(ready, len(ready))
        if not stretches:
            self._stored.append(ready)
            return ready
        travels, stored = self._session.replacements(
            ready, start, stretches, is_answer=True, is_json=self._is_json
        )
        self._stored.append(replaced(ready, stored))
        return replaced(ready, travels)

    def _behind_escape(self, ready: str, start: int, stretch: Stretch) -> Stretch:
        """Leave an escape whole: in `to:\\nbob@example.com` the finding begins with what is no `n`."""
        first = stretch.start - start
        if self._slashes_before(ready, first) % 2 == 0:
            return stretch
        length = 5 if ready[first] == "u" else 1
        return replace(stretch, start=min(stretch.start + length, stretch.end))

    def _slashes_before(self, ready: str, at: int) -> int:
        before = ready[:at]
        slashes = at - len(before.rstrip("\\"))
        return slashes + self._slashes if slashes == at else slashes

    def _stop_if_blocked(self, tally: Tally) -> None:
        if (tally.entities or tally.failure) and self._has_text:
            decision = tally.decision(is_streamed=True)
            if decision.action == "block" and not decision.is_shadow:
                self.close()
                raise Blocked(decision.guard, decision.reason)

    async def _check_held(self, text: str) -> str:
        self._is_closed = True
        if not text:
            return ""
        outcome = await self._session.check(
            [PlacedText(place=self._place, text=text)], is_answer=True, is_streamed=True
        )
        self._stored = list(outcome.stored)
        if outcome.action == "block":
            raise Blocked(outcome.blocked_by, outcome.reason)
        return outcome.texts[0]
