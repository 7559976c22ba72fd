"""How far one writer's segments have been shipped, in a file that is replaced whole."""

import logging
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

log = logging.getLogger(__name__)

NAME = "checkpoint.json"
FORMAT = 1
IN_FLIGHT_MARGIN_S = 2.0
"""A store's uptime is in whole seconds. A batch that may still be on its way must keep its token."""


class UnknownCheckpointError(Exception):
    """A newer version has written the checkpoint; this one leaves the directory alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records to be inserted under one token. Fixed before the first attempt, whatever happens after it."""

    token: str
    """Names these very records for ever: the range of bytes they lie in, their type and their month."""
    places: tuple[tuple[UUID, int], ...]
    """Each record's segment and offset."""
    first: int = 0
    """How many records of the batch it was split from come before these."""

    def halves(self) -> "tuple[Batch, Batch]":
        """Split a batch. Each half has a token of its own."""
        base = self.token.partition("/")[0]
        middle = len(self.places) // 2
        split, last = self.first + middle, self.first + len(self.places)
        return (
            replace(self, token=f"{base}/{self.first}-{split}", places=self.places[:middle]),
            replace(self, token=f"{base}/{split}-{last}", places=self.places[middle:], first=split),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What is shipped, what is being shipped, and where to go on."""

    done: dict[UUID, float] = field(default_factory=dict)
    """Segments shipped whole, with the time; they are kept for a while."""
    position: tuple[UUID, int] | None = None
    """Where the next range begins; None when it begins with the next segment."""
    batches: tuple[Batch, ...] = ()
    """In flight, in order."""
    completes: tuple[UUID, ...] = ()
    """Segments that are done with when the batches are."""
    frozen_at: float = 0.0
    """When the batches in flight were fixed."""
    rounds: int = 0
    """Raised when shipped segments are looked through again, so that their batches get tokens of their own."""

    def advanced(self, *, now: float) -> "Checkpoint":
        """Return the state after the first batch has been stored or put aside."""
        return replace(self, batches=self.batches[1:]).settled(now=now)

    def split(self) -> "Checkpoint":
        """Return the state in which the first batch is sent in two halves."""
        return replace(self, batches=(*self.batches[0].halves(), *self.batches[1:]))

    def settled(self, *, now: float) -> "Checkpoint":
        """Mark segments done when nothing of them is in flight."""
        if self.batches or not self.completes:
            return self
        return replace(self, done=self.done | dict.fromkeys(self.completes, now), completes=())

    def rewound(self, *, since: float, until: float) -> "Checkpoint":
        """Return the state in which what was shipped between two times, or in flight then, is shipped once more."""
        again = {segment for segment, at in self.done.items() if since <= at <= until}
        is_in_flight = bool(self.batches) and self.frozen_at < until - IN_FLIGHT_MARGIN_S
        if not again and not is_in_flight:
            return self
        kept = self.without(again)
        if is_in_flight:
            kept = replace(kept, batches=(), completes=())
        # The store may still know the old tokens of rows it has lost.
        return replace(kept, position=None, rounds=self.rounds + 1)

    def without(self, segments: set[UUID]) -> "Checkpoint":
        """Forget segments whose files are gone."""
        return replace(self, done={key: at for key, at in self.done.items() if key not in segments})


def dump(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint's file."""
    position = checkpoint.position
    return orjson.dumps(
        {
            "format": FORMAT,
            "done": {segment.hex: at for segment, at in checkpoint.done.items()},
            "position": None if position is None else [position[0].hex, position[1]],
            "completes": [segment.hex for segment in checkpoint.completes],
            "frozen_at": checkpoint.frozen_at,
            "rounds": checkpoint.rounds,
            "batches": [
                {"token": batch.token, "first": batch.first, "places": _by_segment(batch)}
                for batch in checkpoint.batches
            ],
        }
    )


def load(home: Path) -> Checkpoint:
    """Read a directory's checkpoint; a directory without one is at its beginning.

    A file that has rotted is as good as none: everything is looked through again, and only what is missing is sent.
    """
    path = home / NAME
    try:
        data = orjson.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise UnknownCheckpointError(
                f"{path} has format {data['format']}, not {FORMAT}; use a newer Parapet"
            )
        return _checkpoint(data)
    except FileNotFoundError:
        return Checkpoint()
    except (ValueError, LookupError, TypeError) as error:
        log.error("%s is damaged (%s); its segments are looked through again", path, type(error).__name__)
        return Checkpoint(rounds=int(time.time()))


def _checkpoint(data: dict[str, Any]) -> Checkpoint:
    position = data["position"]
    return Checkpoint(
        done={UUID(hex=segment): at for segment, at in data["done"].items()},
        position=None if position is None else (UUID(hex=position[0]), position[1]),
        completes=tuple(UUID(hex=segment) for segment in data["completes"]),
        frozen_at=data["frozen_at"],
        rounds=data["rounds"],
        batches=tuple(_batch(each) for each in data["batches"]),
    )


def _by_segment(batch: Batch) -> list[list[Any]]:
    offsets: dict[UUID, list[int]] = {}
    for segment, offset in batch.places:
        offsets.setdefault(segment, []).append(offset)
    return [[segment.hex, each] for segment, each in offsets.items()]


def _batch(fields: dict[str, Any]) -> Batch:
    places = ((UUID(hex=segment), offset) for segment, offsets in fields["places"] for offset in offsets)
    return Batch(token=fields["token"], first=fields["first"], places=tuple(places))
