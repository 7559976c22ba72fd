"""A call under its project's policy: what may travel on, what may be kept, and what the guards decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from guardrails.one_way import RedactionKeys
from guardrails.policy import Policy
from guardrails.session import Blocked, Decision, Detector, GuardSession, PlacedText, TextStream
from guardrails.verdict import ACTIONS, STOPPING, Action, Place
from inference_proxy.endpoints.base import Body, Endpoint
from inference_proxy.errors import invalid, stopped
from inference_proxy.plain_chunks import PlainChunks
from inference_proxy.relay import DONE, payloads, split_events
from inference_proxy.texts import (
    OF_CALLS,
    TECHNICAL_OF_ANSWERS,
    Slot,
    every_text,
    is_machinery,
    other_texts,
    put_all,
)
from inference_proxy.transcript import TEXT_FIELDS, Channel, Transcript, says_content_only
from ingest.records import Message

GROWING_PARTS = frozenset({*TEXT_FIELDS, "tool_calls", "function_call", "audio", "reasoning_details"})
"""Parts of a delta whose texts grow from chunk to chunk, beside its plain strings."""
NAMES_OF_SOMEONE = frozenset({"user", "session"})
"""Labels by which calls are told apart: what is masked of them is kept under an alias."""
ANSWER_PLACES: frozenset[Place] = frozenset({"answer", "reasoning", "tool_arguments"})


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """What the guards made of a whole answer."""

    content: bytes
    """What goes to the caller."""
    messages: list[Message]
    """What may be kept."""
    blocked_by: str = ""
    reason: str = ""
    action: Action = "allow"
    """`block` or `escalate` when a guard stopped it."""


class Guarding:
    """One call's passage through the guards, there and back."""

    def __init__(
        self,
        policy: Policy | None,
        detector: Detector | None,
        *,
        alias: Callable[[str], str],
        reference: str = "",
        conversation: str = "",
        keys: RedactionKeys | None = None,
    ) -> None:
        self._reference = reference
        self._policy = policy
        self._has_guards = policy is not None and bool(policy.guards)
        self._session = GuardSession(policy, detector, conversation, keys)
        self._alias = alias
        self._placeholders_sent = False
        self.kept: Body | None = None
        """The request as it may be kept; None until the guards have seen it."""
        self.kept_labels: Mapping[str, str] = {}
        """What the caller's headers say of the call, as it may be kept; empty until the guards have seen it."""

    @property
    def decisions(self) -> Sequence[Decision]:
        """What the guards decided so far."""
        return self._session.decisions

    @property
    def has_guards(self) -> bool:
        """True when a policy with guards is in force."""
        return self._has_guards

    @property
    def looks_at_answers(self) -> bool:
        """True when an answer cannot simply be passed on."""
        return self._placeholders_sent or (
            self._policy is not None
            and any(not ANSWER_PLACES.isdisjoint(guard.places) for guard in self._policy.guards)
        )

    async def check_request(
        self, endpoint: Endpoint, raw: bytes, body: Body, labels: Mapping[str, str]
    ) -> None:
        """Mask the body in place for its journey, and set what may be kept of it and of the labels.

        Raises RequestError when a guard blocks the call, or when it carries what no guard can read.
        """
        if not self._has_guards:
            self.kept, self.kept_labels = body, labels
            return
        unscannable = endpoint.unscannable(body)
        if unscannable and self._enforces("user"):
            raise invalid(
                f"'{unscannable}' holds token numbers, which the guards of this project cannot read. Send text.",
                param=unscannable,
                code="not_guardable",
            )
        slots = endpoint.request_slots(body)
        # A feature called 10.4.2.1 is no address of somebody's machine.
        guarded = {
            name: text for name, text in labels.items() if name in NAMES_OF_SOMEONE or not is_machinery(text)
        }
        about = [PlacedText(place="user", text=text) for text in guarded.values()]
        outcome = await self._session.check_input([*about, *_placed(slots)])
        self.kept_labels = dict(labels) | {
            name: self._alias(text) if text != stored and name in NAMES_OF_SOMEONE else stored
            for (name, text), stored in zip(guarded.items(), outcome.stored, strict=False)
        }
        travels, stored = outcome.texts[len(about) :], outcome.stored[len(about) :]
        self.kept = body
        if stored != travels or any(slot.is_address for slot in slots):
            # What travels differs from what may be kept: two bodies from here on.
            self.kept = orjson.loads(raw)
            put_all(endpoint.request_slots(self.kept), stored)
        self._placeholders_sent = put_all(slots, travels, travels=True)
        if outcome.action in STOPPING:
            raise stopped(
                outcome.action,
                guard=outcome.blocked_by,
                reason=outcome.reason,
                reference=self._reference,
            )

    async def check_answer(self, endpoint: Endpoint, answer: Body, content: bytes) -> CheckedAnswer:
        """Restore and guard a whole answer, which is `content` parsed."""
        slots = endpoint.answer_slots(answer)
        if not slots:
            return CheckedAnswer(content, endpoint.output_messages(answer))
        came = tuple(slot.text for slot in slots)
        outcome = await self._session.check_output(_placed(slots))
        kept = answer
        if outcome.stored != came:
            kept = orjson.loads(content)
            put_all(endpoint.answer_slots(kept), outcome.stored)
        messages = endpoint.output_messages(kept)
        if outcome.action in STOPPING:
            return CheckedAnswer(b"", messages, outcome.blocked_by, outcome.reason, outcome.action)
        if outcome.texts == came:
            return CheckedAnswer(content, messages)
        if kept is answer:
            kept = orjson.loads(content)
            messages = endpoint.output_messages(kept)
        put_all(slots, outcome.texts, travels=True)
        _forget_log_probabilities(answer)
        return CheckedAnswer(orjson.dumps(answer), messages)

    def open_stream(self, body: Body, *, hides_usage: bool) -> "GuardedStream":
        """Return what guards a streamed answer."""
        form = body.get("response_format")
        is_json = isinstance(form, dict) and form.get("type") in ("json_object", "json_schema")
        return GuardedStream(self._session, is_json=is_json, hides_usage=hides_usage)

    def _enforces(self, place: Place) -> bool:
        return self._policy is not None and any(
            place in guard.places and not guard.is_shadow for guard in self._policy.guards
        )

    @property
    def strongest_action(self) -> str:
        """The strongest action taken; empty when no guard ran."""
        actions = [decision.action for decision in self.decisions if not decision.is_shadow]
        return max(actions, key=ACTIONS.index) if actions else ""


