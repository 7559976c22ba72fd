"""A moderation model behind an endpoint: Llama Guard, ShieldGemma, or OpenAI's moderation and what speaks like it."""

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
        name="categories",
        type="texts",
        default=(),
        help="Which of its categories are findings, such as S1, hate or sexual/minors; none for all.",
    ),
    Parameter(
        name="threshold",
        type="number",
        default=0.5,
        help="How sure a model must be that says how sure it is, from 0 to 1.",
        least=0.0,
        most=1.0,
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="moderation_model")
    if not values["model"].strip():
        raise PolicyError(
            "a moderation_model guard needs a 'model': a name from the guard server's configuration"
        )
    return detected("moderation_model", values, reads_whole=True, is_slow=True)
