"""The lines of all processes on one terminal, each behind the name of its process."""

import sys
from dataclasses import dataclass, field
from typing import Protocol

_COLOURS = (36, 32, 35, 33, 34, 96, 92, 95, 93, 94)
_GREY, _BOLD = 90, 1


class Terminal(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""

    def flush(self) -> None:
        """Hand on what was taken."""


@dataclass(slots=True)
class LogPrinter:
    """Writes whole lines, prefixed and, on a terminal, coloured."""

    out: Terminal = field(default_factory=lambda: sys.stdout)
    names: tuple[str, ...] = ()
    is_coloured: bool = False

    def line(self, name: str, text: str) -> None:
        """Print a line that a process wrote."""
        self._write(f"{self._prefix(name)} {text}")

    def note(self, name: str, text: str) -> None:
        """Print what the supervisor itself has to say about a process."""
        self._write(f"{self._prefix(name)} {self._paint(text, _BOLD)}")

    def say(self, text: str = "") -> None:
        """Print a line to the person at the terminal."""
        self._write(text)

    def _write(self, text: str) -> None:
        try:
            self.out.write(text + "\n")
            self.out.flush()
        except (BrokenPipeError, ValueError):
            # The terminal is gone; what runs goes on, and is stopped by a signal like everything else.
            self.out = _Nowhere()

    def _prefix(self, name: str) -> str:
        width = max((len(known) for known in self.names), default=10)
        colour = _COLOURS[self.names.index(name) % len(_COLOURS)] if name in self.names else _GREY
        return self._paint(f"{name:<{width}} |", colour)

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.is_coloured else text


class _Nowhere:
    """Swallows what nobody can read any more."""

    def write(self, text: str, /) -> None:
        """Forget the text."""

    def flush(self) -> None:
        """Have nothing to do."""
