"""Which guards have their detector here. Light enough for the process that only takes requests."""

from collections.abc import Mapping
from typing import Any

from guardrails.policy import PolicyError
from guardrails.registry import KINDS

FAR_KINDS = frozenset(("moderation_model", "judge"))
"""They ask a model far away, and need no worker for that."""
ENCODER_KINDS = frozenset(("toxicity", "injection_model", "groundedness", "@moderation", "@embedding"))
"""They have the encoder read every text; `pii` does when it is asked for names."""


def check_guard(kind: str, parameters: Mapping[str, Any]) -> None:
    """Raise PolicyError unless there is a detector for this kind with these parameters."""
    if kind not in KINDS or KINDS[kind].tier != 2:
        known = sorted(name for name, each in KINDS.items() if each.tier == 2)
        raise PolicyError(f"the guard server has no detector {kind!r}; known: {known}")
    KINDS[kind].build(parameters)
