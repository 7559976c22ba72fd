"""The texts that all heads learn from together."""

import importlib
import random
from collections.abc import Mapping, Sequence
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
_BESIDE_A_TASK = 0.04


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


def lived_in(examples: Sequence[Example], *, seed: int) -> list[Example]:
    """Return the examples with the disorder that real texts have; some of them two in one, some beside a user's task."""
    chance = random.Random(seed)  # noqa: S311
    tasks = [example.task for example in examples if example.task]
    return [
        disturbed(_beside_a_task(each, tasks, chance), chance=chance)
        for each in with_joined(examples, share=_JOINED, chance=chance)
    ]


def _beside_a_task(example: Example, tasks: Sequence[str], chance: random.Random) -> Example:
    """Personal data and insults are the same beside a task; whether a request in the text is one's own is another question."""
    is_asked_otherwise = example.spans is None and example.toxicity is None
    if not tasks or example.task or is_asked_otherwise or chance.random() >= _BESIDE_A_TASK:
        return example
    return replace(example, task=chance.choice(tasks), injection=None)
