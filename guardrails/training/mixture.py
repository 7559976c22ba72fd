"""The texts that all heads learn from together."""

import importlib
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS
from guardrails.training.examples import Example
from guardrails.training.noise import disturbed, with_joined

Split = Literal["train", "dev", "test"]
SOURCES = ("pii", "injection", "toxicity")
"""The packages that bring examples, each with a function `examples`."""
_JOINED = 0.06


def mixture(data: Path, *, seed: int, counts: Mapping[str, int], split: Split) -> list[Example]:
    """Return examples of all kinds in an order of chance, as their sources made them."""
    found = [
        example
        for source in SOURCES
        if counts.get(source)
        for example in importlib.import_module(f"guardrails.training.{source}").examples(
            data, seed=seed, count=counts[source], split=split
        )
    ]
    found = [_known_harmless(example) for example in found]
    random.Random(seed).shuffle(found)  # noqa: S311
    return found


def _known_harmless(example: Example) -> Example:
    """Texts written around personal data are neither toxic nor hostile; of published ones, nobody has said so."""
    if not example.source.startswith("pii-") or example.injection is not None:
        return example
    return replace(example, toxicity=dict.fromkeys(TRAINED_TOXICITY_LABELS, 0.0), injection=0.0)


def lived_in(examples: list[Example], *, seed: int) -> list[Example]:
    """Return the examples with the disorder that real texts have; some of them two in one."""
    chance = random.Random(seed)  # noqa: S311
    return [disturbed(each, chance=chance) for each in with_joined(examples, share=_JOINED, chance=chance)]
