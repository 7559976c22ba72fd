"""The texts an answer is compared with: set by the parameters, or the case's own."""

from collections.abc import Sequence

from evaluators.sample import Sample
from evaluators.score import NotApplicable, Unscored

MOST_CHARACTERS = 50_000
"""Longer texts are not compared: a comparison takes time that grows with the product of the lengths."""

NO_REFERENCE = NotApplicable(reason="the sample has no expected text")


def references_of(sample: Sample, own: str | None) -> tuple[str, ...]:
    """Return the texts to compare with: one, several when the expected value is a list of texts, or none."""
    if own is not None:
        return (own,)
    expected = sample.expected
    if isinstance(expected, str):
        return (expected,)
    if isinstance(expected, (list, tuple)) and all(isinstance(text, str) for text in expected):
        return tuple(expected)
    return ()


def too_large(texts: Sequence[str]) -> Unscored | None:
    """Return why texts cannot be compared, when one of them is too long."""
    longest = max(map(len, texts), default=0)
    if longest <= MOST_CHARACTERS:
        return None
    return Unscored(
        code="too_large", reason=f"a text has {longest} characters; at most {MOST_CHARACTERS} are compared"
    )
