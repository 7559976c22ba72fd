"""A text that grows, and of which only what is beyond doubt is let through."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardrails.growing_json import GrowingJson
from guardrails.json_text import Replacement, encodable, replaced
from guardrails.moves import Moves
from guardrails.outcome import WITHHELD, Blocked, PlacedText
from guardrails.verdict import STOPPING, Failure, Place

if TYPE_CHECKING:
    from guardrails.session import GuardSession

LONGEST_STORED = 1 << 22
"""Of a text that never ends so many characters are kept."""
LONGEST_HELD = 1 << 22
"""A text that must be whole before it is looked at may have so many."""
CUT_SHORT = f"[the rest is not kept: the text has more than {LONGEST_STORED} characters]"


class TextStream:
    """Guards one growing text. What it returns only ever extends what it returned before.

    However the text is cut into chunks, the returned pieces add up to what the whole text would have become, and
    nothing of what a guard masks or blocks is among them. Guards that only observe let it pass, and stop it afterwards.
    """

    def __init__(self, session: "GuardSession", place: Place, *, is_json: bool) -> None:
        self._session = session
        self._place = place
        self._tallies = session.tallies(place)
        self._may_stop = [tally for tally in self._tallies if tally.check.may_stop]
        self._watch = session.watch(self._tallies, is_answer=True, is_growing=True)
        self._is_open = self._watch.is_idle and not self._tallies
        waits_for_the_end = place == "tool_arguments" or any(tally.check.holds_all for tally in self._tallies)
        self._held: list[str] | None = [] if waits_for_the_end and not self._is_open else None
        self._held_size = 0
        self._held_since_ns = 0
        self._record = _Record()
        self._asking: asyncio.Task[None] | None = None
        """Shows what has gone out to the detectors that nothing waits for."""
        self._has_text = self._is_closed = False
        self._json = GrowingJson() if is_json else None
        self._may_be_json = place == "answer"
        self._spaces = 0
        self.moves: Moves | None = Moves()
        """Where the places of the text are in what went out; None where that is not known."""
        self.stored_moves: Moves | None = Moves()
        """The same for what may be stored."""
        self._gone = 0

    @property
    def stored(self) -> str:
        """What may be stored of the text so far: with placeholders, and without what is still held back."""
        if any(tally.is_unsafe_to_store for tally in self._tallies):
            return WITHHELD if self._has_text else ""
        return self._record.text

    @property
    def is_holding(self) -> bool:
        """True while something that came is held back."""
        return bool(self._held) or (not self._is_open and self._watch.is_holding)

    def has_released(self, place: int) -> bool:
        """Tell whether all that stands before a place of the text has gone out."""
        return self._is_open or self._is_closed or (self._json is None and place <= self._gone)

    async def push(self, text: str) -> str:
        """Take the next chunk; return what may go to the caller now. Raises Blocked when a guard stops it."""
        if self._is_open:
            self._record.add(text)
            return text
        text = encodable(text)
        self._has_text = self._has_text or bool(text)
        if self._held is not None:
            return self._hold(self._held, text)
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
        if self._asking is not None:
            self._asking.cancel()
        if self._has_text and self._held is None:
            for tally in self._tallies:
                self._session.record(tally, is_streamed=True)

    async def _grow(self, text: str, *, is_final: bool) -> str:
        watch = self._watch
        watch.grow(self._read(text, is_final=is_final), is_final=is_final, raw=text)
        if watch.remotes:
            if watch.waits_for_a_detector:
                await self._session.ask([watch], is_waited_for=True)
            if self._asking is not None or watch.has_more_to_show:
                await self._ask_meanwhile(is_final=is_final)
        if watch.has_escalated:
            await self._session.settle([(watch, "")], self._tallies, is_answer=True)
        self._stop_if_blocked()
        ready, start, stretches = watch.release(is_final=is_final)
        self._gone = start + len(ready)
        if not stretches:
            written = kept = ready if self._json is None else self._json.written(ready, start, ())
        else:
            travels, stored = self._session.replacements(ready, start, stretches, is_answer=True)
            self._move(travels, stored, start)
            written = self._written(ready, start, travels)
            kept = self._written(ready, start, stored)
        if watch.keeps_later:
            self._record.add_later(kept, start + len(ready))
            self._record.settle(watch.observed)
        else:
            self._record.add(kept)
        if self._json is not None:
            self._json.forget(start + len(ready))
        return written

    async def _ask_meanwhile(self, *, is_final: bool) -> None:
        """Ask the detectors that nothing waits for, while the text goes on; at its end wait for them."""
        while self._asking is not None or self._watch.has_more_to_show:
            if self._asking is None:
                asked = self._session.ask([self._watch], is_waited_for=False)
                self._asking = asyncio.create_task(asked)
            if not (is_final or self._asking.done()):
                return
            await self._asking
            self._asking = None

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

    def _move(self, travels: Sequence[Replacement], stored: Sequence[Replacement], start: int) -> None:
        if self._json is not None:
            # Places in JSON are counted as it is written, and it is replaced as it reads.
            self.moves = self.stored_moves = None
        elif self.moves is not None and self.stored_moves is not None:
            self.moves.add(travels, base=start)
            self.stored_moves.add(stored, base=start)

    def _stop_if_blocked(self) -> None:
        if not self._has_text:
            return
        for tally in self._tallies:
            if tally.failure is not None or (tally.entities and tally in self._may_stop):
                decision = tally.decision(is_streamed=True)
                if decision.action in STOPPING and not decision.is_shadow:
                    self.close()
                    raise Blocked(decision.guard, decision.reason, decision.action)

    def _hold(self, held: list[str], text: str) -> str:
        held.append(text)
        self._held_size += len(text)
        self._held_since_ns = self._held_since_ns or time.perf_counter_ns()
        if self._held_size <= LONGEST_HELD:
            return ""
        # Nobody waits for a text without end. That nobody looked at it is a failure, and the policy says what follows.
        reason = f"more than {LONGEST_HELD} characters came before the end of the text"
        for tally in self._tallies:
            tally.failure = tally.failure or Failure(error="crashed", reason=reason)
        self._held = None
        self._stop_if_blocked()
        self.close()
        self._is_open = True
        self._record.add("".join(held))
        return "".join(held)

    async def _check_held(self, text: str) -> str:
        self._is_closed = True
        if not text:
            return ""
        outcome = await self._session.check(
            [PlacedText(place=self._place, text=text)],
            is_answer=True,
            is_streamed=True,
            held_ns=time.perf_counter_ns() - self._held_since_ns,
        )
        self._held = []
        self._record.add("".join(outcome.stored))
        if outcome.action in STOPPING:
            raise Blocked(outcome.blocked_by, outcome.reason, outcome.action)
        if outcome.moves:
            self.moves, self.stored_moves = outcome.moves[0], outcome.stored_moves[0]
        return outcome.texts[0]


class _Record:
    """What may be kept of a text, up to a length."""

    __slots__ = ("_later", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._later: deque[tuple[int, str]] = deque()

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, text: str) -> None:
        """Keep some more."""
        if self._size > LONGEST_STORED:
            return
        self._size += len(text)
        self._parts.append(text)
        if self._size > LONGEST_STORED:
            kept = "".join(self._parts)[:LONGEST_STORED]
            self._parts = [kept, CUT_SHORT]

    def add_later(self, text: str, end: int) -> None:
        """Keep some more as soon as somebody has looked at the text up to an offset."""
        if self._size <= LONGEST_STORED:
            self._later.append((end, text))

    def settle(self, observed: int) -> None:
        """Note that somebody has looked at the text up to here."""
        while self._later and self._later[0][0] <= observed:
            self.add(self._later.popleft()[1])
