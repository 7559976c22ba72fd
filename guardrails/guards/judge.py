"""A judge: a chat model that answers a question of one's own about a text with yes or no."""

from collections.abc import Mapping
from typing import Any

from guardrails.guards.remote import DetectedGuard, detected
from guardrails.parameters import Parameter, read
from guardrails.policy import PolicyError

LONGEST_QUESTION = 4_000
PARAMETERS = (
    Parameter(
        name="model",
        type="text",
        default="",
        help="The name that the guard server's configuration gives the model.",
    ),
    Parameter(
        name="question",
        type="text",
        default="",
        help="A question about the text that Yes answers when it should be found: Does the text promise a refund?",
    ),
    Parameter(
        name="threshold",
        type="number",
        default=0.5,
        help="How likely Yes must be, from 0 to 1, where the model says how likely its words are.",
        least=0.0,
        most=1.0,
    ),
    Parameter(
        name="with_context",
        type="boolean",
        default=False,
        help="Also show the judge what documents and tools said in the same request.",
    ),
    Parameter(
        name="label",
        type="text",
        default="JUDGED",
        help="What a finding is called in events: capital letters, digits and _.",
    ),
)


def build(parameters: Mapping[str, Any]) -> DetectedGuard:
    """Build the guard that a policy describes."""
    values = read(PARAMETERS, parameters, kind="judge")
    if not values["model"].strip():
        raise PolicyError("a judge guard needs a 'model': a name from the guard server's configuration")
    if not values["question"].strip() or len(values["question"]) > LONGEST_QUESTION:
        raise PolicyError(
            f"a judge guard needs a 'question' of 1 to {LONGEST_QUESTION} characters that Yes or No answers"
        )
    label = values["label"]
    if (
        not label.isascii()
        or not label[:1].isalpha()
        or not label.replace("_", "").isalnum()
        or len(label) > 64
        or label.upper() != label
    ):
        raise PolicyError(
            f"judge guard, 'label': {label[:64]!r} is not made of at most 64 capital letters, digits and _"
        )
    needs = "context" if values["with_context"] else ""
    return detected(
        "judge", values, reads_whole=True, needs=needs, is_slow=True, entities=frozenset((label,))
    )
