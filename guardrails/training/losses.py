"""What each head gets wrong, counted only where the truth is known."""

import torch
from torch import Tensor
from torch.nn import functional

from guardrails.encoder.network import Answers
from guardrails.training.features import UNKNOWN, Batch

SMOOTHING = 0.02
MARGIN = 3.0
"""A benign text should stay this far below even odds: half-hearted no's are what turns into false alarms elsewhere."""
_PENALTY = 0.05
_WEIGHTS = {"pii": 1.0, "toxicity": 0.7, "injection": 0.7, "embedding": 2.0}


def losses(answers: Answers, batch: Batch) -> dict[str, Tensor]:
    """Return the weighted loss of every head that the batch can teach something."""
    found: dict[str, Tensor] = {}
    if (batch.tags != UNKNOWN).any():
        logits = answers.tokens.float().flatten(0, 1)
        found["pii"] = functional.cross_entropy(logits, batch.tags.flatten(), ignore_index=UNKNOWN)
    known = ~batch.toxicity.isnan()
    if known.any():
        found["toxicity"] = functional.binary_cross_entropy_with_logits(
            answers.toxicity.float()[known], batch.toxicity[known]
        )
    known = ~batch.injection.isnan()
    if known.any():
        found["injection"] = _injection(answers.injection.float()[known], batch.injection[known])
    known = ~batch.embedding.isnan().any(-1)
    if known.any():
        agreement = (answers.embedding[known] * batch.embedding[known]).sum(-1)
        found["embedding"] = (1 - agreement).mean()
    return {head: _WEIGHTS[head] * loss for head, loss in found.items()}


def _injection(logits: Tensor, truth: Tensor) -> Tensor:
    smooth = truth * (1 - 2 * SMOOTHING) + SMOOTHING
    plain = functional.binary_cross_entropy_with_logits(logits, smooth)
    above = functional.relu(logits + MARGIN) * (truth < 0.5)
    return plain + _PENALTY * torch.square(above).mean()
