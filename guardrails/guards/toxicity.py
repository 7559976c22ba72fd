"""Toxicity: insults, threats, obscenity and attacks on groups, by the encoder's head or a model of one's own."""

from collections.abc import Mapping
from typing import Any

from guardrails.encoder.labels import TOXICITY_LABELS, TRAINED_TOXICITY_LABELS
from guardrails.guards.remote import DetectedGuard, detected
from guardrails.parameters import Parameter, choices, read
from guardrails.policy import PolicyError

PARAMETERS = (
    Parameter(
        name="labels",
        type="choices",
        default=TRAINED_TOXICITY_LABELS,
        help="What to look for. The encoder knows all but severe_toxicity and sexual_explicit; Detoxify knows those.",
        choices=TOXICITY_LABELS,
    ),
    Parameter(
        name="threshold",
        type="number",
        default=0.0,
        help="How likely it must be, from 0 to 1; 0 for the threshold that the model comes with.",
        least=0.0,
        most=1.0,
    ),
    Parameter(
        name="model",
        type="text",
        default="",
        help="A Detoxify model or classifier configured at the guard server; empty for the encoder that comes with the house.",
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="toxicity")
    known = {label: label for label in TOXICITY_LABELS}
    values["labels"] = tuple(choices(values["labels"], known, parameter="labels", kind="toxicity"))
    if not values["labels"]:
        raise PolicyError("a toxicity guard needs something to look for: name at least one of 'labels'")
    return detected(
        "toxicity",
        values,
        is_slow=bool(values["model"].strip()),
        entities=frozenset(map(str.upper, values["labels"])),
    )
