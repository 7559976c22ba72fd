"""Texts written by another hand, who had read none of our templates nor the data: they judge, and nothing is learned from them."""

from collections.abc import Iterator
from pathlib import Path

from guardrails.training.examples import Example
from guardrails.training.toxicity.votes import labels_of

CHALLENGE = Path(__file__).with_name("challenge.txt")
SOURCE = "toxicity-challenge"
"""Begins the source of each text; its language ends it."""
_HARMLESS = frozenset(("harmless", "hard"))


def challenge() -> Iterator[Example]:
    """Yield the texts with what is toxic about them; the group says which of the harmless ones look otherwise."""
    for line in CHALLENGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("## "):
            language, kinds, text = line.split(" | ", 2)
            yield Example(
                text=text.replace("\\n", "\n"),
                toxicity=labels_of(dict.fromkeys(set(kinds.split()) - _HARMLESS, 1.0)),
                source=f"{SOURCE}-{language}",
                group=f"challenge:{kinds if kinds in _HARMLESS else 'toxic'}",
            )
