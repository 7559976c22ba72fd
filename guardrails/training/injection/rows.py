"""One text on its way to becoming an example."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from guardrails.training.examples import Example

_TRIES = 4


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


def windows_of(
    rows: Sequence[Row], *, longest: int, fits: Callable[[str], bool] = bool
) -> Callable[[Random], Row]:
    """Return what draws any of some rows, and of a long one a part that fits, or else its beginning."""

    def draw(random: Random) -> Row:
        row = random.choice(rows)
        parts = (window(row.text, random, longest=longest) for _ in range(_TRIES))
        return replace(row, text=next(filter(fits, parts), row.text[:longest]))

    return draw


def window(text: str, random: Random, *, longest: int) -> str:
    """Return a text, or of a long one its beginning or another part that begins and ends between words."""
    if len(text) <= longest:
        return text
    start = 0 if random.random() < 0.5 else random.randrange(len(text) - longest)
    if start:
        start = text.find(" ", start) + 1
    end = text.rfind(" ", start, start + longest)
    return text[start : end if end > start else start + longest].strip()
