"""The texts that judge the model: of templates, documents and sources from which nothing was learned."""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from guardrails.training import injection, toxicity
from guardrails.training.examples import Example
from guardrails.training.rows import without

SEED = 20_000
_PII = 2_500
_WRITTEN = 1_500
_TYPICAL = 400
BLIND = frozenset(("challenge-blind", "challenge-third"))
"""The sources of those of our own hardest texts by which nobody has mended anything."""
CALIBRATED_ON = frozenset(
    ("llmbar-instructions", "summedits-samsum", "do-not-answer-human_chatbox", "wikigold")
)
"""Of the benign sources not trained on, those that the injection threshold is chosen on; the others judge it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Texts to calibrate on, and texts to judge with; no source of injections is in both."""

    pii_dev: list[Example]
    pii_test: list[Example]
    toxicity_dev: list[Example]
    toxicity_test: list[Example]
    """Of documents, or of whole sources, not trained on; the last of them by another hand."""
    injection_dev: list[Example]
    injection_benign: list[Example]
    """Of sources not trained on, to choose the threshold with."""
    injection_hard: list[Example]
    """The first round of our own hardest texts: to fit the line through the logits with."""
    injection_test: list[Example]
    """Of sources not trained on, to judge with."""
    injection_written: list[Example]
    """Of templates and documents not trained on, but of the kinds that were."""
    injection_besides: list[Example]
    """The later rounds of the hardest texts and other sources not trained on, judged apart from the rest."""

    def judged(self) -> Iterable[Example]:
        """Yield every text that something is measured on."""
        yield from self.pii_test
        yield from self.toxicity_test
        yield from self.injection_test
        yield from self.injection_written
        yield from self.injection_besides

    def typical(self) -> list[Example]:
        """Return some texts of all kinds among those to calibrate on."""
        kinds = (self.pii_dev, self.toxicity_dev, self.injection_dev)
        return [example for kind in kinds for example in kind[:_TYPICAL]]

    def unseen(self, seen: frozenset[str]) -> "HeldOut":
        """Return those texts that are not among the fingerprints of what was learned from."""
        return HeldOut(**{field.name: without(getattr(self, field.name), seen) for field in fields(self)})

    def all(self) -> Iterable[Example]:
        """Yield those, and the texts to calibrate on."""
        yield from self.judged()
        yield from self.pii_dev
        yield from self.toxicity_dev
        yield from self.injection_dev
        yield from self.injection_benign
        yield from self.injection_hard


def held_out(data: Path) -> HeldOut:
    """Gather the texts out of the data folder."""
    pii = importlib.import_module("guardrails.training.pii").examples
    unseen = list(injection.held_out(data))
    hardest = list(injection.challenge())
    return HeldOut(
        pii_dev=list(pii(data, seed=SEED, count=_PII, split="dev")),
        pii_test=list(pii(data, seed=SEED, count=_PII, split="test")),
        toxicity_dev=list(toxicity.examples(data, seed=SEED, count=_WRITTEN, split="dev")),
        toxicity_test=[*toxicity.held_out(data), *toxicity.challenge()],
        injection_dev=list(injection.examples(data, seed=SEED, count=_WRITTEN, split="dev")),
        injection_benign=[each for each in unseen if each.source in CALIBRATED_ON],
        injection_test=[each for each in unseen if each.source not in CALIBRATED_ON],
        injection_hard=[each for each in hardest if each.source not in BLIND],
        injection_written=list(injection.examples(data, seed=SEED, count=_WRITTEN, split="test")),
        injection_besides=[
            *(each for each in hardest if each.source in BLIND),
            *injection.judged_besides(data),
        ],
    )
