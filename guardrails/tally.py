"""What one guard found, and what follows from it under its configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from guardrails.outcome import Decision, Held
from guardrails.permits import Permit
from guardrails.registry import Check
from guardrails.verdict import ACTIONS, Action, Failure, Finding, Place


@dataclass(slots=True, eq=False)
class Tally:
    """What one guard found at one place, in one text or several, and how long it took."""

    check: Check
    place: Place
    failure: Failure | None = None
    entities: dict[str, int] = field(default_factory=dict)
    score: float | None = None
    entity_scores: dict[str, float] = field(default_factory=dict)
    duration_ns: int = 0
    held_ns: int | None = None
    """Of a growing text: the longest that anything that had come waited for this guard."""
    first_held_ns: int | None = None
    """Of a growing text: how long its beginning waited for this guard."""
    findings: list[Finding] | None = None
    """Every finding, where somebody wants to see them; the offsets count in the text as the guard reads it."""
    fingerprints: tuple[str, ...] = ()
    """What is held for a person is known by these."""
    let_pass: frozenset[str] = frozenset()
    """The types that would be held and that a person let pass."""
    permit: Permit | None = None
    """Whose word that was."""
    _waiting_since_ns: int = 0
    _waiting_from: int = 0

    @property
    def is_unsafe_to_store(self) -> bool:
        """True when a guard that should have removed something could not look."""
        return self.failure is not None and self.check.changes_text

    @property
    def blocks(self) -> bool:
        """True when something was found that nobody can let pass."""
        return any(self.check.action_for(entity) == "block" for entity in self.entities)

    def action_for(self, entity: str) -> Action:
        """Return what follows a finding here."""
        return "allow" if entity in self.let_pass else self.check.action_for(entity)

    def add(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        if self.findings is not None:
            self.findings += findings
        for finding in findings:
            self.entities[finding.entity] = self.entities.get(finding.entity, 0) + 1
            self.score = max(self.score or 0.0, finding.score)
            self.entity_scores[finding.entity] = max(
                self.entity_scores.get(finding.entity, 0.0), finding.score
            )

    def let_go(self, settled: int, end: int, began_ns: int, came_ns: int, now_ns: int) -> None:
        """Note up to where the guard lets a growing text go, of which so much has come."""
        held_ns = self.held_ns or 0
        if self.first_held_ns is None and settled > 0:
            self.first_held_ns = now_ns - began_ns
        if self._waiting_since_ns and settled > self._waiting_from:
            if now_ns - self._waiting_since_ns > held_ns:
                held_ns = now_ns - self._waiting_since_ns
            self._waiting_since_ns = 0
        self.held_ns = held_ns
        if settled < end and not self._waiting_since_ns:
            self._waiting_since_ns, self._waiting_from = came_ns, settled

    def decision(self, *, is_streamed: bool) -> Decision:
        """Return what follows: the guard's action for a finding, its `on_error` for a failure."""
        config = self.check.config
        action: Action = "allow"
        reason = ""
        if self.entities:
            action = max(map(self.action_for, self.entities), key=ACTIONS.index)
            reason = f"found {', '.join(sorted(self.entities))} in {self.place}"
            if self.permit is not None:
                reason = f"{reason}; {self.permit.by} let it pass"
        if self.failure is not None and action != "block":
            action = "block" if config.on_error == "block" else action
            reason = f"could not decide: {self.failure.error}"
        return Decision(
            guard=config.name,
            kind=config.kind,
            place=self.place,
            action=action,
            is_shadow=config.is_shadow,
            error=self.failure.error if self.failure else "",
            entities=self.entities,
            score=self.score,
            duration_us=self.duration_ns // 1_000,
            reason=reason,
            is_streamed=is_streamed,
            canary=self.check.canary,
            scope=config.scope,
            entity_scores=self.entity_scores,
            held_us=None if self.held_ns is None else self.held_ns // 1_000,
            first_held_us=None if self.first_held_ns is None else self.first_held_ns // 1_000,
            held=self._held if self.fingerprints else None,
        )

    @property
    def _held(self) -> Held:
        return Held(
            fingerprints=self.fingerprints,
            escalation_id=self.permit.escalation_id if self.permit is not None else None,
        )
