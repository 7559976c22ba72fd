"""How far one writer's segments have been shipped, in a file that is replaced whole."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

NAME = "checkpoint.json"
FORMAT = 1


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
    rounds: int = 0
    """How often shipped segments were looked through again because the store had restarted."""

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
        """Return the state in which the segments done between two times are to be shipped once more."""
        again = {segment for segment, at in self.done.items() if since <= at <= until}
        if not again:
            return self
        # The store may still know the old tokens of rows it has lost: this round has tokens of its own.
        return replace(self.without(again), position=None, rounds=self.rounds + 1)

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
            "rounds": checkpoint.rounds,
            "batches": [
                {"token": batch.token, "first": batch.first, "places": _by_segment(batch)}
                for batch in checkpoint.batches
            ],
        }
    )


def load(home: Path) -> Checkpoint:
    """Read a directory's checkpoint; a directory without one is at its beginning."""
    path = home / NAME
    try:
        data = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return Checkpoint()
    if data["format"] != FORMAT:
        raise ValueError(f"{path} has format {data['format']}, not {FORMAT}; use a newer Parapet")
    position = data["position"]
    return Checkpoint(
        done={UUID(hex=segment): at for segment, at in data["done"].items()},
        position=None if position is None else (UUID(hex=position[0]), position[1]),
        completes=tuple(UUID(hex=segment) for segment in data["completes"]),
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
