"""How good probabilities and spans are, in the numbers that papers use."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SAME_PLACE = 0.7


class Placed(Protocol):
    """A span of any making."""

    @property
    def entity(self) -> str:
        """Its kind."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The character after its last."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, what was found wrongly, what was missed."""

    found: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of what was said that is true."""
        return self.found / max(1, self.found + self.wrong)

    @property
    def recall(self) -> float:
        """The share of the truth that was said."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.found / max(1, 2 * self.found + self.wrong + self.missed)


def characters(texts: Iterable[tuple[str, Sequence[Placed], Sequence[Placed]]]) -> Counts:
    """Count characters of personal data, of whatever kind, in texts with their true and their found spans; no spaces."""
    found = wrong = missed = 0
    for text, true, said in texts:
        is_true, is_said = _covered(text, true), _covered(text, said)
        found += len(is_true & is_said)
        wrong += len(is_said - is_true)
        missed += len(is_true - is_said)
    return Counts(found, wrong, missed)


def typed_spans(texts: Iterable[tuple[str, Sequence[Placed], Sequence[Placed]]]) -> dict[str, Counts]:
    """Count spans by entity: a found one is right if entity and place agree (intersection over union at least .7)."""
    found, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for _, true, said in texts:
        open_ = list(true)
        for span in said:
            match = next(
                (each for each in open_ if each.entity == span.entity and _is_same_place(each, span)), None
            )
            if match is None:
                wrong[span.entity] += 1
            else:
                open_.remove(match)
                found[span.entity] += 1
        missed.update(span.entity for span in open_)
    entities = sorted({*found, *wrong, *missed})
    return {entity: Counts(found[entity], wrong[entity], missed[entity]) for entity in entities}


def together(counts: Mapping[str, Counts]) -> Counts:
    """Add up."""
    each = counts.values()
    return Counts(sum(c.found for c in each), sum(c.wrong for c in each), sum(c.missed for c in each))


def auroc(scores: Array, truth: Array) -> float:
    """Return how often a true one scores above a false one, ties counting half."""
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = np.empty(len(scores))
    ranks[order] = (last - (counts - 1) / 2)[inverse]
    positive = truth > 0.5
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def threshold_at(benign: Array, *, share: float) -> float:
    """Return the score above which at most this share of benign texts lies."""
    in_order = np.sort(benign)
    return float(in_order[min(len(benign) - 1, int(np.ceil((1 - share) * len(benign))))])


def calibration_error(chances: Array, truth: Array, *, bins: int = 15) -> float:
    """Return the expected calibration error: how far, on average, what is said lies from what is true."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    error = 0.0
    for each in range(bins):
        there = place == each
        if there.any():
            error += there.mean() * abs(chances[there].mean() - truth[there].mean())
    return float(error)


def _covered(text: str, spans: Iterable[Placed]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end) if not text[place].isspace()}


def _is_same_place(one: Placed, other: Placed) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared >= _SAME_PLACE * (max(one.end, other.end) - min(one.start, other.start))