class GuardedStream:
    """Guards every growing text of a streamed answer, chunk by chunk.

    Chunks no guard changes pass as the bytes they were. Text that is held back goes out with a later
    chunk, at the latest right before the one that ends its choice.
    """

    def __init__(self, session: GuardSession, *, is_json: bool, hides_usage: bool) -> None:
        self._session = session
        self._is_json = is_json
        self._hides_usage = hides_usage
        self._streams: dict[Channel, TextStream] = {}
        self._closed: dict[Channel, str] = {}
        self._template: Body = {}
        self._finished: set[int] = set()
        self._plain = PlainChunks()
        self._plain_channel = Channel(0, "content")
        self.transcript = Transcript()

    @property
    def stored(self) -> dict[Channel, str]:
        """The texts as they may be kept."""
        stored = dict(self._closed)
        for channel, stream in self._streams.items():
            stored[channel] = stored.get(channel, "") + stream.stored
        return stored

    async def push(self, events: bytes) -> bytes:
        """Return what may go to the caller of some whole events. Raises Blocked when a guard stops the answer."""
        out: list[bytes] = []
        alike: list[bytes] = []
        texts: list[str] = []
        for event in split_events(events):
            text = self._plain.said_by(event)
            if text is not None and self._plain_channel in self._streams:
                alike.append(event)
                texts.append(text)
                continue
            if alike:
                out.append(await self._pass_alike(alike, texts))
                alike, texts = [], []
            payload = next(payloads(event), None)
            if payload is None:
                out.append(event)
            elif payload == DONE:
                self.transcript.is_done = True
                out += [*await self._finish_all(), event]
            else:
                out += await self._pass(event, payload)
        if alike:
            out.append(await self._pass_alike(alike, texts))
        return b"".join(out)

    async def finish(self) -> bytes:
        """Return what was still held back when the answer ended without saying so."""
        return b"".join(await self._finish_all())

    def close(self) -> None:
        """Have the guards' decisions recorded when the answer was cut short."""
        for stream in self._streams.values():
            stream.close()

    def ending(self) -> bytes:
        """Return the events that end a blocked answer the way OpenAI ends a filtered one."""
        open_choices = {channel.choice for channel in self._streams} - self._finished or {0}
        nothing: Body = {"text": ""} if self._is_text else {"delta": {}}
        choices = [
            {"index": index, **nothing, "logprobs": None, "finish_reason": "content_filter"}
            for index in sorted(open_choices)
        ]
        return _event(self._template | {"choices": choices}) + b"data: [DONE]\n\n"

    @property
    def _is_text(self) -> bool:
        return bool(self._template.get("object") == "text_completion")

    async def _pass_alike(self, events: list[bytes], texts: list[str]) -> bytes:
        """Guard what several chunks say that differ in their content alone; what changes leaves as one of them."""
        text = "".join(texts)
        self.transcript.say(self._plain_channel, text)
        ready = await self._streams[self._plain_channel].push(text)
        if ready == text:
            return b"".join(events)
        return self._plain.saying(ready) if ready else b""

    async def _pass(self, event: bytes, payload: bytes) -> list[bytes]:
        try:
            chunk = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return []  # text no guard can place does not pass where guards look
        if not isinstance(chunk, dict):
            return []
        if chunk.get("error"):
            self.transcript.add(chunk)
            return [*await self._finish_all(), event]
        try:
            return await self._pass_chunk(event, payload, chunk)
        except (AttributeError, TypeError, ValueError, KeyError):
            return []  # nor does a chunk of a shape nobody promised

    async def _pass_chunk(self, event: bytes, payload: bytes, chunk: Body) -> list[bytes]:
        choices: list[Body] = chunk.get("choices") or []
        others = _other_texts(chunk)
        is_plain = not others and says_content_only(chunk) and not choices[0].get("logprobs")
        changed = await self._guard_others(others, payload, chunk)
        if not choices and self._hides_usage and chunk.get("usage"):
            return []
        if choices and not self._template:
            self._template = {key: value for key, value in chunk.items() if key in TECHNICAL_OF_ANSWERS}
        before: list[bytes] = []
        for choice in choices:
            changed = await self._guard_choice(choice) or changed
            if choice.get("finish_reason"):
                before += await self._finish_choice(int(choice.get("index") or 0))
        if is_plain:
            # Nothing but its content has to pass the guards, and chunks like it are known from here on.
            self._plain.learn(event)
            self._plain_channel = Channel(int(choices[0].get("index") or 0), "content")
        if not changed:
            return [*before, event]
        return before if all(map(_says_nothing, choices)) else [*before, _event(chunk)]

    async def _guard_choice(self, choice: Body) -> bool:
        """Guard the growing texts of a choice; what its last chunk says is finished in that chunk."""
        changed = False
        for channel, holder, key, place in _growing_texts(choice):
            stream = self._streams.get(channel)
            if stream is None:
                is_json = place == "tool_arguments" or (self._is_json and channel.field == "content")
                stream = self._streams[channel] = self._session.open_stream(place, is_json=is_json)
            text = await stream.push(holder[key])
            if choice.get("finish_reason"):
                text += await self._close(channel)
            if text != holder[key]:
                holder[key] = text
                changed = True
        if changed and choice.get("logprobs"):
            choice["logprobs"] = None  # they spell out what is held back
        return changed

    async def _guard_others(self, slots: Sequence[Slot], payload: bytes, chunk: Body) -> bool:
        """Guard what else a chunk says, each text whole, and let the transcript hear what may be kept of it."""
        if not slots:
            self.transcript.add(chunk)
            return False
        outcome = await self._session.check_output(_placed(slots))
        kept = orjson.loads(payload)
        put_all(_other_texts(kept), outcome.stored)
        self.transcript.add(kept)
        if outcome.action in STOPPING:
            raise Blocked(outcome.blocked_by, outcome.reason, outcome.action)
        return put_all(slots, outcome.texts, travels=True)

    async def _finish_choice(self, index: int) -> list[bytes]:
        self._finished.add(index)
        events = []
        for channel in [channel for channel in self._streams if channel.choice == index]:
            rest = await self._close(channel)
            if rest:
                events.append(_event(self._template | {"choices": [self._choice_with(channel, rest)]}))
        return events

    async def _close(self, channel: Channel) -> str:
        stream = self._streams[channel]
        rest = await stream.finish()
        del self._streams[channel]
        self._closed[channel] = self._closed.get(channel, "") + stream.stored
        return rest

    async def _finish_all(self) -> list[bytes]:
        indices = {channel.choice for channel in self._streams}
        return [event for index in sorted(indices) for event in await self._finish_choice(index)]

    def _choice_with(self, channel: Channel, text: str) -> Body:
        said: Body = {"text": text} if self._is_text else {"delta": _delta_with(channel, text)}
        return {"index": channel.choice, **said, "logprobs": None, "finish_reason": None}


