"""Where in a text a policy finds something: the text in pieces, each with what it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from console.quality.replaying import PLACEHOLDER
from guardrails.client import GuardServer
from guardrails.json_text import JsonText, Replacement, encodable, replaced
from guardrails.policy import GuardConfig, Policy
from guardrails.session import GuardSession
from guardrails.verdict import Place
from guardrails.watch import Watch
from inference_proxy.span_texts import FoundText

_OPEN, _BETWEEN, _CLOSE = "\ue0f0", "\ue0f1", "\ue0f2"
"""Of the private use area: no text that is stored has them, for what has is cleaned of them first."""
_MARKS = str.maketrans("", "", _OPEN + _BETWEEN + _CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a text."""

    text: str
    entity: str = ""
    """What is found in it; empty for a piece in which nothing is."""
    guard: str = ""
    """Who finds it; empty for a placeholder, which was found before it was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A text of a call in pieces."""

    place: Place
    pieces: Sequence[Piece]
    error: str = ""
    """Why a guard could not look."""

    @property
    def is_marked(self) -> bool:
        """Whether anything is found in it."""
        return any(piece.entity for piece in self.pieces)


def marked(texts: Sequence[FoundText], guards: Sequence[GuardConfig]) -> list[MarkedText]:
    """Return texts with what the guards find in them, whatever would follow from it, and with their placeholders."""
    return async_to_sync(_marked)(texts, guards)


def placeholders_marked(text: str) -> list[Piece]:
    """Return a text with its placeholders marked."""
    pieces, at = [], 0
    for found in PLACEHOLDER.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text=text[at : found.start()]))
        pieces.append(Piece(text=found[0], entity=found[1]))
        at = found.end()
    return [*pieces, Piece(text=text[at:])] if at < len(text) else pieces


async def _marked(texts: Sequence[FoundText], guards: Sequence[GuardConfig]) -> list[MarkedText]:
    everything = [
        replace(guard, action="mask", actions={}, is_shadow=False, rollout_percent=100) for guard in guards
    ]
    policy = Policy(id=UUID(int=0), name="marking", version=0, guards=tuple(everything))
    server = GuardServer(settings.GUARD_URL, token=settings.GUARD_TOKEN)
    try:
        return [await _one(GuardSession(policy, server), each, everything) for each in texts]
    finally:
        await server.close()


async def _one(session: GuardSession, each: FoundText, guards: Sequence[GuardConfig]) -> MarkedText:
    text = encodable(each.text.translate(_MARKS))
    as_json = JsonText(text) if text.lstrip()[:1] in ("{", "[") else None
    watch: Watch = session.watch(session.tallies(each.place), is_answer=False)
    watch.grow(as_json.view if as_json else text, is_final=True, raw=text)
    await session.ask([watch])
    view, start, stretches = watch.release(is_final=True)
    marks = [
        Replacement(
            stretch.start - start,
            stretch.end - start,
            f"{_OPEN}{stretch.rank[0]} {stretch.entity}{_BETWEEN}{view[stretch.start - start : stretch.end - start]}{_CLOSE}",
        )
        for stretch in stretches
    ]
    written = as_json.with_replaced(marks) if as_json else replaced(view, marks)
    errors = sorted({remote.tally.failure.error for remote in watch.remotes if remote.tally.failure})
    return MarkedText(place=each.place, pieces=_pieces(written, guards), error=", ".join(errors))


def _pieces(written: str, guards: Sequence[GuardConfig]) -> list[Piece]:
    pieces: list[Piece] = []
    head, *rest = written.split(_OPEN)
    pieces += placeholders_marked(head)
    for part in rest:
        named, _, following = part.partition(_BETWEEN)
        inside, _, after = following.partition(_CLOSE)
        order, _, entity = named.partition(" ")
        pieces.append(Piece(text=inside, entity=entity, guard=guards[int(order)].name))
        pieces += placeholders_marked(after)
    return pieces
