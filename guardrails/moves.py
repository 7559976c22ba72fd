"""Where the places of a text went when stretches of it were replaced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from guardrails.json_text import Replacement


@dataclass(slots=True)
class Moves:
    """The stretches of one text that were replaced, in order, and how long what stands in their place is."""

    _stretches: list[tuple[int, int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._stretches)

    def add(self, replacements: Iterable[Replacement], *, base: int = 0) -> None:
        """Note some more stretches. They lie behind those before, in a part of the text that begins at `base`."""
        self._stretches += [(base + each.start, base + each.end, len(each.text)) for each in replacements]

    def start(self, place: int) -> int:
        """Return where a place is now at which something begins: within a replaced stretch, where that begins."""
        return self._moved(place, is_end=False)

    def end(self, place: int) -> int:
        """Return where a place is now at which something ends: within a replaced stretch, where that ends."""
        return self._moved(place, is_end=True)

    def back(self) -> "Moves":
        """Return the way back."""
        shift = 0
        turned: list[tuple[int, int, int]] = []
        for start, end, length in self._stretches:
            turned.append((start + shift, start + shift + length, end - start))
            shift += length - (end - start)
        return Moves(turned)

    def _moved(self, place: int, *, is_end: bool) -> int:
        shift = 0
        for start, end, length in self._stretches:
            if place <= start:
                break
            if place < end:
                return start + shift + (length if is_end else 0)
            shift += length - (end - start)
        return place + shift


def moves_of(replacements: Sequence[Replacement]) -> Moves:
    """Return the moves of a whole text."""
    moves = Moves()
    moves.add(replacements)
    return moves