def _delta_with(channel: Channel, text: str) -> Body:
    if channel.field == "function_call":
        return {"function_call": {"arguments": text}}
    if channel.field == "audio":
        return {"audio": {"transcript": text}}
    if channel.field == "tool_calls":
        return {"tool_calls": [{"index": channel.tool, "function": {"arguments": text}}]}
    if channel.field == "custom":
        return {"tool_calls": [{"index": channel.tool, "custom": {"input": text}}]}
    if channel.field.startswith("reasoning_details."):
        key = channel.field.partition(".")[2]
        return {"reasoning_details": [{"index": channel.tool, key: text}]}
    return {channel.field: text}


def _growing_texts(choice: Body) -> list[tuple[Channel, Any, str, Place]]:
    """Find the texts of one choice of a chunk: channel, container, key and place of each."""
    index = int(choice.get("index") or 0)
    found: list[tuple[Channel, Any, str, Place]] = []
    if isinstance(choice.get("text"), str):
        found.append((Channel(index, "content"), choice, "text", "answer"))
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return found
    for name, value in delta.items():
        place: Place = "reasoning" if name in TEXT_FIELDS[2:] else "answer"
        if isinstance(value, str) and name != "role":
            found.append((Channel(index, name), delta, name, place))
        elif name in TEXT_FIELDS:  # in parts, as some servers put it
            parts = every_text(value, place)
            found += [(Channel(index, name), each.container, each.key, place) for each in parts]
    audio = delta.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        found.append((Channel(index, "audio"), audio, "transcript", "answer"))
    function = delta.get("function_call")
    if isinstance(function, dict) and isinstance(function.get("arguments"), str):
        found.append((Channel(index, "function_call"), function, "arguments", "tool_arguments"))
    for position, call in enumerate(delta.get("tool_calls") or ()):
        number = int(call.get("index", position))
        for part, key in (("function", "arguments"), ("custom", "input")):
            holder = call.get(part)
            if isinstance(holder, dict) and isinstance(holder.get(key), str):
                channel = Channel(index, "tool_calls" if part == "function" else "custom", number)
                found.append((channel, holder, key, "tool_arguments"))
    for position, detail in enumerate(delta.get("reasoning_details") or ()):
        for key in ("text", "summary"):
            if isinstance(detail, dict) and isinstance(detail.get(key), str):
                number = int(detail.get("index", position))
                found.append((Channel(index, f"reasoning_details.{key}", number), detail, key, "reasoning"))
    return found


