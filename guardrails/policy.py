"""A policy: guards in order, where each one looks, and what follows from what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from guardrails.verdict import PLACES, Action, Place


class PolicyError(ValueError):
    """A policy asks for what cannot be enforced; the sentence names the value and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardConfig:
    """One guard of a policy as people configure it; `registry.build` turns it into something that runs."""

    name: str
    """Unique within the policy; shown in headers, events and pages."""
    kind: str
    """Which guard: `pattern`, `words`, `pii`, ..."""
    action: Action
    places: frozenset[Place] = frozenset(PLACES)
    on_error: Literal["allow", "block"] = "block"
    deadline_ms: int = 2_000
    is_shadow: bool = False
    """Decide and record, but let everything pass."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Guards in the order in which they run."""

    id: UUID
    name: str
    version: int
    guards: tuple[GuardConfig, ...] = ()


def starter_guards() -> tuple[GuardConfig, ...]:
    """Return the guards of a new project: secrets and personal data are masked on every path, or nothing passes."""
    return (
        GuardConfig(
            name="secrets",
            kind="pattern",
            action="mask",
            parameters={
                "patterns": [
                    "aws_key",
                    "anthropic_key",
                    "openai_key",
                    "github_token",
                    "google_key",
                    "slack_token",
                    "stripe_key",
                    "jwt",
                    "private_key",
                    "url_credentials",
                ]
            },
        ),
        GuardConfig(name="personal-data", kind="pii", action="mask", on_error="block"),
    )
