"""How logits become probabilities that can be believed, and from where on a finding is one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardrails.encoder.labels import TRAINED_TOXICITY_LABELS


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through logits, after which their probabilities are true."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, logit: float) -> float:
        """Return the calibrated probability."""
        line = self.slope * logit + self.offset
        return 1 / (1 + math.exp(-min(30.0, max(-30.0, line))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was learned on held-out texts about the heads' logits."""

    temperature: float = 1.0
    """Of the token head."""
    readiness: float = 0.0
    """Added to every tag but outside before the best path is looked for: above zero, more is found."""
    toxicity: Sequence[Line] = (Line(),) * len(TRAINED_TOXICITY_LABELS)
    injection: Line = Line()
    thresholds: Mapping[str, float]
    """From which probability on `pii`, `injection` and each label of toxicity count as found."""

    def as_json(self) -> Mapping[str, Any]:
        """Return the calibration as it is written down."""
        return {
            "temperature": self.temperature,
            "readiness": self.readiness,
            "toxicity": {
                label: [line.slope, line.offset]
                for label, line in zip(TRAINED_TOXICITY_LABELS, self.toxicity, strict=True)
            },
            "injection": [self.injection.slope, self.injection.offset],
            "thresholds": dict(self.thresholds),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Calibration":
        """Read what was written down."""
        return cls(
            temperature=said["temperature"],
            readiness=said["readiness"],
            toxicity=tuple(Line(*said["toxicity"][label]) for label in TRAINED_TOXICITY_LABELS),
            injection=Line(*said["injection"]),
            thresholds=said["thresholds"],
        )


UNCALIBRATED = Calibration(
    thresholds={"pii": 0.5, "injection": 0.5, **dict.fromkeys(TRAINED_TOXICITY_LABELS, 0.5)}
)
"""Logits as they are."""