def _other_texts(chunk: Body) -> list[Slot]:
    """Find the texts of a chunk that do not grow: whole arguments, annotations, fields nobody knows."""
    slots = other_texts(chunk)
    for choice in chunk.get("choices") or ():
        slots.extend(every_text(choice.get("message"), "answer"))
        delta = choice.get("delta")
        for name, value in delta.items() if isinstance(delta, dict) else ():
            if name in ("tool_calls", "function_call"):
                slots.extend(_of_calls(value or []))
            elif name not in GROWING_PARTS and isinstance(value, dict | list):
                slots.extend(every_text(value, "answer"))
    return slots


def _of_calls(value: Any) -> Iterator[Slot]:
    """Find the texts of calls but for the arguments that grow."""
    calls = value if isinstance(value, list) else [{"function": value}]
    growing = {(id(call.get("function")), "arguments") for call in calls}
    growing |= {(id(call.get("custom")), "input") for call in calls}
    for slot in every_text(calls, "tool_arguments", technical=OF_CALLS):
        if (id(slot.container), slot.key) not in growing:
            yield slot


def _says_nothing(choice: Body) -> bool:
    """True when all that a chunk had to say of a choice is held back for later."""
    if choice.get("finish_reason") or choice.get("text"):
        return False
    delta = choice.get("delta") or {}
    for name, value in delta.items():
        if name == "tool_calls":
            if any(_is_more_than_arguments(call) for call in value or ()):
                return False
        elif value:
            return False
    return True


def _is_more_than_arguments(call: Body) -> bool:
    body = call.get("function") or call.get("custom") or {}
    return bool(call.get("id") or body.get("name") or body.get("arguments") or body.get("input"))


def _event(value: object) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _placed(slots: Sequence[Slot]) -> list[PlacedText]:
    return [PlacedText(place, container[key]) for container, key, place, _ in slots]


def _forget_log_probabilities(answer: Body) -> None:
    for choice in answer.get("choices") or ():
        if isinstance(choice, dict) and choice.get("logprobs"):
            choice["logprobs"] = None


__all__ = ["Blocked", "CheckedAnswer", "GuardedStream", "Guarding"]
