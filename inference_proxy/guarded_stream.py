"""Guards a streamed answer, whatever protocol it comes in: events in, events out, and never a word too many."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from guardrails.moves import Moves
from guardrails.session import Blocked, Decision, GuardSession, PlacedText, TextStream
from guardrails.verdict import STOPPING, Place
from inference_proxy.relay import DONE, payloads, split_events
from inference_proxy.texts import Slot, put_all
from inference_proxy.wires.annotations import (
    last_place,
    move_beside,
    moved_note,
    moved_notes,
    with_cited_places,
)
from inference_proxy.wires.events import (
    Aside,
    Channel,
    ChannelEnds,
    ChoiceEnds,
    Chunk,
    Echo,
    Event,
    Noted,
    Said,
    Wire,
    forget_log_probabilities,
)

FIRST_HELD = "parapet.first_held_us."
"""Before a guard's name: the attribute of a span that says what the guard added to the first token's time."""
LONGEST_REPEATED = 1 << 20
"""A text that is longer than this is guarded again where an answer repeats it."""


class _Moved(NamedTuple):
    """Where the places of a text are now, for the caller and for the record."""

    went: Moves | None
    stored: Moves | None


_UNMOVED = _Moved(Moves(), Moves())


@dataclass(slots=True)
class _Open:
    """One growing text under guard."""

    stream: TextStream
    place: Place
    came: list[str] = field(default_factory=list)
    """What the upstream said, kept where it may be said again."""
    size: int = 0


class GuardedStream:
    """Guards every growing text of a streamed answer, chunk by chunk.

    Chunks no guard changes pass as the bytes they were. Text that is held back goes out with a later chunk, at the
    latest right before the one that ends its channel. What an answer repeats is repeated as it went out.
    """

    def __init__(
        self,
        session: GuardSession,
        wire: Wire,
        *,
        sent: Collection[str] = (),
        documents: Sequence[Moves | None] = (),
    ) -> None:
        self._session = session
        self._wire = wire
        self._plain = wire.plain
        self._repeats = wire.repeats
        self._sent = sent
        """The texts of the request, as they travelled."""
        self._documents = documents
        """Where the places of its documents are that the caller sent."""
        self._open: dict[Channel, _Open] = {}
        self._moves: dict[Channel, _Moved] = {}
        """Where the places of the texts are that went out whole."""
        self._noted: dict[Channel, list[tuple[Any, Chunk]]] = {}
        """Notes about stretches of a text that has not gone out yet, and what they came with."""
        self._stored: dict[Channel, str] = {}
        self._went: dict[Channel, list[str]] = {}
        """What went out of each channel, where it may have to be said again."""
        self._repeated: dict[tuple[Place, str], tuple[str, str, _Moved]] = {}
        """What a text that was said in full became, for the caller and for the record."""
        self._unsent: list[bytes] = []
        self._plain_channel: Channel | None = None
        self.hearing = wire.hearing

    @property
    def keep_alive(self) -> bytes:
        """What may be sent between two events while nothing else can be."""
        return self._wire.keep_alive

    @property
    def is_holding(self) -> bool:
        """True while something that came is held back."""
        return any(each.stream.is_holding for each in self._open.values())

    @property
    def stored(self) -> dict[Channel, str]:
        """The texts as they may be kept."""
        stored = dict(self._stored)
        for channel, each in self._open.items():
            stored[channel] = stored.get(channel, "") + each.stream.stored
        return stored

    @property
    def stored_moves(self) -> dict[Channel, Moves | None]:
        """Where the places of the texts are in what may be kept."""
        moves = {channel: each.stored for channel, each in self._moves.items()}
        return moves | {channel: each.stream.stored_moves for channel, each in self._open.items()}

    async def push(self, events: bytes) -> bytes:
        """Return what may go to the caller of some whole events. Raises Blocked when a guard stops the answer."""
        out = self._unsent
        alike: list[bytes] = []
        texts: list[str] = []
        plain = self._plain
        for event in split_events(events):
            text = plain.said_by(event)
            if text is not None and self._plain_channel in self._open:
                alike.append(event)
                texts.append(text)
                continue
            if alike:
                await self._pass_alike(alike, texts)
                alike, texts = [], []
            payload = next(payloads(event), None)
            if payload is None:
                out.append(event)
            elif payload == DONE:
                self.hearing.is_done = True
                await self._finish_choice(None)
                out.append(event)
            else:
                await self._pass(event, payload)
        if alike:
            await self._pass_alike(alike, texts)
        return self._take()

    async def finish(self) -> bytes:
        """Return what was still held back when the answer ended without saying so."""
        await self._finish_choice(None)
        return self._take()

    def close(self) -> None:
        """Have the guards' decisions recorded when the answer was cut short."""
        for each in self._open.values():
            each.stream.close()

    def ending(self, note: Mapping[str, str] | None = None) -> bytes:
        """Return what ends a blocked answer, after what had been let through before the guard spoke.

        `note` says why, where a protocol has room for it.
        """
        went = {channel: "".join(parts) for channel, parts in self._went.items()}
        return self._take() + self._wire.ending(went, note or {})

    def _take(self) -> bytes:
        out, self._unsent = self._unsent, []
        return out[0] if len(out) == 1 else b"".join(out)

    async def _pass_alike(self, events: list[bytes], texts: list[str]) -> None:
        """Guard what several chunks say that differ in their words alone; what changes leaves as one of them."""
        text = texts[0] if len(texts) == 1 else "".join(texts)
        channel = self._plain_channel
        assert channel is not None
        self.hearing.say(channel, text)
        held = self._open[channel]
        ready = await (self._push_text(channel, text) if self._repeats else held.stream.push(text))
        if ready == text:
            self._unsent += events
        elif ready:
            self._unsent.append(self._plain.saying(ready))
        if self._noted:
            self._note_later(channel)

    async def _pass(self, event: bytes, payload: bytes) -> None:
        try:
            chunk = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return  # text no guard can place does not pass where guards look
        if not isinstance(chunk, dict):
            return
        try:
            await self._pass_chunk(event, payload, chunk)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            return  # nor does a chunk of a shape nobody promised

    async def _pass_chunk(self, event: bytes, payload: bytes, chunk: Chunk) -> None:
        wire = self._wire
        wire.see(chunk)
        said = wire.read(chunk)
        wholes = self._whole_texts(said)
        channel = wire.plain_channel(chunk) if len(said) == 1 and not wholes else None
        # What is kept of it is not known before its whole texts are guarded.
        (wire.hearing.count if wholes else wire.hearing.add)(chunk)
        changed = False
        for each in said:
            if isinstance(each, Said):
                changed = await self._say(each) or changed
        for each in said:
            if isinstance(each, ChannelEnds):
                await self._finish_channel(each.channel)
            elif isinstance(each, ChoiceEnds):
                await self._finish_choice(each.choice)
            elif isinstance(each, Echo):
                changed = self._turn_back(each) or changed
        if wholes:
            changed = await self._guard_wholes(wholes, payload, chunk) or changed
        for each in said:
            if isinstance(each, Noted):
                changed = self._note(each, chunk) or changed
        if self._documents:
            changed = self._cite(chunk) or changed
        if channel is not None:
            # Nothing but its words has to pass the guards, and chunks like it are known from here on.
            wire.plain.learn(event)
            self._plain_channel = channel
        if wire.is_hidden(chunk):
            return
        if changed:
            forget_log_probabilities(chunk)
        self._unsent.append(wire.changed(chunk) if changed else wire.passed(event, chunk))
        for each in said if self._noted else ():
            if isinstance(each, Said):
                self._note_later(each.channel)

    def _whole_texts(self, said: Sequence[Event]) -> list[Slot]:
        """Return the texts that do not grow, but for those that the caller sent."""
        slots: list[Slot] = []
        for each in said:
            if isinstance(each, Aside):
                slots += each.slots
            elif isinstance(each, Echo):
                slots += [slot for slot in each.slots if slot.text not in self._sent]
        return slots

    async def _say(self, said: Said) -> bool:
        """Guard some more of a growing text, and put in its place what may go out of it now."""
        came = said.container[said.key]
        if said.channel not in self._open:
            stream = self._session.open_stream(said.place, is_json=said.is_json)
            self._open[said.channel] = _Open(stream, said.place)
        ready = await self._push_text(said.channel, came)
        if said.is_last:
            ready += await self._close_channel(said.channel)
            if ready and said.channel in self._noted:
                # They belong behind their text, and before the end that comes with it.
                self._unsent.append(self._wire.saying(said.channel, ready))
                ready = ""
            self._note_later(said.channel)
        if ready == came:
            return False
        said.container[said.key] = ready
        return True

    async def _push_text(self, channel: Channel, text: str) -> str:
        held = self._open[channel]
        if self._repeats and held.size <= LONGEST_REPEATED:
            held.came.append(text)
            held.size += len(text)
        ready = await held.stream.push(text)
        if self._repeats:
            self._went.setdefault(channel, []).append(ready)
        return ready

    async def _finish_choice(self, choice: int | None) -> None:
        for channel in sorted(self._open):
            if choice in (None, channel.choice):
                await self._finish_channel(channel)

    async def _finish_channel(self, channel: Channel) -> None:
        if channel in self._open:
            rest = await self._close_channel(channel)
            if rest:
                self._unsent.append(self._wire.saying(channel, rest))
            self._note_later(channel)

    def _note(self, noted: Noted, chunk: Chunk) -> bool:
        """Move the notes whose text has gone out, and keep the others for later; true unless all pass as they came."""
        came = noted.container[noted.key]
        notes = came if isinstance(came, list) else [came]
        waiting = [note for note in notes if not self._has_released(noted.channel, note)]
        ready = moved_notes([note for note in notes if note not in waiting], self._moves_of(noted.channel))
        if waiting:
            self._noted.setdefault(noted.channel, []).extend((note, chunk) for note in waiting)
        if ready == notes:
            return False
        noted.container[noted.key] = ready if isinstance(came, list) else next(iter(ready), None)
        return True

    def _note_later(self, channel: Channel) -> None:
        """Send the notes whose text has gone out meanwhile."""
        waiting = self._noted.pop(channel, ())
        for note, chunk in waiting:
            if not self._has_released(channel, note):
                self._noted.setdefault(channel, []).append((note, chunk))
                continue
            moved = moved_note(note, self._moves_of(channel))
            if moved is not None:
                self._unsent.append(self._wire.noting(channel, moved, chunk))

    def _has_released(self, channel: Channel, note: Any) -> bool:
        place = last_place(note)
        return place is None or channel not in self._open or self._open[channel].stream.has_released(place)

    def _moves_of(self, channel: Channel) -> Moves | None:
        if channel in self._open:
            return self._open[channel].stream.moves
        return self._moves.get(channel, _UNMOVED).went

    def _cite(self, chunk: Chunk) -> bool:
        """Have citations count the places of documents as the caller sent them."""
        has_changed = False
        for key in ("delta", "content_block"):
            cited = with_cited_places(chunk.get(key), self._documents)
            if cited != chunk.get(key):
                chunk[key], has_changed = cited, True
        return has_changed

    async def _close_channel(self, channel: Channel) -> str:
        held = self._open[channel]
        rest = await held.stream.finish()
        del self._open[channel]
        stored, moved = held.stream.stored, _Moved(held.stream.moves, held.stream.stored_moves)
        self._stored[channel] = self._stored.get(channel, "") + stored
        self._moves[channel] = moved
        if self._repeats:
            self._went[channel].append(rest)
            if held.size <= LONGEST_REPEATED:
                self._repeated[held.place, "".join(held.came)] = "".join(self._went[channel]), stored, moved
        return rest

    async def _guard_wholes(self, slots: Sequence[Slot], payload: bytes, chunk: Chunk) -> bool:
        """Guard what a chunk says that does not grow, and let the hearing have what may be kept of it.

        What repeats a text that went out is repeated as it went out.
        """
        became = [self._repeated.get((slot.place, slot.text)) for slot in slots]
        fresh = [slot for slot, known in zip(slots, became, strict=True) if known is None]
        outcome = await self._session.check_output([PlacedText(slot.place, slot.text) for slot in fresh])
        moved = [_Moved(*each) for each in zip(outcome.moves, outcome.stored_moves, strict=True)]
        following = iter(zip(outcome.texts, outcome.stored, moved or [_UNMOVED] * len(fresh), strict=True))
        texts = [next(following) if known is None else known for known in became]
        kept = chunk
        if any(
            slot.text != went or slot.text != stored
            for slot, (went, stored, _) in zip(slots, texts, strict=True)
        ):
            kept = orjson.loads(payload)
            kept_slots = self._whole_texts(self._wire.read(kept))
            put_all(kept_slots, [stored for _, stored, _ in texts])
            move_beside(kept_slots, [moves.stored for *_, moves in texts])
        self._wire.hearing.add(kept)
        if outcome.action in STOPPING:
            raise Blocked(outcome.blocked_by, outcome.reason, outcome.action)
        has_changed = put_all(slots, [went for went, *_ in texts], travels=True)
        return move_beside(slots, [moves.went for *_, moves in texts]) or has_changed

    def _turn_back(self, echo: Echo) -> bool:
        slots = [slot for slot in echo.slots if slot.text in self._sent]
        return put_all(slots, [self._session.turned_back(slot.text) for slot in slots])


def first_waits(decisions: Sequence[Decision]) -> dict[str, str]:
    """Return what each guard added to the time until a stream's first words, as attributes of its span."""
    waits: dict[str, int] = {}
    for each in decisions:
        if each.first_held_us is not None:
            name = FIRST_HELD + each.guard
            waits[name] = max(waits.get(name, 0), each.first_held_us)
    return {name: str(waited_us) for name, waited_us in waits.items()}
