"""What a new project is guarded by until someone says otherwise."""

from typing import Any

from console.policies.guards import as_stored
from guardrails import policy as guardrails


def starter_guards() -> list[dict[str, Any]]:
    """Return the guards of a new project as rows keep them."""
    return [as_stored(config) for config in guardrails.starter_guards()]
