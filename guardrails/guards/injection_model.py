"""Prompt injection by the encoder: also orders that no rule foresees, and orders from those who should give none."""

from collections.abc import Mapping
from typing import Any

from guardrails.guards.remote import DetectedGuard, detected
from guardrails.parameters import Parameter, read

ENTITIES = frozenset(("INJECTION", "INDIRECT_INJECTION"))
"""Said in a text itself; and said by a tool or a document, beside what the user asked for."""

PARAMETERS = (
    Parameter(
        name="threshold",
        type="number",
        default=0.0,
        help="How likely it must be, from 0 to 1; 0 for the threshold that the model comes with.",
        least=0.0,
        most=1.0,
    ),
    Parameter(
        name="paired",
        type="boolean",
        default=True,
        help="Read what tools and documents say beside what the user asked for.",
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="injection_model")
    needs = "task" if values["paired"] else ""
    return detected("injection_model", values, reads_whole=True, needs=needs, entities=ENTITIES)
