"""One request under its policy: texts in, what may travel on and what may be stored out."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrails.findings import Stretch
from guardrails.glance import Glance, glance_of, is_json
from guardrails.growing_json import GrowingJson
from guardrails.json_text import JsonText, Replacement, encodable, looks_like_json, replaced
from guardrails.local import NOTHING_SAID, SAID_BY_OTHERS, Conversation, task_of
from guardrails.moves import Moves, moves_of
from guardrails.one_way import RedactionKeys
from guardrails.outcome import WITHHELD, Blocked, Decision, Detector, Outcome, PlacedText
from guardrails.permits import Holding, Permits
from guardrails.policy import Policy
from guardrails.redaction import NEED_KEYS, Entry, Vault
from guardrails.registry import Check, RemoteGuard
from guardrails.rollout import in_force
from guardrails.streaming import TextStream
from guardrails.tally import Tally
from guardrails.verdict import ACTIONS, CHANGING, STOPPING, Action, Failure, Finding, Place
from guardrails.watch import Watch

__all__ = ["Blocked", "Decision", "Detector", "GuardSession", "Outcome", "PlacedText", "TextStream"]


@dataclass(slots=True)
class GuardSession:
    """Guards one request and its answer. Make one for each request and throw it away after."""

    policy: Policy | None
    detector: Detector | None = None
    conversation: str = ""
    """What names the conversation, or else the call: by it a roll-out to a part of the traffic is decided."""
    keys: RedactionKeys | None = field(default=None, repr=False)
    """For guards that hash or encrypt what they mask; without them such a guard is misconfigured."""
    recalled: Sequence[Entry] = field(default=(), repr=False)
    """What earlier requests of the conversation put in place of values."""
    is_forgetful: bool = False
    """True when the conversation kept something that cannot be had now."""
    is_one_way: bool = False
    """True where nothing that is masked comes back: to a model whose answer is its input without it."""
    decisions: list[Decision] = field(default_factory=list)
    """What every guard that ran has decided so far."""
    shown: dict[str, list[Finding]] | None = field(default=None, repr=False)
    """Give it one, and it is told every finding by guard, for somebody who tries a policy on a text."""
    permits: Permits | None = field(default=None, repr=False)
    """What people let pass of what guards held; None where nothing is let pass."""
    _glance: Glance | None = field(default=None, repr=False)
    _opened: Vault | None = field(default=None, repr=False)
    _conversation: Conversation = field(default=NOTHING_SAID, repr=False)
    _asked: Sequence[PlacedText] = field(default=(), repr=False)
    _unreserved: Sequence[PlacedText] = field(default=(), repr=False)
    """What the vault has to be told of when it is opened."""
    _holding: Holding | None = field(default=None, repr=False)
    _unclear: Sequence[PlacedText] | None = field(default=None, repr=False)
    """What a first look has not let pass: a second one would not, either."""

    def __post_init__(self) -> None:
        if self.policy is not None:
            self.policy = in_force(self.policy, self.conversation)
            self._glance = glance_of(self.policy)

    def lets_pass(self, texts: Sequence[PlacedText], *, is_answer: bool) -> bool:
        """Tell at a first look whether whole texts travel, and are kept, as they are; most do, and that is decided then.

        False says nothing yet: `check_input` or `check_output` looks closer.
        """
        glance = self._glance
        if glance is None:
            return True
        if self._turns_back if is_answer else glance.has_detectors or self.recalled:
            return False
        allowed = glance.allowed(texts, self._conversation, is_streamed=False)
        if allowed is None:
            self._unclear = texts
            return False
        self.decisions += allowed
        if not is_answer:
            self._asked = texts
            if glance.checks:
                self._unreserved = (*self._unreserved, *texts)
            self._hear([text for place, text in texts if place == "system"])
        return True

    def _hear(self, system: Sequence[str]) -> None:
        """Know what system prompts say, as they travel."""
        if system:
            self._conversation = replace(self._conversation, system=(*self._conversation.system, *system))

    async def check_input(self, texts: Sequence[PlacedText]) -> Outcome:
        """Check what goes to the provider. What is masked gets a placeholder that comes back in the answer."""
        self._asked = texts
        has_detectors = False
        if self._glance is not None and self._glance.checks:
            has_detectors = self._glance.has_detectors
            self._unreserved = (*self._unreserved, *texts)
            if self.recalled and not self.is_one_way:
                self._vault.recall(self.recalled)
        if has_detectors:
            self._conversation = replace(self._conversation, task=encodable(task_of(texts)))
        outcome = await self.check(texts, is_answer=False)
        self._hear([text for (place, _), text in zip(texts, outcome.texts, strict=True) if place == "system"])
        if has_detectors:
            said = [
                text for each, text in zip(texts, outcome.texts, strict=True) if each.place in SAID_BY_OTHERS
            ]
            self._conversation = replace(self._conversation, context="\n\n".join(said))
        return outcome

    @property
    def entries(self) -> Sequence[Entry]:
        """What a conversation would have to keep of this request: values and what stands for them."""
        return () if self._opened is None else self._opened.entries

    @property
    def _vault(self) -> Vault:
        """What stands for which value; opened when there is something to keep in it."""
        if self._opened is None:
            self._opened = Vault(self.keys)
        if self._unreserved:
            texts, self._unreserved = self._unreserved, ()
            self._opened.reserve(encodable(each.text) for each in texts)
        return self._opened

    @property
    def _turns_back(self) -> bool:
        return self._opened is not None and not self._opened.is_empty

    async def check_output(self, texts: Sequence[PlacedText]) -> Outcome:
        """Check a whole answer, and turn the placeholders of the input back for the caller."""
        return await self.check(texts, is_answer=True)

    def open_stream(self, place: Place, *, is_json: bool = False) -> TextStream:
        """Return what guards one growing text, such as the answer of one choice.

        Arguments of tools are held until they are whole. For an answer that is JSON say so: what comes back into it is
        then escaped.
        """
        return TextStream(self, place, is_json=is_json)

    def tallies(self, place: Place) -> list[Tally]:
        """Return a fresh tally for every guard that looks at a place."""
        relevant = self._glance.at(place) if self._glance else ()
        made = [Tally(check, place, failure=check.failure or self._lacks_keys(check)) for check in relevant]
        if self.shown is not None:
            for tally in made:
                tally.findings = self.shown.setdefault(tally.check.config.name, [])
        return made

    def _lacks_keys(self, check: Check) -> Failure | None:
        if self.keys is not None or check.config.replacement not in NEED_KEYS:
            return None
        return Failure(
            error="misconfigured",
            reason=f"there is no key to {check.config.replacement} with: give the session its keys",
        )

    def watch(self, tallies: Sequence[Tally], *, is_answer: bool, is_growing: bool = False) -> Watch:
        """Return what follows a text under these guards."""
        expression = self._vault.expression() if is_answer and self._turns_back else None
        return Watch(tallies, expression, self._conversation, is_growing=is_growing)

    def turned_back(self, text: str) -> str:
        """Return a text of the request as the caller wrote it, its placeholders turned back. No guard looks at it."""
        watch = self.watch((), is_answer=True)
        watch.grow(text, is_final=True)
        whole, start, stretches = watch.release(is_final=True)
        return replaced(whole, self.replacements(whole, start, stretches, is_answer=True)[0])

    async def ask(self, watches: Sequence[Watch], *, is_waited_for: bool | None = None) -> None:
        """Show the detectors every window that waits; several detectors are asked at once.

        Of a growing text the detectors that it waits for are asked apart from the others.
        """
        waiting: dict[tuple[int, str], list[tuple[Watch, Any]]] = {}
        for watch in watches:
            for remote in watch.remotes:
                if remote.windows and is_waited_for in (None, remote.is_waited_for):
                    tally = remote.tally
                    # Who is told something of the conversation may be told something else at another place.
                    place = "" if remote.guard is tally.check.remote else tally.place
                    waiting.setdefault((tally.check.order, place), []).append((watch, remote))
        calls = [self._ask_one(group) for group in waiting.values()]
        if len(calls) == 1:
            await calls[0]
        elif calls:
            await asyncio.gather(*calls)

    async def _ask_one(self, group: Sequence[tuple[Watch, Any]]) -> None:
        started = time.perf_counter_ns()
        check: Check = group[0][1].tally.check
        guard: RemoteGuard = group[0][1].guard
        shown = [(watch, remote, remote.take_windows()) for watch, remote in group]
        asked = [window.text for *_, windows in shown for window in windows if guard.may_find(window.text)]
        answers: Sequence[Sequence[Finding]] | Failure = ()
        if asked:
            answers = await self._detect(guard, asked, check.config.deadline_ms / 1_000)
        taken = time.perf_counter_ns() - started
        group[0][1].tally.duration_ns += taken
        if isinstance(answers, Failure):
            for watch, remote, windows in shown:
                watch.give_up(remote, windows, answers)
            return
        following = iter(answers)
        for watch, remote, windows in shown:
            verdicts = [next(following) if guard.may_find(window.text) else () for window in windows]
            watch.answer(remote, windows, verdicts)

    async def _detect(
        self, guard: RemoteGuard, texts: Sequence[str], deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        if self.detector is None:
            return Failure(error="misconfigured", reason="there is no guard server: set PARAPET_GUARD_URL")
        return await self.detector.detect(guard, texts, deadline_s=deadline_s)

    async def check(
        self,
        texts: Sequence[PlacedText],
        *,
        is_answer: bool,
        is_streamed: bool = False,
        held_ns: int | None = None,
    ) -> Outcome:
        """Check whole texts, on their way to the provider or back. Those of a stream were held for some time."""
        if self._glance is not None and texts is not self._unclear and not (is_answer and self._turns_back):
            allowed = self._glance.allowed(texts, self._conversation, is_streamed=is_streamed)
            if allowed is not None:
                if held_ns is not None:
                    held_us = held_ns // 1_000
                    allowed = [replace(each, held_us=held_us, first_held_us=held_us) for each in allowed]
                self.decisions += allowed
                as_they_are = tuple([text for _, text in texts])
                return Outcome(action="allow", texts=as_they_are, stored=as_they_are)
        texts = [PlacedText(place=each.place, text=encodable(each.text)) for each in texts]
        by_place = {place: self.tallies(place) for place in dict.fromkeys(each.place for each in texts)}
        followed: list[tuple[Watch, JsonText | GrowingJson | None]] = []
        for each in texts:
            as_json = _json_of(each) if is_json(each.place, each.text) else None
            watch = self.watch(by_place[each.place], is_answer=is_answer)
            watch.grow(as_json.view if as_json else each.text, is_final=True, raw=each.text)
            followed.append((watch, as_json))
        await self.ask([watch for watch, _ in followed])
        tallies = [tally for group in by_place.values() for tally in group]
        if any(watch.has_escalated for watch, _ in followed):
            held = [(watch, each.text) for (watch, _), each in zip(followed, texts, strict=True)]
            await self.settle(held, tallies, is_answer=is_answer)
        travels: list[str] = []
        stored: list[str] = []
        changes: list[tuple[bool, Sequence[Replacement], Sequence[Replacement]]] = []
        for watch, as_json in followed:
            text, start, stretches = watch.release(is_final=True)
            on, kept = self.replacements(text, start, stretches, is_answer=is_answer)
            changes.append((as_json is not None, on, kept))
            travels.append(as_json.with_replaced(on) if as_json else replaced(text, on))
            stored.append(as_json.with_replaced(kept) if as_json else replaced(text, kept))
        for tally in tallies:
            tally.held_ns = tally.first_held_ns = held_ns
        unsafe = {tally.place for tally in tallies if tally.is_unsafe_to_store}
        kept_texts = tuple(
            WITHHELD if each.place in unsafe else text for each, text in zip(texts, stored, strict=True)
        )
        outcome = self._outcome(tallies, tuple(travels), kept_texts, is_streamed=is_streamed)
        if not any(on or kept for _, on, kept in changes):
            return outcome
        stored_moves = tuple(_moves(kept, is_json=in_json) for in_json, _, kept in changes)
        if outcome.action in STOPPING:
            return replace(outcome, moves=stored_moves, stored_moves=stored_moves)
        moves = tuple(_moves(on, is_json=in_json) for in_json, on, _ in changes)
        return replace(outcome, moves=moves, stored_moves=stored_moves)

    async def settle(
        self, texts: Sequence[tuple[Watch, str]], tallies: Sequence[Tally], *, is_answer: bool
    ) -> None:
        """Let pass what guards would hold for a person and a person has let pass before."""
        if self.keys is None:
            return
        if self._holding is None:
            self._holding = Holding(self.keys, self.permits, self._asked)
        await self._holding.settle(texts, tallies, is_answer=is_answer)

    def _outcome(
        self,
        tallies: Sequence[Tally],
        travels: tuple[str, ...],
        stored: tuple[str, ...],
        *,
        is_streamed: bool,
    ) -> Outcome:
        strongest: Action = "allow"
        stopped_by: Decision | None = None
        for tally in tallies:
            decision = self.record(tally, is_streamed=is_streamed)
            if not decision.is_shadow:
                strongest = max(strongest, decision.action, key=ACTIONS.index)
                if decision.action in STOPPING and (
                    stopped_by is None or (stopped_by.action == "escalate" and decision.action == "block")
                ):
                    stopped_by = decision
        if stopped_by is None:
            return Outcome(action=strongest, texts=travels, stored=stored)
        return Outcome(
            action=stopped_by.action,
            texts=stored,
            stored=stored,
            blocked_by=stopped_by.guard,
            reason=stopped_by.reason,
        )

    def record(self, tally: Tally, *, is_streamed: bool) -> Decision:
        """Turn a tally into a decision and keep it."""
        decision = tally.decision(is_streamed=is_streamed)
        if self.is_forgetful and decision.action in CHANGING:
            said = "the conversation could not be remembered, stand-ins hold for this call alone"
            decision = replace(decision, reason=f"{decision.reason}; {said}")
        self.decisions.append(decision)
        return decision

    def replacements(
        self, text: str, start: int, stretches: Sequence[Stretch], *, is_answer: bool
    ) -> tuple[list[Replacement], list[Replacement]]:
        """Return what replaces the stretches in the text that travels on, and in the one that is stored."""
        travels: list[Replacement] = []
        stored: list[Replacement] = []
        for stretch in stretches:
            first, last = stretch.start - start, stretch.end - start
            value = text[first:last]
            shown = value
            ours = self._vault.own(value) if is_answer and stretch.entity else None
            if ours is not None:
                # A guard found what we put there ourselves: it is kept as it is, and goes back as what it stands for.
                travels += [Replacement(first + begins, first + ends, said) for begins, ends, said in ours]
                continue
            if stretch.entity:
                config = self._glance.checks[stretch.rank[0]].config if self._glance else None
                shown = self._vault.stand_in(
                    stretch.entity,
                    value,
                    comes_back=not is_answer and not self.is_one_way,
                    style=config.replacement if config else "placeholder",
                    text=config.replacement_text if config else "",
                )
                stored.append(Replacement(first, last, shown))
            if stretch.may_pass:
                continue
            original = self._vault.original(shown) if is_answer else None
            if original is not None:
                shown = original
            travels.append(Replacement(first, last, shown))
        return travels, stored


def _moves(replacements: Sequence[Replacement], *, is_json: bool) -> Moves | None:
    # Places in JSON are counted as it is written, and it is replaced as it reads.
    return None if is_json and replacements else moves_of(replacements)


def _json_of(text: PlacedText) -> JsonText | GrowingJson:
    # What only begins like JSON is read as a stream would read it, which cannot know how it ends.
    if text.place == "answer" and not looks_like_json(text.text):
        return GrowingJson(text.text)
    return JsonText(text.text)
