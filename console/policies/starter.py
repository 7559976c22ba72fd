"""What a new project is guarded by until someone says otherwise."""

from typing import Any

from console.policies.guards import as_stored
from guardrails.policy import GuardConfig


def starter_guards() -> list[dict[str, Any]]:
    """Return the guards of a new project: personal data is masked on every path."""
    return [as_stored(GuardConfig(name="personal data", kind="pii", action="mask", on_error="block"))]
