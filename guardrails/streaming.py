"""A text that grows, and of which only what is beyond doubt is let through."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardrails.growing_json import GrowingJson
from guardrails.json_text import Replacement, encodable, replaced
from guardrails.outcome import WITHHELD, Blocked, PlacedText
from guardrails.tally import Tally
from guardrails.verdict import STOPPING, Place

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
        self._tallies = session.tallies(place)
        self._watch = session.watch(self._tallies, is_answer=True)
        self._is_open = self._watch.is_idle and not self._tallies
        waits_for_the_end = place == "tool_arguments" or any(tally.check.holds_all for tally in self._tallies)
        self._held: list[str] | None = [] if waits_for_the_end and not self._is_open else None
        self._stored: list[str] = []
        self._has_text = self._is_closed = False
        self._json = GrowingJson() if is_json else None
        self._may_be_json = place == "answer"
        self._spaces = 0

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
        watch.grow(self._read(text, is_final=is_final), is_final=is_final, raw=text)
        if watch.waits_for_a_detector:
            await self._session.ask([watch])
        for tally in self._tallies:
            self._stop_if_blocked(tally)
        ready, start, stretches = watch.release(is_final=is_final)
        if not stretches:
            written = ready if self._json is None else self._json.written(ready, start, ())
            self._stored.append(written)
        else:
            travels, stored = self._session.replacements(ready, start, stretches, is_answer=True)
            written = self._written(ready, start, travels)
            self._stored.append(self._written(ready, start, stored))
        if self._json is not None:
            self._json.forget(start + len(ready))
        return written

    def _read(self, text: str, *, is_final: bool) -> str:
        """Return the text as it reads: what begins like JSON has its escapes decoded."""
        if self._json is None and self._may_be_json:
            begins = text.lstrip()[:1]
            if begins in ("{", "["):
                self._json = GrowingJson(start=self._spaces)
            self._may_be_json = not begins
            self._spaces += len(text)
        return text if self._json is None else self._json.feed(text, is_final=is_final)

    def _written(self, ready: str, start: int, replacements: Sequence[Replacement]) -> str:
        if self._json is None:
            return replaced(ready, replacements)
        return self._json.written(ready, start, replacements)

    def _stop_if_blocked(self, tally: Tally) -> None:
        if (tally.entities or tally.failure) and self._has_text:
            decision = tally.decision(is_streamed=True)
            if decision.action in STOPPING and not decision.is_shadow:
                self.close()
                raise Blocked(decision.guard, decision.reason, decision.action)

    async def _check_held(self, text: str) -> str:
        self._is_closed = True
        if not text:
            return ""
        outcome = await self._session.check(
            [PlacedText(place=self._place, text=text)], is_answer=True, is_streamed=True
        )
        self._stored = list(outcome.stored)
        if outcome.action in STOPPING:
            raise Blocked(outcome.blocked_by, outcome.reason, outcome.action)
        return outcome.texts[0]
