"""Fingerprints of texts, to prove that nothing is judged on what was learned."""

import hashlib
from collections.abc import Iterable

from guardrails.training.examples import Example


class OverlapError(RuntimeError):
    """A text to judge on is among those trained on."""


def fingerprint(example: Example) -> str:
    """Return the hash of a text without regard to case and spacing, and of its task."""
    said = "\n".join(" ".join(text.casefold().split()) for text in (example.task, example.text))
    return hashlib.sha256(said.encode()).hexdigest()


def without(examples: Iterable[Example], seen: frozenset[str]) -> list[Example]:
    """Return those examples whose text is not among the fingerprints."""
    return [example for example in examples if fingerprint(example) not in seen]


def assert_unseen(examples: Iterable[Example], seen: frozenset[str], *, where: str) -> None:
    """Raise if any example is among the fingerprints."""
    both = sum(fingerprint(example) in seen for example in examples)
    if both:
        raise OverlapError(f"{both} texts of {where} are among those trained on; split the data anew")
