"""A writer's directory as the shipper sees it: which segments are finished, and how far each is valid."""

from collections.abc import Container, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ingest.spool.errors import UnreadableSegmentError
from ingest.spool.files import DISK, Files
from ingest.spool.segments import HEAD_BYTES, SegmentName, decode_header

Cuts = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment nobody will write to again."""

    id: UUID
    path: Path
    valid_bytes: int | None
    """What follows was written again in a later segment; None when all of it counts."""

    def read(self, *, files: Files = DISK) -> bytes:
        """Return the bytes that count."""
        return files.read(self.path, -1 if self.valid_bytes is None else self.valid_bytes)


@dataclass(frozen=True, slots=True)
class Listing:
    """The finished segments of a directory, oldest first, and those of a format we do not know."""

    finished: tuple[Segment, ...]
    unknown: tuple[Path, ...]


def list_segments(
    home: Path,
    *,
    is_dead: bool,
    done: Container[UUID] = (),
    known_cuts: MutableMapping[UUID, Cuts] | None = None,
    files: Files = DISK,
) -> Listing:
    """Return what may be shipped, but for what is done. Of a dead writer that is everything it left.

    A living writer's segment is finished when it is sealed, or when a later one says where it was given up.
    Pass the same `known_cuts` again and no header is read twice.
    """
    named = filter(None, map(SegmentName.parse, files.names(home)))
    names = sorted((name for name in named if name.id not in done), key=lambda name: name.number)
    cuts: dict[UUID, int] = {}
    unknown: list[Path] = []
    for name in names:
        path = home / str(name)
        try:
            cuts |= _cuts_of(name.id, path, {} if known_cuts is None else known_cuts, files)
        except FileNotFoundError:
            continue  # sealed, and so renamed, since it was listed
        except UnreadableSegmentError:
            unknown.append(path)
    return Listing(
        tuple(
            Segment(name.id, home / str(name), cuts.get(name.id))
            for name in names
            if (name.is_sealed or is_dead or name.id in cuts) and home / str(name) not in unknown
        ),
        tuple(unknown),
    )


def _cuts_of(segment: UUID, path: Path, known: MutableMapping[UUID, Cuts], files: Files) -> Cuts:
    if segment not in known:
        header = decode_header(files.read(path, HEAD_BYTES))
        if header is None:
            return {}  # torn, or just being written
        known[segment] = header[0].cuts
    return known[segment]
