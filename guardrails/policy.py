"""A policy: guards in order, where each one looks, and what follows from what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from guardrails.verdict import PLACES, Action, Place

if TYPE_CHECKING:
    from guardrails.outcome import Outcome

Style = Literal["placeholder", "realistic", "hash", "encrypt", "redact"]
STYLES: tuple[Style, ...] = ("placeholder", "realistic", "hash", "encrypt", "redact")
"""What can stand in place of a value. The first two come back to the caller, the others do not."""
Scope = Literal["", "organisation", "project", "route", "key"]
SCOPES: tuple[Scope, ...] = ("organisation", "project", "route", "key")
"""For whom a policy is made, from the widest to the narrowest: the order in which their guards run."""


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
    mode: Literal["hold", "observe"] = "hold"
    """Of a stream, hold back what was not looked at yet; or let it go at once, and end it when something is found."""
    is_shadow: bool = False
    """Decide and record, but let everything pass."""
    actions: Mapping[str, Action] = field(default_factory=dict)
    """What follows findings of one kind, by entity; the others have `action`."""
    threshold: float = 0.0
    """Findings that are less sure than this are passed over."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """The same for findings of one kind, by entity, in place of `threshold`."""
    rollout_percent: int = 100
    """Of so many conversations in a hundred it is enforced; in the others it is in shadow."""
    replacement: Style = "placeholder"
    """What stands in place of what is masked."""
    replacement_text: str = ""
    """What `redact` puts in place of a value, and what stands before those that `hash` and `encrypt` make."""
    scope: Scope = ""
    """Whose guard it is in a policy that was put together of several."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The policy that a guard came from, in one that was put together of several."""

    id: UUID
    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Guards in the order in which they run."""

    id: UUID
    name: str
    version: int
    guards: tuple[GuardConfig, ...] = ()
    rollout_percent: int = 100
    """This version is in force for so many conversations in a hundred; for the others the one before it is."""
    before: "Policy | None" = None
    """What is in force for the conversations that this version does not reach yet; None when it reaches all."""
    remembers_s: int = 0
    """How long a conversation's masked values keep their stand-ins; 0 for one request."""
    sources: Mapping[Scope, Source] = field(default_factory=dict)
    """Whose guards these are, by their scope, where several policies were put together; empty for one that stands alone."""

    def source(self, scope: Scope) -> Source:
        """Return the policy that a guard of this scope came from."""
        return self.sources.get(scope) or Source(id=self.id, name=self.name, version=self.version)

    def check(
        self, text: str, *, place: Place = "user", conversation: str = "", key: str | bytes = b""
    ) -> "Outcome":
        """Return what the guards make of a text, in this process. Raises PolicyError for a policy that cannot be enforced."""
        # What runs a policy knows what a policy is, not the other way round.
        from guardrails.library import guard_for  # noqa: PLC0415

        return guard_for(self, key).check(text, place=place, conversation=conversation)

    async def check_async(
        self, text: str, *, place: Place = "user", conversation: str = "", key: str | bytes = b""
    ) -> "Outcome":
        """Return what the guards make of a text, in this process, without keeping the event loop waiting for others."""
        from guardrails.library import guard_for  # noqa: PLC0415

        return await guard_for(self, key).check_async(text, place=place, conversation=conversation)


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
