"""One text on its way to becoming an example."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from guardrails.training.examples import Example


@dataclass(frozen=True, slots=True)
class Row:
    """A text, whether it attacks, and where it comes from."""

    text: str
    label: float
    source: str
    group: str
    task: str = ""

    def as_example(self) -> Example:
        """Return the example that the trainer reads."""
        return Example(
            text=self.text,
            task=self.task,
            spans=None,
            toxicity=None,
            injection=self.label,
            source=self.source,
            group=self.group,
        )


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of example, how often it is drawn among its like, and what draws one."""

    name: str
    weight: float
    draw: Callable[[Random], Row]


def drawn_from(rows: Sequence[Row]) -> Callable[[Random], Row]:
    """Return what draws any of some rows."""
    return lambda random: random.choice(rows)
