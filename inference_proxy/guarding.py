"""A call under its project's policy: what may travel on, what may be kept, and what the guards decided."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import orjson

from guardrails.moves import Moves
from guardrails.one_way import RedactionKeys
from guardrails.permits import Permits
from guardrails.policy import Policy
from guardrails.redaction import Entry
from guardrails.session import Blocked, Decision, Detector, GuardSession, PlacedText
from guardrails.verdict import ACTIONS, STOPPING, Action, Place
from inference_proxy.endpoints.base import Body, Endpoint
from inference_proxy.errors import invalid, stopped
from inference_proxy.guarded_stream import GuardedStream
from inference_proxy.texts import Slot, is_name, put_all
from inference_proxy.wires.annotations import documents_of, move_beside, with_cited_places
from inference_proxy.wires.events import forget_log_probabilities
from ingest.records import Message

NAMES_OF_SOMEONE = frozenset({"user", "session"})
"""Labels by which calls are told apart: what is masked of them is kept under an alias."""
ANSWER_PLACES: frozenset[Place] = frozenset({"answer", "reasoning", "tool_arguments"})


class CheckedAnswer(NamedTuple):
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
        review_page: str = "",
        conversation: str = "",
        keys: RedactionKeys | None = None,
        permits: Permits | None = None,
    ) -> None:
        self._reference = reference
        self._review_page = review_page
        self._session = GuardSession(policy, detector, conversation, keys, permits=permits)
        # What is in force for this conversation: of a version that is rolled out, the one before it may be.
        self._policy = policy = self._session.policy
        self._has_guards = policy is not None and bool(policy.guards)
        self._reads_answers = policy is not None and any(
            not ANSWER_PLACES.isdisjoint(guard.places) for guard in policy.guards
        )
        self._alias = alias
        self._placeholders_sent = False
        self._sent: Sequence[str] = ()
        """The texts of the request, as they travel."""
        self._documents: Sequence[Moves | None] = ()
        """Where the places of its documents are that the caller sent."""
        self.kept: Body | None = None
        """The request as it may be kept; None until the guards have seen it."""
        self.kept_labels: Mapping[str, str] = {}
        """What the caller's headers say of the call, as it may be kept; empty until the guards have seen it."""

    @property
    def policy(self) -> Policy | None:
        """The policy that is in force for this call's conversation."""
        return self._session.policy

    def recall(self, entries: Sequence[Entry] | None) -> None:
        """Take what the conversation kept; None when that cannot be had, which the decisions then say."""
        self._session.recalled, self._session.is_forgetful = entries or (), entries is None

    @property
    def entries(self) -> Sequence[Entry]:
        """What the conversation would have to keep of this call."""
        return self._session.entries

    def let_nothing_come_back(self) -> None:
        """Keep what is masked in the request out of the answer, too."""
        self._session.is_one_way = True

    @property
    def review(self) -> dict[str, str]:
        """How a call that is held is found again: its reference, and the page where people decide."""
        page = self._review_page and f"{self._review_page}?reference={self._reference}"
        return {"reference": self._reference, **({"review_url": page} if page else {})}

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
        return self._placeholders_sent or self._reads_answers

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
            name: text for name, text in labels.items() if name in NAMES_OF_SOMEONE or not is_name(text)
        }
        about = [PlacedText(place="user", text=text) for text in guarded.values()]
        placed = _placed(slots)
        texts = [*about, *placed]
        if self._session.lets_pass(texts, is_answer=False):
            self.kept, self.kept_labels = body, labels
            self._sent = [text for _, text in placed]
            return
        outcome = await self._session.check_input(texts)
        self.kept_labels = dict(labels) | {
            name: self._alias(text) if text != stored and name in NAMES_OF_SOMEONE else stored
            for (name, text), stored in zip(guarded.items(), outcome.stored, strict=False)
        }
        travels, stored = outcome.texts[len(about) :], outcome.stored[len(about) :]
        if outcome.moves:
            moves = {
                id(slot.container): each
                for slot, each in zip(slots, outcome.moves[len(about) :], strict=True)
            }
            self._documents = [_way_back(moves.get(id(source))) for source in documents_of(body)]
        self.kept = body
        if stored != travels or any(slot.is_address for slot in slots):
            # What travels differs from what may be kept: two bodies from here on.
            self.kept = orjson.loads(raw)
            put_all(endpoint.request_slots(self.kept), stored)
        self._sent = travels
        self._placeholders_sent = put_all(slots, travels, travels=True)
        if outcome.action in STOPPING:
            raise stopped(
                outcome.action,
                guard=outcome.blocked_by,
                reason=outcome.reason,
                review=self.review,
            )

    async def check_answer(self, endpoint: Endpoint, answer: Body, content: bytes) -> CheckedAnswer:
        """Restore and guard a whole answer, which is `content` parsed."""
        echoes = endpoint.echo_slots(answer)
        sent = frozenset(self._sent) if echoes else frozenset()
        slots = _texts_of(endpoint, answer, echoes, sent)
        if not slots and not echoes:
            return CheckedAnswer(content, endpoint.output_messages(answer))
        texts = _placed(slots)
        if not self._documents and self._session.lets_pass(texts, is_answer=True):
            return CheckedAnswer(content, endpoint.output_messages(answer))
        came = tuple([text for _, text in texts])
        outcome = await self._session.check_output(texts)
        kept = answer
        if outcome.stored != came:
            kept = orjson.loads(content)
            kept_slots = _texts_of(endpoint, kept, endpoint.echo_slots(kept), sent)
            put_all(kept_slots, outcome.stored)
            move_beside(kept_slots, outcome.stored_moves or [Moves()] * len(kept_slots))
        messages = endpoint.output_messages(kept)
        if outcome.action in STOPPING:
            return CheckedAnswer(b"", messages, outcome.blocked_by, outcome.reason, outcome.action)
        repeated = [slot for slot in echoes if slot.text in sent]
        turned_back = put_all(repeated, [self._session.turned_back(slot.text) for slot in repeated])
        cites = any(self._documents) and isinstance(answer.get("content"), list)
        if outcome.texts == came and not turned_back and not cites:
            return CheckedAnswer(content, messages)
        if kept is answer:
            kept = orjson.loads(content)
            messages = endpoint.output_messages(kept)
        if put_all(slots, outcome.texts, travels=True):
            forget_log_probabilities(answer)
        if outcome.moves:
            move_beside(slots, outcome.moves)
        if cites:
            answer["content"] = with_cited_places(answer["content"], self._documents)
        return CheckedAnswer(orjson.dumps(answer), messages)

    async def quoted(self, message: str) -> str:
        """Return what may be kept of a sentence that a provider answers with instead of an answer."""
        if not self._has_guards or not message:
            return message
        outcome = await self._session.check_output([PlacedText(place="answer", text=message)])
        return outcome.stored[0]

    def open_stream(self, endpoint: Endpoint, body: Body, *, hides_usage: bool) -> GuardedStream:
        """Return what guards a streamed answer."""
        wire = endpoint.wire(body, hides_usage=hides_usage)
        sent = frozenset(self._sent) if wire.repeats else ()
        documents = self._documents if any(self._documents) else ()
        return GuardedStream(self._session, wire, sent=sent, documents=documents)

    def _enforces(self, place: Place) -> bool:
        return self._policy is not None and any(
            place in guard.places and not guard.is_shadow for guard in self._policy.guards
        )

    @property
    def strongest_action(self) -> str:
        """The strongest action taken; empty when no guard ran."""
        actions = {decision.action for decision in self.decisions if not decision.is_shadow}
        return max(actions, key=ACTIONS.index) if actions else ""


def _texts_of(endpoint: Endpoint, answer: Body, echoes: Sequence[Slot], sent: Collection[str]) -> list[Slot]:
    """Return the texts of a whole answer, but for those that the caller sent."""
    return endpoint.answer_slots(answer) + [slot for slot in echoes if slot.text not in sent]


def _way_back(moves: Moves | None) -> Moves | None:
    return moves.back() if moves else None


def _placed(slots: Sequence[Slot]) -> list[PlacedText]:
    return [PlacedText(place, container[key]) for container, key, place, _ in slots]


__all__ = ["Blocked", "CheckedAnswer", "GuardedStream", "Guarding"]
