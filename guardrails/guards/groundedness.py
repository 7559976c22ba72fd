"""Groundedness, a weak signal: sentences of an answer that nothing in the request's documents is close to."""

from collections.abc import Mapping
from typing import Any

from guardrails.guards.remote import DetectedGuard, detected
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError

ENTITIES = frozenset(("UNSUPPORTED", "UNSUPPORTED_FACT"))

PARAMETERS = (
    Parameter(
        name="least_support",
        type="number",
        default=0.45,
        help="How close, from 0 to 1, some sentence of the documents must come to each sentence of the answer.",
        least=0.0,
        most=1.0,
    ),
    Parameter(
        name="facts",
        type="boolean",
        default=True,
        help="Numbers, dates and names of an answer that the documents do not contain are findings, too.",
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="groundedness")
    if not values["least_support"] and not values["facts"]:
        raise PolicyError(
            "a groundedness guard with 'least_support' 0 and without 'facts' would find nothing"
        )
    return detected("groundedness", values, reads_whole=True, needs="context", entities=ENTITIES)
