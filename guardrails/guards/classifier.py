"""A classifier of one's own: any model of the Hugging Face kind that says something about a text or its words."""

from collections.abc import Mapping
from typing import Any

from guardrails.guards.remote import DetectedGuard, detected
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError

PARAMETERS = (
    Parameter(
        name="model",
        type="text",
        default="",
        help="The name that the guard server's configuration gives the model.",
    ),
    Parameter(
        name="labels",
        type="texts",
        default=(),
        help="Which of its labels are findings; none for all but those that say nothing is wrong.",
    ),
    Parameter(
        name="threshold",
        type="number",
        default=0.5,
        help="How likely it must be, from 0 to 1.",
        least=0.0,
        most=1.0,
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="classifier")
    if not values["model"].strip():
        raise PolicyError("a classifier guard needs a 'model': a name from the guard server's configuration")
    return detected("classifier", values, is_slow=True)
